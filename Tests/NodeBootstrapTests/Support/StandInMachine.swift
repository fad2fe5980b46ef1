import Foundation
import KubeClient
import KubeObjects
import Logging
import NodeIdentity
import Synchronization

@testable import NodeBootstrap

/// A folder that stands for a machine's file system, for one test.
final class StandInMachine: Sendable {
    let files: HostFiles
    let thread: WorkThread
    let tenant: StandInTenant
    let kubelet: StandInKubelet

    init(_ tenant: StandInTenant) throws {
        self.tenant = tenant
        let folder = FileManager.default.temporaryDirectory.appending(path: "node-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        files = HostFiles(root: folder)
        for name in ["etc", "var", "run", "usr"] { try files.makeFolder("/\(name)", mode: 0o755) }
        for name in ["/var/lib", "/var/log", "/usr/libexec"] { try files.makeFolder(name, mode: 0o755) }
        thread = try WorkThread()
        kubelet = StandInKubelet(tenant, files)
    }

    deinit { try? FileManager.default.removeItem(atPath: files.root) }

    func environment(
        checkpoint: @escaping @Sendable (String) throws -> Void = { _ in }
    ) async throws -> NodeEnvironment {
        let clock = Mutex(Duration.zero)
        return NodeEnvironment(
            writer: NodeWriter(
                files: files, thread: thread, journal: try await Journal.open(files, on: thread), checkpoint: checkpoint
            ),
            transport: tenant, units: kubelet,
            programs: HostPrograms(environment: ["PATH": "\(files.root)/usr/bin"], files: files),
            proxies: ProxyRules(environment: [:]),
            pacing: Pacing(
                elapsed: { clock.withLock { $0 } },
                sleep: { duration in
                    try Task.checkCancellation()
                    clock.withLock { $0 += duration }
                    await Task.yield()
                }),
            now: { Date() }, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func join(
        _ configuration: JoinConfiguration? = nil, checkpoint: @escaping @Sendable (String) throws -> Void = { _ in }
    ) async throws -> JoinRun.Outcome {
        tenant.state.withLock { $0.date = nil }
        let run = JoinRun(
            try await environment(checkpoint: checkpoint), try configuration ?? tenant.configuration()
        ) { _ in }
        return try await run.run()
    }

    func reset() async throws -> [String] {
        let run = ResetRun(try await environment()) { _ in }
        return try await run.run(try await run.plan())
    }

    /// What `kubelet --version` tells of, once one is installed.
    static let kubeletVersionPath = "/usr/bin/kubelet.version"

    /// As a package would.
    func install(kubelet version: String) throws {
        try files.makeFolder("/usr/bin", mode: 0o755)
        try files.write(NodeFile(Self.kubeletVersionPath, mode: 0o644, version))
        let script = "#!/bin/sh\necho \"Kubernetes $(cat \(files.place(Self.kubeletVersionPath)))\"\n"
        try files.write(NodeFile("/usr/bin/kubelet", mode: 0o755, script))
    }

    func upgrade(
        _ options: UpgradeRun.Options = UpgradeRun.Options(),
        checkpoint: @escaping @Sendable (String) throws -> Void = { _ in }
    ) async throws -> UpgradeRun.Outcome {
        try await UpgradeRun(try await environment(checkpoint: checkpoint), options) { _ in }.run()
    }

    /// Every path with its kind, mode and content, but for what differs from run to run.
    func tree(leavingOut: Set<String> = []) throws -> [String: String] {
        var tree: [String: String] = [:]
        for (path, attributes) in try files.walk("/") where !leavingOut.contains(path) {
            let content = attributes.kind == .file ? String(decoding: try files.read(path) ?? [], as: UTF8.self) : ""
            tree[path] = "\(attributes.kind) \(String(attributes.mode, radix: 8)) \(content)"
        }
        return tree
    }

    static func httpDate(_ ahead: TimeInterval = 0) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: Date().addingTimeInterval(ahead))
    }
}
