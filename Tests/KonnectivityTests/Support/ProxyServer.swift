import Foundation
import PKI
import Synchronization
import Testing

/// Upstream's proxy-server, where it is present. It asks agents for certificates, and takes front ends on a unix socket.
final class ProxyServer: Sendable {
    static let path: String? = {
        let environment = ProcessInfo.processInfo.environment
        let folders = [environment["KUBEBUILDER_ASSETS"], "/usr/local/kubebuilder/bin"].compactMap { $0 }
        let found = folders.map { folder in "\(folder)/proxy-server" }
            .first { file in FileManager.default.isExecutableFile(atPath: file) }
        if found == nil { print("proxy-server is not here: its tests run against the suite's own server alone") }
        return found
    }()

    let agentPort: UInt16
    private let arguments: [String]
    private let folder: Folder
    private let process = Mutex<Process?>(nil)

    var frontEnd: FrontEnd { FrontEnd(path: "\(folder.path)/front.sock") }
    var pid: Int32? { process.withLock { $0?.processIdentifier } }

    init(_ identity: TestIdentity, extra: [String] = []) throws {
        folder = try Folder()
        agentPort = try Self.freePort()
        let (admin, health) = (try Self.freePort(), try Self.freePort())
        arguments =
            [
                "--mode=http-connect", "--uds-name=\(folder.path)/front.sock", "--server-port=0",
                "--agent-port=\(agentPort)", "--agent-bind-address=127.0.0.1",
                "--cluster-cert=\(try folder.write("server.pem", identity.serverCertificate))",
                "--cluster-key=\(try folder.write("server.key", identity.serverKey))",
                "--admin-port=\(admin)", "--health-port=\(health)", "--health-bind-address=127.0.0.1", "-v=0",
            ] + extra
        if !extra.contains(where: { $0.hasPrefix("--agent-namespace") }) {
            _ = try folder.write("ca.pem", identity.authority.certificate.pem)
        }
    }

    deinit { stop() }

    /// Asking for certificates excludes asking for tokens.
    func start() throws {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.path))
        let demands = FileManager.default.fileExists(atPath: "\(folder.path)/ca.pem")
        process.arguments = arguments + (demands ? ["--cluster-ca-cert=\(folder.path)/ca.pem"] : [])
        process.standardInput = FileHandle.nullDevice
        let log = "\(folder.path)/log"
        let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        self.process.withLock { $0 = process }
    }

    /// Ends it as a power failure would.
    func stop() {
        guard let process = process.withLock({ $0.take() }) else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var log: String { (try? String(contentsOfFile: "\(folder.path)/log", encoding: .utf8)) ?? "" }

    /// proxy-server wants its ports named, between 1024 and 49151.
    static func freePort() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = UInt16.random(in: 20_000...32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if result == 0 { return port }
        }
        throw Failure("no free port")
    }
}
