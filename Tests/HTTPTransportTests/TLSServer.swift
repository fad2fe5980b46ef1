import Foundation
import PKI
import Testing

/// `openssl s_server` on a free port, with a certificate for "localhost" and 127.0.0.1. Every page says what was agreed.
final class TLSServer: Sendable {
    let authority: CertificateAuthority
    let port: UInt16
    private let pid: Int32
    private let folder: String

    var url: String { "https://127.0.0.1:\(port)" }

    /// - Parameter demandsCertificate: of the client, by the same authority.
    init(names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"], demandsCertificate: Bool = false) throws
    {
        authority = try Self.makeAuthority()
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: "server", dnsNames: names, ipAddresses: addresses, extendedKeyUsages: [.serverAuth],
            validity: .seconds(3600))
        var template = Array("\(NSTemporaryDirectory())/tls-tests-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        let certificate = try authority.issue(profile, to: key, now: Date()).pem
        for (name, bytes) in [("ca", authority.certificate.pem), ("certificate", certificate), ("key", key.pem)] {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name).pem"))
        }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments =
            [
                "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "\(folder)/certificate.pem",
                "-key", "\(folder)/key.pem", "-CAfile", "\(folder)/ca.pem",
            ] + (demandsCertificate ? ["-Verify", "1", "-verify_return_error"] : [])
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        pid = process.processIdentifier
        var text = ""
        while !text.contains("ACCEPT 127.0.0.1:") || text.last != "\n" {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "openssl s_server ended: \(text)")
            text += String(decoding: more, as: UTF8.self)
        }
        let line = text.split(separator: "\n").last { $0.hasPrefix("ACCEPT ") } ?? ""
        port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
        // Read on, so that the server never waits for us.
        Thread.detachNewThread { while !output.fileHandleForReading.availableData.isEmpty {} }
    }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func makeAuthority() throws -> CertificateAuthority {
        try .selfSigned(
            CertificateProfile(commonName: "authority", isAuthority: true, validity: .seconds(3600)),
            key: .generate(.ecdsaP256), now: Date())
    }
}
