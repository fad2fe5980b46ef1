/// An IPv4 or IPv6 address, as its bytes in network order.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Four or sixteen.
    package let bytes: [UInt8]

    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Dotted decimal without leading zeros (Go refuses them since they read as octal elsewhere), or RFC 4291 text;
    /// zones are refused.
    package init?(_ text: String) {
        guard let parsed = text.contains(":") ? Self.version6(text) : Self.version4(text) else {
            return nil
        }
        bytes = parsed
    }

    package var isIPv4: Bool { bytes.count == 4 }
    package var isLoopback: Bool {
        isIPv4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    package var isLinkLocal: Bool {
        isIPv4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    /// 0.0.0.0 and ::, which stand for no address, or for any.
    package var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// What an IPv6 address stands for that carries an IPv4 one (RFC 4291, 2.5.5.2); any other address is its own.
    package var unmapped: IPAddress {
        guard bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return self
        }
        return IPAddress(bytes: Array(bytes[12...])) ?? self
    }

    private static func version4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), part == "0" || !part.hasPrefix("0"),
                let value = UInt8(part)
            else { return nil }
            bytes.append(value)
        }
        return bytes
    }

    private static func version6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2, !text.contains(":::") else { return nil }
        var sides: [[UInt8]] = []
        for (index, half) in halves.enumerated() {
            var side: [UInt8] = []
            let groups = half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false)
            for (place, group) in groups.enumerated() {
                if group.contains(".") {
                    guard place == groups.count - 1, index == halves.count - 1, let tail = version4(group) else {
                        return nil
                    }
                    side += tail
                } else {
                    guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy({ isHexadecimal($0) }),
                        let value = UInt16(group, radix: 16)
                    else { return nil }
                    side += [UInt8(value >> 8), UInt8(value & 0xFF)]
                }
            }
            sides.append(side)
        }
        if sides.count == 1 { return sides[0].count == 16 ? sides[0] : nil }
        let given = sides[0].count + sides[1].count
        guard given <= 14 else { return nil }
        return sides[0] + [UInt8](repeating: 0, count: 16 - given) + sides[1]
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// Canonical: dotted decimal, or RFC 5952.
    package var description: String {
        if isIPv4 { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count, end - start >= 2 { best = start..<end }
            start = max(end, start + 1)
        }
        let text = { (groups: ArraySlice<UInt16>) in groups.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty
            ? text(groups[...]) : "\(text(groups[..<best.lowerBound]))::\(text(groups[best.upperBound...]))"
    }

    /// The address `offset` further on; nil past the end of its family.
    package func advanced(by offset: Int) -> IPAddress? {
        var bytes = bytes
        var carry = offset
        for index in bytes.indices.reversed() where carry != 0 {
            let sum = Int(bytes[index]) + carry
            bytes[index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        return carry == 0 ? IPAddress(bytes: bytes) : nil
    }
}

/// A network: an address and how many of its leading bits name it.
package struct CIDR: Sendable, Hashable, CustomStringConvertible {
    /// As written: host bits may be set.
    package let address: IPAddress
    package let prefixLength: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), parts[1] == "0" || !parts[1].hasPrefix("0"),
            let length = Int(parts[1]), length <= address.bytes.count * 8
        else { return nil }
        self.address = address
        prefixLength = length
    }

    package var isIPv4: Bool { address.isIPv4 }

    /// The first address: host bits cleared.
    package var network: IPAddress {
        let bytes = address.bytes.enumerated().map { index, byte in byte & mask(index) }
        return IPAddress(bytes: bytes) ?? address
    }

    private func mask(_ index: Int) -> UInt8 {
        let bits = min(max(prefixLength - index * 8, 0), 8)
        return bits == 0 ? 0 : 0xFF << UInt8(8 - bits)
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.bytes.count == address.bytes.count
            && zip(network.bytes, other.bytes).enumerated().allSatisfy { $1.0 == $1.1 & mask($0) }
    }

    package func contains(_ other: CIDR) -> Bool { other.prefixLength >= prefixLength && contains(other.network) }

    /// The n-th address of the network, counted from 0 at `network`; nil outside of it.
    package func address(at index: Int) -> IPAddress? {
        guard index >= 0, let found = network.advanced(by: index), contains(found) else { return nil }
        return found
    }

    /// As it was written, the address in canonical text.
    package var description: String { "\(address)/\(prefixLength)" }
}
