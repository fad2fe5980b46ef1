import Foundation
import HTTPTransport
import PKI
import Testing

@testable import Datastores

/// A real etcd on free ports of loopback that demands client certificates, and the authority that makes them.
final class RealEtcd: Sendable {
    /// Every release that is installed here.
    static let binaries = ["/usr/local/kubebuilder/bin/etcd", "/usr/bin/etcd"].filter {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    let endpoint: String
    private let authority: CertificateAuthority
    private let pid: Int32
    private let folder: String
    let transport = CurlTransport()

    init(_ binary: String) async throws {
        authority = try .selfSigned(
            CertificateProfile(commonName: "etcd-ca", isAuthority: true, validity: .seconds(86_400)),
            key: .generate(.ecdsaP256), now: Date())
        let key = try PrivateKey.generate(.ecdsaP256)
        // The gateway inside of etcd is a client of its own server, hence both usages.
        let profile = CertificateProfile(
            commonName: "etcd", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"],
            extendedKeyUsages: [.serverAuth, .clientAuth], validity: .seconds(86_400))
        // In memory where that can be: on a disk that is busy writing a build, etcd's fsync takes longer than its clients
        // wait for it.
        let memory = "/dev/shm"
        let base = access(memory, W_OK | X_OK) == 0 ? memory : NSTemporaryDirectory()
        var template = Array("\(base)/etcd-tests-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        for (name, bytes) in [
            ("ca.crt", authority.certificate.pem), ("key", key.pem),
            ("crt", try authority.issue(profile, to: key, now: Date()).pem), ("log", []),
        ] {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        let (client, peer) = (try Self.unusedPort(), try Self.unusedPort())
        endpoint = "127.0.0.1:\(client)"
        let process = Process()
        process.executableURL = URL(filePath: binary)
        process.arguments = [
            "--data-dir=\(folder)/data", "--listen-client-urls=https://\(endpoint)",
            "--advertise-client-urls=https://\(endpoint)", "--listen-peer-urls=http://127.0.0.1:\(peer)",
            "--initial-advertise-peer-urls=http://127.0.0.1:\(peer)",
            "--initial-cluster=default=http://127.0.0.1:\(peer)", "--cert-file=\(folder)/crt",
            "--key-file=\(folder)/key", "--trusted-ca-file=\(folder)/ca.crt", "--client-cert-auth",
        ]
        let log = try FileHandle(forWritingTo: URL(filePath: "\(folder)/log"))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.run()
        pid = process.processIdentifier
        let root = try store("root")
        while (try? await root.status()) == nil {
            try #require(process.isRunning, "\((try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "")")
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// As etcd sees the owner of a certificate with this common name.
    func store(_ user: String, over other: (any HTTPTransport)? = nil, endpoints: [String]? = nil) throws
        -> EtcdDatastore
    {
        // Beside everything else that runs in the suite an etcd's disk may take its time.
        EtcdDatastore(
            endpoints: endpoints ?? [endpoint], tls: try tls(user), transport: other ?? transport,
            timeout: .seconds(60))
    }

    func connection(_ user: String) throws -> EtcdConnection {
        EtcdConnection(endpoints: [endpoint], tls: try tls(user), transport: transport)
    }

    func tls(_ user: String) throws -> TLSSettings {
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: user, extendedKeyUsages: [.clientAuth], validity: .seconds(86_400))
        return TLSSettings(
            certificateAuthorities: authority.certificate.pem,
            clientCertificate: try authority.issue(profile, to: key, now: Date()).pem, clientKey: key.pem)
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
