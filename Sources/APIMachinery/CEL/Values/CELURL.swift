/// A URL: absolute, or a path from the root, as Go's `url.ParseRequestURI` takes it.
struct CELURL: Sendable, Hashable {
    let text: String
    let scheme: String
    /// With the port.
    let host: String
    /// As written, with its escapes.
    let path: String
    let query: String

    init?(_ text: String) {
        guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else { return nil }
        self.text = text
        var rest = text[...]
        if let hash = rest.firstIndex(of: "#") { rest = rest[..<hash] }
        var query = ""
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        self.query = query
        var scheme = ""
        if let colon = rest.firstIndex(of: ":"), Self.isScheme(rest[..<colon]) {
            scheme = rest[..<colon].lowercased()
            rest = rest[rest.index(after: colon)...]
        }
        self.scheme = scheme
        guard !scheme.isEmpty || rest.hasPrefix("/") else { return nil }
        var host = ""
        if rest.hasPrefix("//"), !scheme.isEmpty || !rest.hasPrefix("///") {
            rest = rest.dropFirst(2)
            let authority = rest.prefix { $0 != "/" }
            rest = rest.dropFirst(authority.count)
            host = String(authority.split(separator: "@", omittingEmptySubsequences: false).last ?? "")
            guard Self.isHost(host) else { return nil }
        }
        self.host = host
        path = String(rest)
        guard Self.decoded(path) != nil else { return nil }
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    }

    private static func isHost(_ text: String) -> Bool {
        var port = Substring()
        if text.hasPrefix("[") {
            guard let end = text.lastIndex(of: "]") else { return false }
            port = text[text.index(after: end)...]
        } else if let colon = text.firstIndex(of: ":") {
            port = text[colon...]
        }
        guard port.isEmpty || port.hasPrefix(":") else { return false }
        return port.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
            && !text.contains { " <>\"\\^`{|}".contains($0) }
    }

    /// The host without its port and brackets.
    var hostname: String {
        if host.hasPrefix("["), let end = host.lastIndex(of: "]") {
            return String(host[host.index(after: host.startIndex)..<end])
        }
        return String(host.prefix { $0 != ":" })
    }

    var port: String {
        let tail = host.hasPrefix("[") ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
        return String(tail.dropFirst())
    }

    /// The values of the query, by key, in their order; parts that are no valid escape are left out.
    var queryValues: [(key: String, values: [String])] {
        var found: [(key: String, values: [String])] = []
        for pair in query.split(separator: "&") where !pair.contains(";") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Self.decoded(Self.spaced(parts[0])),
                let value = Self.decoded(parts.count == 2 ? Self.spaced(parts[1]) : "")
            else { continue }
            if let index = found.firstIndex(where: { $0.key == key }) {
                found[index].values.append(value)
            } else {
                found.append((key, [value]))
            }
        }
        return found
    }

    private static func spaced(_ text: Substring) -> String { String(text.map { $0 == "+" ? " " : $0 }) }

    /// Without percent escapes; nil when one is broken.
    private static func decoded(_ text: String) -> String? {
        guard text.contains("%") else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
