import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Testing

@testable import NodeBootstrap

@Suite struct RejoinTests {
    /// As they are after a long time off: an hour's life that ended an hour ago.
    private static func endCertificates(_ machine: StandInMachine) throws {
        func ended(_ user: String, _ group: String, _ key: PrivateKey) throws -> [UInt8] {
            try machine.tenant.authority.issue(
                CertificateProfile(
                    commonName: user, organizations: [group], extendedKeyUsages: [.clientAuth], validity: .seconds(3600)
                ), to: key, now: Date(timeIntervalSinceNow: -7200)
            ).pem
        }
        let key = try PrivateKey(pem: try #require(try machine.files.read(AgentFiles.key)))
        try machine.files.write(
            NodeFile(AgentFiles.certificate, mode: 0o644, try ended("kamaji:agent:edge-1", "kamaji:agents", key)))
        let kubeletKey = try PrivateKey.generate(.ecdsaP256)
        try machine.files.write(
            NodeFile(
                KubeletFiles.clientCertificatePath, mode: 0o600,
                try ended("system:node:edge-1", "system:nodes", kubeletKey) + kubeletKey.pem))
    }

    private static func areValid(_ machine: StandInMachine) throws -> Bool {
        try [AgentFiles.certificate, KubeletFiles.clientCertificatePath].allSatisfy { path in
            try Certificate(pem: try #require(try machine.files.read(path))).isValid(at: Date())
        }
    }

    /// What "kamaji-agent join" goes on with, without a target.
    private static func resumed(_ machine: StandInMachine, token: String? = nil) async throws -> JoinConfiguration {
        var request = JoinRequest()
        request.token = token
        var reader = JoinConfigurationReader(hostName: "edge-1")
        let former = try #require(try await machine.environment().journal.fact("join"))
        return try reader.resume(former, left: nil, request)
    }

    @Test func `a new token replaces both certificates of a node that they have ended on`() async throws {
        let machine = try StandInMachine(StandInTenant())
        _ = try await machine.join()
        try Self.endCertificates(machine)
        let token = "07401b.f395accd246ae52d"
        #expect(try await machine.join(try await Self.resumed(machine, token: token)).isReady)
        #expect(try Self.areValid(machine))
        #expect(!machine.files.exists(KubeletFiles.bootstrapKubeconfigPath))
    }

    @Test func `a node with a credential of its own joins anew without any token`() async throws {
        let machine = try StandInMachine(StandInTenant())
        let node = try #require(NodeName("edge-1"))
        let own = BootstrapToken(id: node.reenrolmentTokenIDs[0], secret: "abcdefghijklmnop")
        machine.tenant.state.withLock { $0.credential = own }
        _ = try await machine.join()
        try Self.endCertificates(machine)
        let text = try #require(own?.text)
        #expect(!machine.tenant.state.withLock { $0.callers.contains("Bearer \(text)") })
        #expect(try await machine.join(try await Self.resumed(machine)).isReady)
        #expect(try Self.areValid(machine))
        #expect(machine.tenant.state.withLock { $0.callers.contains("Bearer \(text)") })
        #expect(!machine.files.exists(KubeletFiles.bootstrapKubeconfigPath))
    }

    @Test func `without a token and without a credential a join says what it needs`() async throws {
        let machine = try StandInMachine(StandInTenant())
        _ = try await machine.join()
        try Self.endCertificates(machine)
        let failure = await #expect(throws: JoinFailure.self) {
            try await machine.join(try await Self.resumed(machine))
        }
        #expect(failure?.phase == .enrolment && failure?.message.contains("a bootstrap token is needed") == true)
    }

    @Test func `a join that fails or is killed anew leaves the machine the member that it was`() async throws {
        let machine = try StandInMachine(StandInTenant())
        func isMember() async throws -> Bool {
            try await NodeTunnelSettings.read(try await machine.environment().journal) != nil
        }
        machine.tenant.state.withLock { $0.denial = "not yet" }
        await #expect(throws: JoinFailure.self) { try await machine.join() }
        #expect(try await !isMember())
        machine.tenant.state.withLock { $0.denial = nil }
        _ = try await machine.join()
        #expect(try await isMember())
        try Self.endCertificates(machine)
        machine.tenant.state.withLock { $0.denial = "revoked" }
        await #expect(throws: JoinFailure.self) { try await machine.join() }
        #expect(try await isMember())
        try await machine.environment().journal.begin("agent-enrolment", input: "", at: Date())
        #expect(try await isMember())
        #expect(try await machine.reset() == [])
        #expect(try await !isMember())
    }

    @Test func `a journal of an agent that noted the phase alone knows the member all the same`() async throws {
        let machine = try StandInMachine(StandInTenant())
        _ = try await machine.join()
        func settings() async throws -> NodeTunnelSettings? {
            try await NodeTunnelSettings.read(try await machine.environment().journal)
        }
        do {
            let database = try JournalDatabase(path: machine.files.place(Journal.path))
            try database.run("DELETE FROM fact WHERE name='enrolled'")
            #expect(try await settings() == nil)
            try database.run("PRAGMA user_version=2")
        }
        #expect(try await settings() != nil)
    }

    @Test func `what a join replaces stands in its way no more than a warning does`() throws {
        let ended = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "a", isAuthority: true, validity: .seconds(60)), key: .generate(.ecdsaP256),
            now: Date(timeIntervalSinceNow: -86_400)
        ).certificate
        var facts = HostFacts()
        facts.certificates = ["agent": ended, "kubelet-client": ended, "tenant-ca": ended]
        func verdicts(_ occasion: EdgeChecks.Occasion) -> [String: CheckResult.Verdict] {
            Dictionary(
                EdgeChecks.all(facts, occasion).filter { $0.name.hasPrefix("CertificateValidity-") }
                    .map { ($0.name, $0.verdict) }, uniquingKeysWith: max)
        }
        #expect(
            verdicts(.join) == [
                "CertificateValidity-agent": .warning, "CertificateValidity-kubelet-client": .warning,
                "CertificateValidity-tenant-ca": .error,
            ])
        #expect(Set(verdicts(.examination).values) == [.error])
    }
}
