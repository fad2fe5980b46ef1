import HTTPTransport

/// What etcd answered instead of a result, or why it did not answer.
package struct EtcdError: Error, Sendable, Hashable, CustomStringConvertible {
    /// gRPC's status; nil when there was no answer.
    package let status: Int?
    package let message: String

    package var description: String { message }

    init(status: Int?, _ message: String) {
        self.status = status
        self.message = message
    }

    /// etcd gives all of these the same code, so its words tell them apart (etcd api/v3rpc/rpctypes).
    func says(_ words: String) -> Bool { message.contains(words) }

    /// Rights changed while the request was on its way; it was not carried out.
    var isOldAuthRevision: Bool { says("revision of auth store is old") }

    /// The server is of a release that does not know the call.
    var isUnimplemented: Bool { status == 12 }

    /// Whether a server said it that is at work: not that none did, nor that it was unavailable or too slow to answer.
    package var isAnswer: Bool { status.map { $0 != 14 && $0 != 4 } ?? false }

    package var isPermissionDenied: Bool { status == 7 || says("permission denied") }
}

/// Unary gRPC calls to the members of one etcd cluster, over HTTP/2 (gRPC's PROTOCOL-HTTP2). etcd's JSON gateway would
/// not do: it does not take the name in a client certificate for the user.
struct EtcdConnection: Sendable {
    let endpoints: [String]
    let tls: TLSSettings
    let transport: any HTTPTransport
    /// Of one attempt at one member.
    var timeout = Duration.seconds(5)

    /// How often a request that met a change of rights is sent again.
    static let attempts = 50

    /// Calls `method` (`etcdserverpb.KV/Range`) on the first member that answers.
    func call(_ method: String, _ message: ProtobufMessage) async throws -> ProtobufMessage {
        var attempt = 1
        while true {
            do {
                return try await callOnce(method, message)
            } catch let error as EtcdError where error.isOldAuthRevision && attempt < Self.attempts {
                attempt += 1
            }
        }
    }

    private func callOnce(_ method: String, _ message: ProtobufMessage) async throws -> ProtobufMessage {
        var complaints: [String] = []
        for endpoint in endpoints {
            do {
                return try await call(method, message, at: endpoint)
            } catch let error as HTTPTransportError where error.code != .cancelled {
                complaints.append("\(endpoint): \(error.message)")
            } catch let error as EtcdError where error.status == 14 || error.status == nil {
                complaints.append("\(endpoint): \(error.message)")
            }
        }
        throw EtcdError(
            status: nil,
            endpoints.isEmpty
                ? "spec.endpoints is empty: name etcd's members as host:port"
                : "no member of etcd answers: \(complaints.joined(separator: "; "))")
    }

    private func call(_ method: String, _ message: ProtobufMessage, at endpoint: String) async throws
        -> ProtobufMessage
    {
        let body = message.encoded()
        let length = UInt32(body.count)
        let frame = [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + body
        // gRPC allows eight digits.
        let milliseconds = min(99_999_999, max(1, Int64(timeout / .milliseconds(1))))
        let request = HTTPRequest(
            "POST", "https://\(endpoint)/\(method)",
            headers: ["content-type": "application/grpc", "te": "trailers", "grpc-timeout": "\(milliseconds)m"],
            body: frame, tls: tls, timeout: timeout, version: .http2)
        let response = try await transport.send(request)
        // A call that fails at once carries its status in the headers alone.
        let status = response.trailers["grpc-status"] ?? response.headers["grpc-status"]
        guard response.status == 200, let code = status.flatMap({ Int($0) }) else {
            throw EtcdError(
                status: nil, "the server answered HTTP \(response.status) and no gRPC: is this etcd's client port?")
        }
        guard code == 0 else {
            let text = response.trailers["grpc-message"] ?? response.headers["grpc-message"] ?? "gRPC status \(code)"
            throw EtcdError(status: code, Self.percentDecoded(text))
        }
        guard response.body.count >= 5, response.body[0] == 0, let answer = ProtobufMessage(response.body.dropFirst(5))
        else { throw EtcdError(status: nil, "the server's answer to \(method) cannot be read") }
        return answer
    }

    private static func percentDecoded(_ text: String) -> String {
        var output: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%"), bytes.count >= 2,
                let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
            {
                output.append(value)
                bytes = bytes.dropFirst(2)
            } else {
                output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
