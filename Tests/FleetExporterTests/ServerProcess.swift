import Foundation
import HTTPTransport
import PKI
import Synchronization
import Testing

/// A real server for the time of a test, with a folder of its own.
final class ServerProcess: Sendable {
    let folder: String
    private let pid: Int32
    private let ended: Ended

    private final class Ended: Sendable {
        let flag = Atomic(false)
    }

    /// - Parameter files: what it finds in its folder.
    init(_ program: String, files: [String: [UInt8]] = [:], _ arguments: (_ folder: String) -> [String]) throws {
        // In memory where that can be: on a disk that is busy writing a build, etcd's fsync takes longer than its clients
        // wait for it.
        let base = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
        var template = Array("\(base)/exporter-server-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)")) }
        _ = FileManager.default.createFile(atPath: "\(folder)/log", contents: nil)
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments(folder)
        let log = try FileHandle(forWritingTo: URL(filePath: "\(folder)/log"))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        let ended = Ended()
        process.terminationHandler = { _ in ended.flag.store(true, ordering: .relaxed) }
        try process.run()
        (pid, self.ended) = (process.processIdentifier, ended)
    }

    deinit {
        if !hasEnded { kill(pid, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    var hasEnded: Bool { ended.flag.load(ordering: .relaxed) }

    var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

    /// Waits for minutes at most; shows the server's log where it does not come about.
    func until(_ holds: () async -> Bool) async throws {
        guard try await !becomes(holds) else { return }
        Issue.record("the server is not there: \(log.suffix(4000))")
    }

    /// Waits for minutes at most; false where the server ended before it came about.
    func becomes(_ holds: () async -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < end, !hasEnded {
            if await holds() { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    private static let given = Mutex<Set<UInt16>>([])

    /// One that nobody has now and that the kernel gives to nobody of itself. Upstream's proxy-server and proxy-agent take
    /// none above 49151, and end with their usage where they are given one.
    static func unusedPort() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = UInt16.random(in: 20_000...32_000)
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            address.sin_port = port.bigEndian
            let code = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 { return port }
        }
        throw NoPort()
    }

    private struct NoPort: Error {}
}

/// An etcd on loopback that demands certificates of the fixture's tenant authority.
struct EtcdProcess: Sendable {
    static let program = ["/usr/local/kubebuilder/bin/etcd", "/usr/bin/etcd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    let endpoint: String
    let process: ServerProcess
    let tls: TLSSettings
    private let transport: CurlTransport

    /// - Parameter quota: bytes; 0 is etcd's own.
    init(_ fixture: ExporterFixture, quota: Int = 0) async throws {
        let name = "default"
        try self.init(fixture, quota: quota, name: name, peers: [name: try ServerProcess.unusedPort()])
        try await answers()
    }

    /// Members of one cluster.
    static func cluster(_ fixture: ExporterFixture, of count: Int) async throws -> [EtcdProcess] {
        let names = (0..<count).map { "member\($0)" }
        let peers = Dictionary(uniqueKeysWithValues: try names.map { ($0, try ServerProcess.unusedPort()) })
        let members = try names.map { try EtcdProcess(fixture, quota: 0, name: $0, peers: peers) }
        for member in members { try await member.answers() }
        return members
    }

    /// - Parameter peers: ports of all members, by their names.
    private init(_ fixture: ExporterFixture, quota: Int, name: String, peers: [String: UInt16]) throws {
        let authority = fixture.tenantAuthority
        let key = try PrivateKey.generate(.ecdsaP256)
        // The gateway inside of etcd is a client of its own server, hence both usages.
        let profile = CertificateProfile(
            commonName: "etcd", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"],
            extendedKeyUsages: [.serverAuth, .clientAuth], validity: .seconds(300 * 86_400))
        let certificate = try authority.issue(profile, to: key, now: Date())
        let peer = try #require(peers[name])
        endpoint = "127.0.0.1:\(try ServerProcess.unusedPort())"
        let cluster = peers.map { "\($0.key)=http://127.0.0.1:\($0.value)" }.sorted().joined(separator: ",")
        let address = endpoint
        process = try ServerProcess(
            try #require(Self.program),
            files: ["ca.crt": authority.certificate.pem, "key": key.pem, "crt": certificate.pem]
        ) { folder in
            [
                "--name=\(name)", "--data-dir=\(folder)/data", "--listen-client-urls=https://\(address)",
                "--advertise-client-urls=https://\(address)", "--listen-peer-urls=http://127.0.0.1:\(peer)",
                "--initial-advertise-peer-urls=http://127.0.0.1:\(peer)",
                "--initial-cluster=\(cluster)", "--cert-file=\(folder)/crt",
                "--key-file=\(folder)/key", "--trusted-ca-file=\(folder)/ca.crt", "--client-cert-auth",
                "--quota-backend-bytes=\(quota)",
                // A machine that is busy is no reason to elect another.
                "--heartbeat-interval=500", "--election-timeout=5000",
            ]
        }
        let (owner, ownerKey) = try ExporterFixture.issue(authority, "root", isServer: false)
        tls = TLSSettings(
            certificateAuthorities: authority.certificate.pem, clientCertificate: owner.pem, clientKey: ownerKey.pem)
        transport = fixture.transport
    }

    private func answers() async throws {
        try await process.until {
            (try? await transport.send(HTTPRequest("GET", "https://\(endpoint)/health", tls: tls)))?.status == 200
        }
    }

    @discardableResult
    func put(_ key: String, _ value: String) async throws -> HTTPResponse {
        let (key, value) = (Data(key.utf8).base64EncodedString(), Data(value.utf8).base64EncodedString())
        return try await transport.send(
            HTTPRequest(
                "POST", "https://\(endpoint)/v3/kv/put",
                body: Array("{\"key\":\"\(key)\",\"value\":\"\(value)\"}".utf8), tls: tls))
    }

    /// Writes until etcd takes no more.
    func fill() async throws {
        let value = String(repeating: "A", count: 200_000)
        for number in 0..<400 {
            let response = try await put("/full/\(number)", value)
            if response.status != 200 {
                #expect(String(decoding: response.body, as: UTF8.self).contains("space exceeded"))
                return
            }
        }
        Issue.record("etcd takes everything")
    }
}
