import Foundation
import HTTPTransport
import PKI
import Testing

/// A real server for the time of a test, with a folder of its own.
final class ServerProcess: Sendable {
    let folder: String
    private let pid: Int32

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
        try process.run()
        pid = process.processIdentifier
    }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Waits for minutes at most; shows the server's log where it does not come about.
    func until(_ holds: () async -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < end {
            if await holds() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
        Issue.record("the server is not there: \(log.suffix(4000))")
    }

    static func unusedPort() throws -> UInt16 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
            }
        }
        try #require(code == 0)
        return UInt16(bigEndian: address.sin_port)
    }
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
        let authority = fixture.tenantAuthority
        let key = try PrivateKey.generate(.ecdsaP256)
        // The gateway inside of etcd is a client of its own server, hence both usages.
        let profile = CertificateProfile(
            commonName: "etcd", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"],
            extendedKeyUsages: [.serverAuth, .clientAuth], validity: .seconds(300 * 86_400))
        let certificate = try authority.issue(profile, to: key, now: Date())
        let (client, peer) = (try ServerProcess.unusedPort(), try ServerProcess.unusedPort())
        endpoint = "127.0.0.1:\(client)"
        let address = endpoint
        process = try ServerProcess(
            try #require(Self.program),
            files: ["ca.crt": authority.certificate.pem, "key": key.pem, "crt": certificate.pem]
        ) { folder in
            [
                "--data-dir=\(folder)/data", "--listen-client-urls=https://\(address)",
                "--advertise-client-urls=https://\(address)", "--listen-peer-urls=http://127.0.0.1:\(peer)",
                "--initial-advertise-peer-urls=http://127.0.0.1:\(peer)",
                "--initial-cluster=default=http://127.0.0.1:\(peer)", "--cert-file=\(folder)/crt",
                "--key-file=\(folder)/key", "--trusted-ca-file=\(folder)/ca.crt", "--client-cert-auth",
                "--quota-backend-bytes=\(quota)",
            ]
        }
        let (owner, ownerKey) = try ExporterFixture.issue(authority, "root", isServer: false)
        tls = TLSSettings(
            certificateAuthorities: authority.certificate.pem, clientCertificate: owner.pem, clientKey: ownerKey.pem)
        transport = fixture.transport
        let (probe, settings) = (transport, tls)
        try await process.until {
            (try? await probe.send(HTTPRequest("GET", "https://\(address)/health", tls: settings)))?.status == 200
        }
    }

    /// Writes until etcd takes no more.
    func fill() async throws {
        let value = Data(repeating: 0x41, count: 200_000).base64EncodedString()
        for number in 0..<400 {
            let key = Data("/full/\(number)".utf8).base64EncodedString()
            let request = HTTPRequest(
                "POST", "https://\(endpoint)/v3/kv/put",
                body: Array("{\"key\":\"\(key)\",\"value\":\"\(value)\"}".utf8),
                tls: tls)
            let response = try await transport.send(request)
            if response.status != 200 {
                #expect(String(decoding: response.body, as: UTF8.self).contains("space exceeded"))
                return
            }
        }
        Issue.record("etcd takes everything")
    }
}
