import Foundation
import PKI
import Testing

@testable import HTTPTransport

/// `nghttpd`, the HTTP/2 server that comes with libnghttp2, over a folder of files, on a free port.
final class FileServer: Sendable {
    let authority: CertificateAuthority
    let port: UInt16
    let folder: String
    private let pid: Int32

    var url: String { "https://127.0.0.1:\(port)" }
    var trust: TLSSettings { TLSSettings(certificateAuthorities: authority.certificate.pem) }

    /// - Parameters:
    ///   - arguments: more of nghttpd's own.
    ///   - authority: of a server that is to be taken for this one.
    init(
        _ arguments: [String] = [], names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"],
        authority: CertificateAuthority? = nil, port: UInt16 = 0
    ) async throws {
        self.authority = try authority ?? TLSServer.makeAuthority()
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: "server", dnsNames: names, ipAddresses: addresses, extendedKeyUsages: [.serverAuth],
            validity: .seconds(3600))
        var template = Array("\(NSTemporaryDirectory())/http2-tests-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let certificate = try self.authority.issue(profile, to: key, now: Date()).pem
        for (name, bytes) in [
            ("ca.pem", self.authority.certificate.pem), ("certificate.pem", certificate), ("key.pem", key.pem),
        ] {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/nghttpd")
        process.arguments =
            ["-a", "127.0.0.1", "-d", folder] + arguments + [
                "\(port)", "\(folder)/key.pem", "\(folder)/certificate.pem",
            ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        pid = process.processIdentifier
        self.port = try await ListeningPort.wait(for: pid)
    }

    deinit { stop() }

    func stop() {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    func put(_ name: String, _ content: [UInt8]) throws {
        try Data(content).write(to: URL(filePath: "\(folder)/\(name)"))
    }
}
