/// A response's status and headers, once they are complete.
struct ResponseHead: Sendable, Hashable {
    var status: Int
    var headers = HTTPHeaders()
    var isHTTP2 = false
}

/// Tells the header lines that libcurl hands over one by one apart: interim responses (1xx) are skipped, then comes
/// the response's own head, and whatever follows the body is trailers.
struct ResponseHeadParser: Sendable {
    enum Event: Sendable, Hashable {
        case head(ResponseHead)
        case trailer(HTTPHeaders.Field)
    }

    private var current: ResponseHead?
    /// Whether the response's own head was told.
    private(set) var isComplete = false

    /// - Parameter line: with or without its line end.
    mutating func read(_ line: some Collection<UInt8>) -> Event? {
        let text = String(decoding: line, as: UTF8.self).trimmed()
        if text.isEmpty {
            guard !isComplete, let head = current else { return nil }
            current = nil
            guard head.status >= 200 else { return nil }
            isComplete = true
            return .head(head)
        }
        if !isComplete, text.hasPrefix("HTTP/") {
            current = Self.statusLine(text)
            return nil
        }
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let field = HTTPHeaders.Field(
            String(text[..<colon]).trimmed(), String(text[text.index(after: colon)...]).trimmed())
        if isComplete { return .trailer(field) }
        current?.headers.fields.append(field)
        return nil
    }

    private static func statusLine(_ text: String) -> ResponseHead? {
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, let status = Int(parts[1]), (100...999).contains(status) else { return nil }
        return ResponseHead(status: status, isHTTP2: parts[0] == "HTTP/2" || parts[0] == "HTTP/2.0")
    }
}

extension String {
    /// Without the white space of HTTP's grammar at both ends.
    fileprivate func trimmed() -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        let start = utf8.firstIndex { !isSpace($0) } ?? utf8.endIndex
        let end = utf8.lastIndex { !isSpace($0) }.map { utf8.index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
