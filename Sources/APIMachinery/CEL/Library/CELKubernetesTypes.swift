/// URLs, quantities, named formats and semantic versions.
enum CELKubernetesTypes {
    static let functions: [CELFunction] =
        [
            CELFunction("url", 1) { arguments throws(CELError) in
                let text = try CELStrings.string(arguments, 0)
                guard let url = CELURL(text) else {
                    throw CELError(
                        "URL parse error during conversion from string: parse \(GoText.quoted(text)): invalid URI for "
                            + "request")
                }
                return .url(url)
            },
            CELFunction("isURL", 1) { arguments throws(CELError) in
                .bool(CELURL(try CELStrings.string(arguments, 0)) != nil)
            },
            CELFunction("quantity", 1) { arguments throws(CELError) in
                guard let quantity = CELQuantity(try CELStrings.string(arguments, 0)) else {
                    throw CELError(
                        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
                }
                return .quantity(quantity)
            },
            CELFunction("isQuantity", 1) { arguments throws(CELError) in
                .bool(CELQuantity(try CELStrings.string(arguments, 0)) != nil)
            },
            CELFunction("semver", 1...2) { arguments throws(CELError) in
                let text = try CELStrings.string(arguments, 0)
                guard let version = CELSemanticVersion(text, normalized: try isNormalized(arguments)) else {
                    throw CELError("\(GoText.quoted(text)) is not a semantic version")
                }
                return .semver(version)
            },
            CELFunction("isSemver", 1...2) { arguments throws(CELError) in
                let text = try CELStrings.string(arguments, 0)
                return .bool(CELSemanticVersion(text, normalized: try isNormalized(arguments)) != nil)
            },
            CELFunction("format.named", 1) { arguments throws(CELError) in
                .optional(CELNamedFormat(rawValue: try CELStrings.string(arguments, 0)).map { .format($0) })
            },
        ]
        + CELNamedFormat.allCases.map { format in
            CELFunction("format.\(format.rawValue)", 0) { _ in .format(format) }
        }

    static let members: [CELFunction] = [
        url("getScheme", \.scheme),
        url("getHost", \.host),
        url("getHostname", \.hostname),
        url("getPort", \.port),
        url("getEscapedPath", \.path),
        CELFunction("getQuery", 1) { arguments throws(CELError) in
            guard case .url(let url) = arguments[0] else { throw CELError.noSuchOverload }
            var map = CELMap()
            for (key, values) in url.queryValues {
                try map.insert(.list(values.map { .string($0) }), for: .string(key))
            }
            return .map(map)
        },
        CELFunction("validate", 2) { arguments throws(CELError) in
            guard case .format(let format) = arguments[0] else { throw CELError.noSuchOverload }
            let problems = format.problems(of: try CELStrings.string(arguments, 1))
            return .optional(problems.isEmpty ? nil : .list(problems.map { .string($0) }))
        },
        CELFunction("isInteger", 1) { arguments throws(CELError) in .bool(try quantity(arguments, 0).integer != nil) },
        CELFunction("asInteger", 1) { arguments throws(CELError) in
            guard let integer = try quantity(arguments, 0).integer else {
                throw CELError("cannot convert value to integer")
            }
            return .int(integer)
        },
        CELFunction("asApproximateFloat", 1) { arguments throws(CELError) in
            .double(try quantity(arguments, 0).approximate)
        },
        CELFunction("sign", 1) { arguments throws(CELError) in
            .int(Int64(try quantity(arguments, 0).billionths.signum()))
        },
        CELFunction("add", 2) { arguments throws(CELError) in try shifted(arguments, by: 1) },
        CELFunction("sub", 2) { arguments throws(CELError) in try shifted(arguments, by: -1) },
        CELFunction("isGreaterThan", 2) { arguments throws(CELError) in .bool(try comparison(arguments) > 0) },
        CELFunction("isLessThan", 2) { arguments throws(CELError) in .bool(try comparison(arguments) < 0) },
        CELFunction("compareTo", 2) { arguments throws(CELError) in .int(try comparison(arguments)) },
        version("major", \.major),
        version("minor", \.minor),
        version("patch", \.patch),
    ]

    private static func isNormalized(_ arguments: [CELValue]) throws(CELError) -> Bool {
        guard arguments.count > 1 else { return false }
        guard case .bool(let flag) = arguments[1] else { throw CELError.noSuchOverload }
        return flag
    }

    private static func url(_ name: String, _ part: @escaping @Sendable (CELURL) -> String) -> CELFunction {
        CELFunction(name, 1) { arguments throws(CELError) in
            guard case .url(let url) = arguments[0] else { throw CELError.noSuchOverload }
            return .string(part(url))
        }
    }

    private static func version(
        _ name: String, _ part: @escaping @Sendable (CELSemanticVersion) -> Int64
    ) -> CELFunction {
        CELFunction(name, 1) { arguments throws(CELError) in
            guard case .semver(let version) = arguments[0] else { throw CELError.noSuchOverload }
            return .int(part(version))
        }
    }

    private static func quantity(_ arguments: [CELValue], _ index: Int) throws(CELError) -> CELQuantity {
        guard case .quantity(let quantity) = arguments[index] else { throw CELError.noSuchOverload }
        return quantity
    }

    private static func shifted(_ arguments: [CELValue], by sign: Int128) throws(CELError) -> CELValue {
        let other: CELQuantity =
            if case .int(let whole) = arguments[1] { CELQuantity(whole) } else { try quantity(arguments, 1) }
        let (sum, overflow) = try quantity(arguments, 0).billionths.addingReportingOverflow(sign * other.billionths)
        guard !overflow else { throw CELError("quantity overflow") }
        return .quantity(CELQuantity(billionths: sum))
    }

    private static func comparison(_ arguments: [CELValue]) throws(CELError) -> Int64 {
        func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Int64 {
            left < right ? -1 : right < left ? 1 : 0
        }
        return switch (arguments[0], arguments[1]) {
        case (.quantity(let left), .quantity(let right)): compare(left, right)
        case (.semver(let left), .semver(let right)): compare(left, right)
        default: throw CELError.noSuchOverload
        }
    }
}
