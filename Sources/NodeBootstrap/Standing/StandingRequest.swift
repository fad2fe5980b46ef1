/// A request to the agent's own endpoint, as far as it understands HTTP/1.1 (RFC 9112): GET or HEAD of a path, one
/// request for each connection.
package enum StandingRequest: Sendable, Hashable {
    case incomplete
    case get(String, isHead: Bool)
    /// The status to answer with.
    case refused(Int)

    /// More than a scraper's headers take.
    package static let limit = 16 * 1024

    /// - Parameter bytes: what has come so far.
    package init(_ bytes: [UInt8]) {
        guard let end = Self.headEnd(bytes) else {
            self = bytes.count < Self.limit ? .incomplete : .refused(431)
            return
        }
        let head = bytes[..<end]
        let line = head.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, let method = String(validating: words[0], as: UTF8.self),
            let target = String(validating: words[1], as: UTF8.self),
            String(validating: words[2], as: UTF8.self)?.hasPrefix("HTTP/1.") == true
        else {
            self = .refused(400)
            return
        }
        guard method == "GET" || method == "HEAD" else {
            self = .refused(405)
            return
        }
        self = .get(String(target.prefix { $0 != "?" }), isHead: method == "HEAD")
    }

    /// Where the empty line begins that ends the head.
    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        let (cr, lf) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        for index in bytes.indices where bytes[index] == lf {
            let rest = bytes[(index + 1)...]
            if rest.first == lf || rest.starts(with: [cr, lf]) { return index }
        }
        return nil
    }
}

/// What is answered.
package struct StandingAnswer: Sendable, Hashable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]

    package init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    private static let reasons = [
        200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
        431: "Request Header Fields Too Large",
    ]

    package static func refusal(_ status: Int) -> StandingAnswer {
        StandingAnswer(status: status, body: Array("\(reasons[status] ?? "")\n".utf8))
    }

    /// - Parameter isHead: leaves the body out, as for HEAD.
    package func bytes(isHead: Bool) -> [UInt8] {
        let head =
            "HTTP/1.1 \(status) \(Self.reasons[status] ?? "")\r\nContent-Type: \(contentType)\r\n"
            + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : body)
    }
}
