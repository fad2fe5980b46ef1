import Foundation
import Testing

@testable import PKI

/// A folder of its own for one test; gone with the last reference to it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/pki-tests-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file with these bytes.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = "\(path)/\(name)"
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }
}

/// The `openssl` binary, which reads what we write and writes what we read.
struct OpenSSLCommand {
    let status: Int32
    /// Standard output, then standard error.
    let output: String

    init(_ arguments: [String]) throws {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }

    /// What it prints; a failure is the test's.
    static func output(_ arguments: String...) throws -> String {
        let command = try OpenSSLCommand(arguments)
        try #require(command.status == 0, "openssl \(arguments): \(command.output)")
        return command.output
    }
}

/// Moments and authorities that the suites share.
enum Sample {
    /// A full second, so that what is read back is equal.
    static let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))

    static let authorityProfile = CertificateProfile(
        commonName: "kubernetes", isAuthority: true, validity: .seconds(3600))

    static func authority(
        _ algorithm: KeyAlgorithm = .ecdsaP256, _ profile: CertificateProfile = authorityProfile, now: Date = now
    ) throws -> CertificateAuthority {
        try .selfSigned(profile, key: .generate(algorithm), now: now)
    }

    static let server = CertificateProfile(
        commonName: "kube-apiserver", dnsNames: ["kubernetes", "kubernetes.default.svc", "*.example.com"],
        ipAddresses: ["10.96.0.1", "fd00::0001", "::ffff:192.0.2.7"], extendedKeyUsages: [.serverAuth],
        validity: .seconds(600))

    static let client = CertificateProfile(
        commonName: "kubernetes-admin", organizations: ["system:masters", "kubeadm:cluster-admins"],
        extendedKeyUsages: [.clientAuth], validity: .seconds(600))
}
