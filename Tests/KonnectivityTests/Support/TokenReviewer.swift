import Foundation
import Testing

/// A stand-in for the one request that proxy-server makes of an API server: TokenReview. Knows one good token.
final class TokenReviewer: Sendable {
    private let listener: Listener

    init(good: String) throws {
        listener = try Listener { connection in
            var bytes: [UInt8] = []
            while true {
                while !Self.isWhole(bytes) {
                    let more = try connection.read()
                    if more.isEmpty { return }
                    bytes += more
                }
                let text = String(decoding: bytes, as: UTF8.self)
                bytes = []
                let status =
                    text.contains("\"token\":\"\(good)\"")
                        && text.contains("/apis/authentication.k8s.io/v1/tokenreviews")
                    ? #"{"authenticated":true,"user":{"username":"system:serviceaccount:kube-system:konnectivity-agent"},"#
                        + #""audiences":["system:konnectivity-server"]}"#
                    : #"{"authenticated":false,"error":"not known"}"#
                let body =
                    #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","metadata":{},"spec":{},"status":"#
                    + status + "}"
                try connection.write(
                    ("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                        + body).utf8)
            }
        }
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let length = text[..<end.lowerBound].lowercased().split(separator: "\r\n")
            .first { $0.hasPrefix("content-length:") }?.split(separator: ":").last
        let wanted = length.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        return text[end.upperBound...].utf8.count >= wanted
    }

    var kubeconfig: String {
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "http://127.0.0.1:\(listener.port)"}}]
        contexts: [{name: c, context: {cluster: c, user: u}}]
        users: [{name: u, user: {}}]
        current-context: c
        """
    }
}

/// Listens on a free port of loopback, with a thread for each connection, until it is let go.
final class Listener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init(_ serve: @escaping @Sendable (BlockingSocket) throws -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        try #require(isBound)
        Thread.detachNewThread {
            while case let accepted = accept(descriptor, nil, nil), accepted >= 0 {
                let connection = BlockingSocket(adopting: accepted)
                Thread.detachNewThread {
                    try? serve(connection)
                    connection.shutdown()
                }
            }
            close(descriptor)
        }
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
