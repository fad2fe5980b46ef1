/// Optional values.
enum CELOptionals {
    static let functions: [CELFunction] = [
        CELFunction("optional.of", 1) { arguments in .optional(arguments[0]) },
        CELFunction("optional.none", 0) { _ in .none },
        CELFunction("optional.ofNonZeroValue", 1) { arguments in
            isZero(arguments[0]) ? .none : .optional(arguments[0])
        },
        CELFunction("optional.unwrap", 1) { arguments throws(CELError) in try unwrap(arguments[0]) },
    ]

    static let members: [CELFunction] = [
        CELFunction("hasValue", 1) { arguments throws(CELError) in .bool(try content(arguments[0]) != nil) },
        CELFunction("value", 1) { arguments throws(CELError) in
            guard let value = try content(arguments[0]) else { throw CELError("optional.none() dereference") }
            return value
        },
        CELFunction("or", 2) { arguments throws(CELError) in
            guard case .optional = arguments[1] else { throw CELError.noSuchOverload }
            return try content(arguments[0]) == nil ? arguments[1] : arguments[0]
        },
        CELFunction("orValue", 2) { arguments throws(CELError) in try content(arguments[0]) ?? arguments[1] },
        CELFunction("unwrapOpt", 1) { arguments throws(CELError) in try unwrap(arguments[0]) },
    ]

    private static func content(_ value: CELValue) throws(CELError) -> CELValue? {
        guard case .optional(let content) = value else { throw CELError.noSuchOverload }
        return content
    }

    private static func unwrap(_ list: CELValue) throws(CELError) -> CELValue {
        var values: [CELValue] = []
        for item in try CELLists.items(list) {
            if let value = try content(item) { values.append(value) }
        }
        return .list(values)
    }

    private static func isZero(_ value: CELValue) -> Bool {
        switch value {
        case .null: true
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .uint(let number): number == 0
        case .double(let number): number == 0
        case .duration(let span): span.nanoseconds == 0
        case .string, .bytes, .list, .array, .map, .object: value.size == 0
        default: false
        }
    }
}
