import Foundation
import PKI
import Testing

@testable import HTTPTransport

/// `openssl s_server` that agrees on h2 and leaves the frames to the test: one connection at a time, bytes in and out.
final class FrameServer: @unchecked Sendable {
    let authority: CertificateAuthority
    let port: UInt16
    private let folder: String
    private let pid: Int32
    private let input: FileHandle
    private let output: FileHandle
    private var received: [UInt8] = []

    var url: String { "https://127.0.0.1:\(port)" }
    var trust: TLSSettings { TLSSettings(certificateAuthorities: authority.certificate.pem) }

    /// What every HTTP/2 client says first (RFC 9113, 3.4).
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    struct Frame {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]
    }

    init() async throws {
        authority = try TLSServer.makeAuthority()
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: "server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"],
            extendedKeyUsages: [.serverAuth], validity: .seconds(3600))
        var template = Array("\(NSTemporaryDirectory())/frame-tests-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        for (name, bytes) in [
            ("certificate", try authority.issue(profile, to: key, now: Date()).pem), ("key", key.pem),
        ] {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name).pem"))
        }
        let process = Process()
        let (to, from) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "s_server", "-accept", "127.0.0.1:0", "-quiet", "-alpn", "h2", "-cert",
            "\(folder)/certificate.pem", "-key", "\(folder)/key.pem",
        ]
        process.standardInput = to
        process.standardOutput = from
        process.standardError = FileHandle.nullDevice
        try process.run()
        pid = process.processIdentifier
        port = try await ListeningPort.wait(for: pid)
        input = to.fileHandleForWriting
        output = from.fileHandleForReading
    }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: Frames (RFC 9113, 4.1). Each call blocks until it is done.

    func send(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        let length = UInt32(payload.count)
        let head =
            [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags]
            + Self.big(stream)
        try? input.write(contentsOf: Data(head + payload))
    }

    /// The next frame of this type; others are passed over. Nil at the end of the server.
    func next(_ type: UInt8) -> Frame? {
        while let frame = nextFrame() {
            if frame.type == type { return frame }
        }
        return nil
    }

    private func nextFrame() -> Frame? {
        while true {
            // A new connection begins with its preface.
            if received.starts(with: Self.preface) { received.removeFirst(Self.preface.count) }
            if received.count >= 9, !Self.preface.starts(with: received.prefix(9)) {
                let length = Int(received[0]) << 16 | Int(received[1]) << 8 | Int(received[2])
                if received.count >= 9 + length {
                    let stream = received[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                    defer { received.removeFirst(9 + length) }
                    return Frame(
                        type: received[3], flags: received[4], stream: stream,
                        payload: Array(received[9..<(9 + length)]))
                }
            }
            let more = output.availableData
            if more.isEmpty { return nil }
            received += more
        }
    }

    static func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}
