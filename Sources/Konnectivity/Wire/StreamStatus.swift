/// How a gRPC stream ended: `grpc-status` and `grpc-message` of its trailers.
struct StreamStatus: Sendable, Hashable, CustomStringConvertible {
    /// 0 is success; nil where the trailers have none that is a number.
    var code: Int?
    var message: String

    init(code: String?, message: String?) {
        self.code = code.flatMap { Int($0) }
        self.message = Self.decoded(message ?? "")
    }

    var description: String {
        let name = code.map { $0 < Self.names.count && $0 >= 0 ? Self.names[$0] : "code \($0)" } ?? "no status"
        return message.isEmpty ? name : "\(name): \(message)"
    }

    /// Whether it may be the token that the server did not like: UNAUTHENTICATED, PERMISSION_DENIED, and UNKNOWN, with
    /// which upstream's server answers whatever its look at a token has come to.
    var mayRefuseToken: Bool { code == 16 || code == 7 || code == 2 }

    /// gRPC's own names, in the order of their numbers.
    private static let names = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]

    /// `grpc-message` is percent-encoded; what is no escape stays as it is.
    private static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                result.append(value)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
