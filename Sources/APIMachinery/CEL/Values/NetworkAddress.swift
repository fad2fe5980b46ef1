/// An IP address, version 4 or 6.
struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// Who is asked whether a text is an address.
    enum Style {
        /// Go's `net/netip`, which CEL uses: no zeros in front, and here no zones and no IPv4 mapped into IPv6.
        case strict
        /// Go's `net.ParseIP` in the lenient form that Kubernetes' formats use.
        case netParse
    }

    /// 4 or 16 bytes, first to last.
    let bytes: [UInt8]

    var isVersion4: Bool { bytes.count == 4 }

    init(bytes: [UInt8]) { self.bytes = bytes }

    init?(_ text: String, style: Style = .strict) {
        if text.contains(":") {
            guard let bytes = Self.version6(text, style) else { return nil }
            let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            guard style == .netParse || !isMapped else { return nil }
            self.bytes = bytes
        } else {
            guard let bytes = Self.version4(text[...], style) else { return nil }
            self.bytes = bytes
        }
    }

    private static func version4(_ text: Substring, _ style: Style) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byte = UInt8(part),
                style == .netParse || part.count == 1 || !part.hasPrefix("0")
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func version6(_ text: String, _ style: Style) -> [UInt8]? {
        var halves: [Substring] = [text[...]]
        if let gap = text.firstRange(of: "::") {
            halves = [text[..<gap.lowerBound], text[gap.upperBound...]]
            if halves[1].contains("::") { return nil }
        }
        var groups: [[UInt8]] = []
        for (index, half) in halves.enumerated() {
            guard let bytes = Self.groups(half, mayEndInVersion4: index == halves.count - 1, style) else { return nil }
            groups.append(bytes)
        }
        guard groups.count == 2 else { return groups[0].count == 16 ? groups[0] : nil }
        let missing = 16 - groups[0].count - groups[1].count
        guard missing >= 2 else { return nil }
        return groups[0] + Array(repeating: 0, count: missing) + groups[1]
    }

    private static func groups(_ text: Substring, mayEndInVersion4: Bool, _ style: Style) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if part.contains(".") {
                guard mayEndInVersion4, index == parts.count - 1, let tail = version4(part, style) else { return nil }
                bytes += tail
            } else {
                guard (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16), !part.hasPrefix("+")
                else {
                    return nil
                }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes
    }

    /// The canonical text (RFC 5952).
    var description: String {
        guard !isVersion4 else { return bytes.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var gap = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, gap.count) { gap = start..<end }
            start = max(end, start + 1)
        }
        func text(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        return gap.isEmpty
            ? text(groups[...]) : "\(text(groups[..<gap.lowerBound]))::\(text(groups[gap.upperBound...]))"
    }

    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    var isLoopback: Bool { isVersion4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1 }

    var isMulticast: Bool { isVersion4 ? bytes[0] & 0xF0 == 0xE0 : bytes[0] == 0xFF }

    var isLinkLocalMulticast: Bool {
        isVersion4 ? bytes.starts(with: [224, 0, 0]) : bytes[0] == 0xFF && bytes[1] & 0x0F == 0x02
    }

    var isLinkLocalUnicast: Bool {
        isVersion4 ? bytes.starts(with: [169, 254]) : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    var isGlobalUnicast: Bool {
        let isBroadcast = isVersion4 && bytes.allSatisfy { $0 == 255 }
        return !isBroadcast && !isUnspecified && !isLoopback && !isMulticast && !isLinkLocalUnicast
    }
}

/// An address with the length of its network part, such as `10.0.0.1/8`.
struct NetworkPrefix: Sendable, Hashable, CustomStringConvertible {
    let address: NetworkAddress
    let length: Int

    init?(_ text: String, style: NetworkAddress.Style = .strict) {
        guard let slash = text.lastIndex(of: "/"), let address = NetworkAddress(String(text[..<slash]), style: style)
        else {
            return nil
        }
        let digits = text[text.index(after: slash)...]
        guard !digits.isEmpty, digits.count <= 3, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(digits), length <= address.bytes.count * 8,
            style == .netParse || digits.count == 1 || !digits.hasPrefix("0")
        else { return nil }
        self.address = address
        self.length = length
    }

    private init(_ address: NetworkAddress, length: Int) {
        self.address = address
        self.length = length
    }

    var description: String { "\(address)/\(length)" }

    /// With the host part cleared.
    var masked: NetworkPrefix {
        var bytes = address.bytes
        for index in bytes.indices { bytes[index] &= Self.mask(length - index * 8) }
        return NetworkPrefix(NetworkAddress(bytes: bytes), length: length)
    }

    private static func mask(_ bits: Int) -> UInt8 {
        bits <= 0 ? 0 : bits >= 8 ? 0xFF : UInt8(truncatingIfNeeded: 0xFF00 >> bits)
    }

    func contains(_ other: NetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return address.bytes.indices.allSatisfy {
            (address.bytes[$0] ^ other.bytes[$0]) & Self.mask(length - $0 * 8) == 0
        }
    }

    func contains(_ other: NetworkPrefix) -> Bool { length <= other.length && contains(other.address) }
}
