import KubeObjects

/// A request as it came over the wire, without the wire: what an HTTP server, or an in-process caller, hands over.
package struct WireRequest: Sendable {
    package var method: String
    /// Percent-decoded path, without the query.
    package var path: String
    package var query: QueryItems
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]

    package init(
        method: String, path: String, query: QueryItems = QueryItems(), headers: [String: String] = [:],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }
}

/// Bytes of an answer that come as things happen.
package protocol ResponseStream: Sendable {
    /// Wakes `next()`; closed, it ends the stream from outside.
    var signal: WatchSignal { get }
    /// Runs beside `next()`; nil when only events end the stream.
    var timer: WatchTimer? { get }

    /// The next bytes, whole lines; may be empty. Nil when the stream is over.
    mutating func next() async -> [UInt8]?
}

/// The answer. A watch, and a log that is followed, answer with a stream.
package struct WireResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        case stream(any ResponseStream)
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(status: Int, headers: [(name: String, value: String)] = [], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static func json(_ json: JSON, status: Int = 200) -> WireResponse {
        WireResponse(status: status, headers: [("Content-Type", "application/json")], body: .bytes(json.encoded()))
    }

    static func text(_ text: String, status: Int = 200) -> WireResponse {
        WireResponse(
            status: status,
            headers: [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")],
            body: .bytes(Array(text.utf8)))
    }
}

/// The parameters behind the `?`, decoded; a name may come more than once.
package struct QueryItems: Sendable, Equatable {
    private var items: [String: [String]] = [:]

    package init() {}

    package init(_ items: [String: String]) { self.items = items.mapValues { [$0] } }

    /// Reads `a=b&c=d`, percent and plus decoded. What is no UTF-8 stays as it was.
    package init(parsing text: some StringProtocol) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty else { continue }
            let value = parts.count > 1 ? PercentEncoding.decoded(parts[1], plusIsSpace: true) : ""
            items[PercentEncoding.decoded(name, plusIsSpace: true), default: []].append(value)
        }
    }

    package subscript(name: String) -> String? { items[name]?.first }

    package func all(_ name: String) -> [String] { items[name] ?? [] }

    /// `true`, `1` or an empty value, as Kubernetes reads a boolean parameter.
    package func flag(_ name: String) -> Bool {
        guard let value = self[name] else { return false }
        return value != "false" && value != "0"
    }
}

enum PercentEncoding {
    static func decoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(digit),
                let low = rest.dropFirst().first.flatMap(digit)
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(UInt8(ascii: " "))
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
