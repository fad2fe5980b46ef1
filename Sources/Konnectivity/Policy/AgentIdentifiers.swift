/// What a server may find this agent by: it compares the host of a dial with `host`, `ipv4` and `ipv6`, character by
/// character (strategy `destHost`).
package struct AgentIdentifiers: Sendable, Hashable {
    package var hosts: [String]
    package var ipv4: [String]
    package var ipv6: [String]
    /// Parsed by servers and used by none of their strategies.
    package var ranges: [String]
    /// Whether this agent takes what no other identifier matches (strategy `defaultRoute`).
    package var isDefaultRoute: Bool

    package init(
        hosts: [String] = [], ipv4: [String] = [], ipv6: [String] = [], ranges: [String] = [],
        isDefaultRoute: Bool = false
    ) {
        self.hosts = hosts
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.ranges = ranges
        self.isDefaultRoute = isDefaultRoute
    }

    /// Reads the form of `--agent-identifiers`: a URL's query. Upstream's agent refuses kinds it does not know, and so
    /// does this.
    package init(parsing text: String) throws(TunnelError) {
        self.init()
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = QueryText.decoded(parts[0]), let value = QueryText.decoded(parts.count > 1 ? parts[1] : "")
            else {
                throw TunnelError(.invalidConfiguration, "agent identifier \"\(pair)\": a broken percent escape")
            }
            switch key {
            case "host": hosts.append(value)
            case "ipv4": ipv4.append(value)
            case "ipv6": ipv6.append(value)
            case "cidr": ranges.append(value)
            case "default-route": if Self.trueWords.contains(value) { isDefaultRoute = true }
            default:
                throw TunnelError(
                    .invalidConfiguration,
                    "agent identifier \"\(key)\": unknown; there are host, ipv4, ipv6, cidr and default-route")
            }
        }
    }

    /// What Go's `strconv.ParseBool` takes for true.
    private static let trueWords: Set<String> = ["1", "t", "T", "true", "TRUE", "True"]

    /// The value of the `agentIdentifiers` header.
    package var query: String {
        var pairs = hosts.map { ("host", $0) } + ipv4.map { ("ipv4", $0) } + ipv6.map { ("ipv6", $0) }
        pairs += ranges.map { ("cidr", $0) }
        if isDefaultRoute { pairs.append(("default-route", "true")) }
        return pairs.map { "\($0.0)=\(QueryText.encoded($0.1))" }.joined(separator: "&")
    }

    /// Whether a server that looks for the destination's own agent finds this one for a dial to `address`.
    package func matches(dialOf address: String) -> Bool {
        let host = Self.destinationHost(of: address)
        return hosts.contains(host) || ipv4.contains(host) || ipv6.contains(host)
    }

    /// The host that upstream's server takes from a dial's address. It cuts at the last colon where there is one colon
    /// or a bracket, so `[fd00::1]` without a port becomes `fd00:`; that is how it is compared, so that is how we do it.
    static func destinationHost(of address: String) -> String {
        guard let colon = address.lastIndex(of: ":") else { return address }
        let hasBracket = address.contains("[")
        guard hasBracket || address.firstIndex(of: ":") == colon else { return address }
        let host = address[..<colon]
        return hasBracket ? String(host.filter { $0 != "[" && $0 != "]" }) : String(host)
    }
}

/// Percent encoding as in a URL's query.
enum QueryText {
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count < 2 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }

    /// Nil for a broken escape, or when the result is not UTF-8.
    static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let high = hexDigit(rest.removeFirst()), let low = hexDigit(rest.removeFirst())
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
