import KubeObjects

/// `ip`, `cidr` and what can be asked of them.
enum CELNetworks {
    static let functions: [CELFunction] = [
        CELFunction("ip", 1) { arguments throws(CELError) in .ip(try address(try CELStrings.string(arguments, 0))) },
        CELFunction("isIP", 1) { arguments throws(CELError) in
            .bool(parsedAddress(try CELStrings.string(arguments, 0)) != nil)
        },
        CELFunction("ip.isCanonical", 1) { arguments throws(CELError) in
            let text = try CELStrings.string(arguments, 0)
            return .bool(try address(text).description == text)
        },
        CELFunction("cidr", 1) { arguments throws(CELError) in .cidr(try prefix(try CELStrings.string(arguments, 0))) },
        CELFunction("isCIDR", 1) { arguments throws(CELError) in
            .bool(parsedNetwork(try CELStrings.string(arguments, 0)) != nil)
        },
    ]

    static let members: [CELFunction] = [
        CELFunction("family", 1) { arguments throws(CELError) in .int(try ip(arguments).isIPv4 ? 4 : 6) },
        test("isUnspecified", \.isUnspecified),
        test("isLoopback", \.isLoopback),
        test("isLinkLocalMulticast", \.isLinkLocalMulticast),
        test("isLinkLocalUnicast", \.isLinkLocalUnicast),
        test("isGlobalUnicast", \.isGlobalUnicast),
        CELFunction("containsIP", 2) { arguments throws(CELError) in
            let network = try cidr(arguments)
            switch arguments[1] {
            case .ip(let other): return .bool(network.contains(other))
            case .string(let text): return .bool(network.contains(try address(text)))
            default: throw CELError.noSuchOverload
            }
        },
        CELFunction("containsCIDR", 2) { arguments throws(CELError) in
            let network = try cidr(arguments)
            switch arguments[1] {
            case .cidr(let other): return .bool(network.contains(other))
            case .string(let text): return .bool(network.contains(try prefix(text)))
            default: throw CELError.noSuchOverload
            }
        },
        CELFunction("ip", 1) { arguments throws(CELError) in .ip(try cidr(arguments).address) },
        CELFunction("masked", 1) { arguments throws(CELError) in .cidr(try masked(try cidr(arguments))) },
        CELFunction("prefixLength", 1) { arguments throws(CELError) in .int(Int64(try cidr(arguments).prefixLength)) },
    ]

    private static func test(
        _ name: String, _ answer: @escaping @Sendable (IPAddress) -> Bool
    ) -> CELFunction {
        CELFunction(name, 1) { arguments throws(CELError) in .bool(answer(try ip(arguments))) }
    }

    private static func ip(_ arguments: [CELValue]) throws(CELError) -> IPAddress {
        guard case .ip(let address) = arguments[0] else { throw CELError.noSuchOverload }
        return address
    }

    private static func cidr(_ arguments: [CELValue]) throws(CELError) -> CIDR {
        guard case .cidr(let prefix) = arguments[0] else { throw CELError.noSuchOverload }
        return prefix
    }

    private static func masked(_ network: CIDR) throws(CELError) -> CIDR {
        guard let masked = CIDR("\(network.network)/\(network.prefixLength)") else { throw CELError.noSuchOverload }
        return masked
    }

    /// An IPv4 address in IPv6's clothes is none here: one address must not have two texts.
    private static func parsedAddress(_ text: String) -> IPAddress? {
        IPAddress(text).flatMap { $0.isMapped ? nil : $0 }
    }

    private static func parsedNetwork(_ text: String) -> CIDR? {
        CIDR(text).flatMap { $0.address.isMapped ? nil : $0 }
    }

    private static func address(_ text: String) throws(CELError) -> IPAddress {
        if let address = parsedAddress(text) { return address }
        if IPAddress(text) != nil {
            throw CELError("IPv4-mapped IPv6 address \(GoText.quoted(text)) is not allowed")
        }
        throw CELError(
            "IP Address \(GoText.quoted(text)) parse error during conversion from string: "
                + "ParseAddr(\(GoText.quoted(text))): unable to parse IP")
    }

    private static func prefix(_ text: String) throws(CELError) -> CIDR {
        if let prefix = parsedNetwork(text) { return prefix }
        throw CELError(
            "network address parse error during conversion from string: network address parse error during "
                + "conversion from string: netip.ParsePrefix(\(GoText.quoted(text))): "
                + (text.contains("/") ? "not a network address" : "no '/'"))
    }
}

/// What an address is good for.
extension IPAddress {
    fileprivate var isMapped: Bool {
        bytes.count == 16 && bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    }

    fileprivate var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    private var isMulticast: Bool { isIPv4 ? bytes[0] & 0xF0 == 0xE0 : bytes[0] == 0xFF }

    fileprivate var isLinkLocalMulticast: Bool {
        isIPv4 ? bytes.starts(with: [224, 0, 0]) : bytes[0] == 0xFF && bytes[1] & 0x0F == 0x02
    }

    fileprivate var isLinkLocalUnicast: Bool {
        isIPv4 ? bytes.starts(with: [169, 254]) : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    fileprivate var isGlobalUnicast: Bool {
        let isBroadcast = isIPv4 && bytes.allSatisfy { $0 == 255 }
        return !isBroadcast && !isUnspecified && !isLoopback && !isMulticast && !isLinkLocalUnicast
    }
}
