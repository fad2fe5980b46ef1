/// `ip`, `cidr` and what can be asked of them.
enum CELNetworks {
    static let functions: [CELFunction] = [
        CELFunction("ip", 1) { arguments throws(CELError) in .ip(try address(try CELStrings.string(arguments, 0))) },
        CELFunction("isIP", 1) { arguments throws(CELError) in
            .bool(NetworkAddress(try CELStrings.string(arguments, 0)) != nil)
        },
        CELFunction("ip.isCanonical", 1) { arguments throws(CELError) in
            let text = try CELStrings.string(arguments, 0)
            return .bool(try address(text).description == text)
        },
        CELFunction("cidr", 1) { arguments throws(CELError) in .cidr(try prefix(try CELStrings.string(arguments, 0))) },
        CELFunction("isCIDR", 1) { arguments throws(CELError) in
            .bool(NetworkPrefix(try CELStrings.string(arguments, 0)) != nil)
        },
    ]

    static let members: [CELFunction] = [
        CELFunction("family", 1) { arguments throws(CELError) in .int(try ip(arguments).isVersion4 ? 4 : 6) },
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
        CELFunction("masked", 1) { arguments throws(CELError) in .cidr(try cidr(arguments).masked) },
        CELFunction("prefixLength", 1) { arguments throws(CELError) in .int(Int64(try cidr(arguments).length)) },
    ]

    private static func test(
        _ name: String, _ answer: @escaping @Sendable (NetworkAddress) -> Bool
    ) -> CELFunction {
        CELFunction(name, 1) { arguments throws(CELError) in .bool(answer(try ip(arguments))) }
    }

    private static func ip(_ arguments: [CELValue]) throws(CELError) -> NetworkAddress {
        guard case .ip(let address) = arguments[0] else { throw CELError.noSuchOverload }
        return address
    }

    private static func cidr(_ arguments: [CELValue]) throws(CELError) -> NetworkPrefix {
        guard case .cidr(let prefix) = arguments[0] else { throw CELError.noSuchOverload }
        return prefix
    }

    private static func address(_ text: String) throws(CELError) -> NetworkAddress {
        if let address = NetworkAddress(text) { return address }
        if NetworkAddress(text, style: .netParse) != nil, text.contains(":") {
            throw CELError("IPv4-mapped IPv6 address \(GoText.quoted(text)) is not allowed")
        }
        throw CELError(
            "IP Address \(GoText.quoted(text)) parse error during conversion from string: "
                + "ParseAddr(\(GoText.quoted(text))): unable to parse IP")
    }

    private static func prefix(_ text: String) throws(CELError) -> NetworkPrefix {
        if let prefix = NetworkPrefix(text) { return prefix }
        throw CELError(
            "network address parse error during conversion from string: network address parse error during "
                + "conversion from string: netip.ParsePrefix(\(GoText.quoted(text))): "
                + (text.contains("/") ? "not a network address" : "no '/'"))
    }
}
