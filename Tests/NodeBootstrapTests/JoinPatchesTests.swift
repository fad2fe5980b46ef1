import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Testing

@testable import NodeBootstrap

@Suite struct JoinPatchesTests {
    private static let folder = "/root/patches"

    private static func machine() throws -> (StandInMachine, JoinConfiguration) {
        let machine = try StandInMachine(StandInTenant())
        var configuration = try machine.tenant.configuration()
        configuration.patchesDirectory = folder
        return (machine, configuration)
    }

    private static func patch(_ machine: StandInMachine, _ text: String) throws {
        for folder in machine.files.missingFolders(folder) { try machine.files.makeFolder(folder, mode: 0o755) }
        try machine.files.write(NodeFile("\(folder)/kubeletconfiguration+merge.yaml", mode: 0o644, text))
    }

    private static func pods(_ machine: StandInMachine) throws -> JSON? {
        try YAML.parse(try #require(try machine.files.text(KubeletFiles.configurationPath))).first?["maxPods"]
    }

    @Test func `a folder of patches that is not there stops the join, and a rehearsal, before anything`() async throws {
        let (machine, configuration) = try Self.machine()
        let failure = await #expect(throws: JoinFailure.self) { try await machine.join(configuration) }
        #expect(failure?.phase == .preflight && failure?.message.contains("\"/root/patches\"") == true)
        #expect(machine.tenant.state.withLock { $0.calls.isEmpty })
        let run = JoinRun(try await machine.environment(), configuration) { _ in }
        #expect(try await !run.rehearse().isFit)
        // A file in its place is no folder.
        try machine.files.makeFolder("/root", mode: 0o755)
        try machine.files.write(NodeFile(Self.folder, mode: 0o644, "maxPods: 7\n"))
        await #expect(throws: JoinFailure.self) { try await machine.join(configuration) }
    }

    @Test func `patches are kept for whoever writes the file later, and cannot see the folder`() async throws {
        let (machine, configuration) = try Self.machine()
        try Self.patch(machine, "maxPods: 7\n")
        _ = try await machine.join(configuration)
        #expect(try Self.pods(machine) == 7)
        try machine.files.remove("\(Self.folder)/kubeletconfiguration+merge.yaml")
        try machine.files.removeFolderIfEmpty(Self.folder)
        let written = try machine.files.text(KubeletFiles.configurationPath)
        try machine.files.remove(KubeletFiles.configurationPath)
        let tenant = JoinedTenant(
            server: StandInTenant.server, authorityPEM: machine.tenant.authority.certificate.pem)
        let repair = NodeRepair(try await machine.environment(), tenant, configuration.nodeName)
        try await repair.perform(.rewriteFiles([KubeletFiles.configurationPath]))
        #expect(try machine.files.text(KubeletFiles.configurationPath) == written)
        // The same join once more goes on with them too.
        _ = try await machine.join(configuration)
        #expect(try Self.pods(machine) == 7)
    }

    @Test func `a join takes note of patches that have changed, and of none`() async throws {
        var (machine, configuration) = try Self.machine()
        try Self.patch(machine, "maxPods: 7\n")
        _ = try await machine.join(configuration)
        try Self.patch(machine, "maxPods: 8\n")
        _ = try await machine.join(configuration)
        #expect(try Self.pods(machine) == 8)
        configuration.patchesDirectory = nil
        _ = try await machine.join(configuration)
        #expect(try Self.pods(machine) == nil)
        // What was kept is of no use to a folder of another name.
        configuration.patchesDirectory = "/root/others"
        await #expect(throws: JoinFailure.self) { try await machine.join(configuration) }
    }

    @Test func `the tenant's authorities are kept where the daemon's unit lets it write them`() throws {
        var folder = #filePath.split(separator: "/").dropLast(3).map(String.init)
        folder += ["systemd", "kamaji-agent.service"]
        let unit = try #require(try HostFiles().text("/" + folder.joined(separator: "/")))
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("ReadWritePaths=") })
        let writable = line.dropFirst("ReadWritePaths=".count).split(separator: " ").map(String.init)
        #expect(JoinConfiguration.authorityFolders.allSatisfy(writable.contains))
        #expect(JoinConfiguration.mayHold(authority: JoinConfiguration.defaultAuthorityPath))
        for path in ["/opt/ca.crt", "/etc/kubernetes.crt", "/etc/kubernetes/../ssl/ca.crt"] {
            #expect(!JoinConfiguration.mayHold(authority: path), "\(path)")
        }
    }
}
