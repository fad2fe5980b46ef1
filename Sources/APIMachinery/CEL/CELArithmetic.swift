import KubeObjects

/// The operators.
enum CELArithmetic {
    static func apply(_ operation: CELOperator, _ left: CELValue, _ right: CELValue) throws(CELError) -> CELValue {
        switch operation {
        case .equal: return .bool(try CELValue.areEqual(left, right))
        case .notEqual: return .bool(try !CELValue.areEqual(left, right))
        case .memberOf: return .bool(try contains(right, left))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if isNaN(left) || isNaN(right) { throw CELError("NaN values cannot be ordered") }
            guard let order = CELValue.order(left, right) else { throw CELError.noSuchOverload }
            return switch operation {
            case .less: .bool(order == .before)
            case .lessOrEqual: .bool(order != .after)
            case .greater: .bool(order == .after)
            default: .bool(order != .before)
            }
        case .add: return try add(left, right)
        case .subtract: return try subtract(left, right)
        case .multiply, .divide, .remainder: return try product(operation, left, right)
        }
    }

    private static func isNaN(_ value: CELValue) -> Bool {
        if case .double(let number) = value { return number.isNaN }
        return false
    }

    private static func checked<Number>(
        _ result: (partialValue: Number, overflow: Bool), _ problem: String
    ) throws(CELError) -> Number {
        guard !result.overflow else { throw CELError(problem) }
        return result.partialValue
    }

    static func negate(_ value: CELValue) throws(CELError) -> CELValue {
        switch value {
        case .int(let number):
            return .int(try checked(Int64(0).subtractingReportingOverflow(number), "integer overflow"))
        case .double(let number): return .double(-number)
        case .duration(let span):
            return .duration(
                CELDuration(
                    nanoseconds: try checked(
                        Int64(0).subtractingReportingOverflow(span.nanoseconds), "duration overflow")))
        default: throw CELError.noSuchOverload
        }
    }

    static func contains(_ container: CELValue, _ value: CELValue) throws(CELError) -> Bool {
        switch container {
        case .list, .array:
            for item in try container.elements() ?? [] where try CELValue.areEqual(item, value) { return true }
            return false
        case .map, .object: return try container.lookUp(value) != nil
        default: throw CELError.noSuchOverload
        }
    }

    static func add(_ left: CELValue, _ right: CELValue) throws(CELError) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)):
            return .int(try checked(left.addingReportingOverflow(right), "integer overflow"))
        case (.uint(let left), .uint(let right)):
            return .uint(try checked(left.addingReportingOverflow(right), "unsigned integer overflow"))
        case (.double(let left), .double(let right)): return .double(left + right)
        case (.string(let left), .string(let right)): return .string(left + right)
        case (.bytes(let left), .bytes(let right)): return .bytes(left + right)
        case (.duration(let left), .duration(let right)):
            return .duration(
                CELDuration(
                    nanoseconds: try checked(
                        left.nanoseconds.addingReportingOverflow(right.nanoseconds), "duration overflow")))
        case (.timestamp(let moment), .duration(let span)), (.duration(let span), .timestamp(let moment)):
            return try shift(moment, by: span.nanoseconds)
        case (.array(let items, let schema), .list), (.array(let items, let schema), .array):
            return try append(right, to: items, schema)
        case (.list(let left), .list), (.list(let left), .array):
            return .list(left + (try right.elements() ?? []))
        default: throw CELError.noSuchOverload
        }
    }

    /// A set takes no item twice; a list-map replaces the item with the same keys; other lists grow.
    private static func append(
        _ added: CELValue, to items: [JSON], _ schema: StructuralSchema
    ) throws(CELError) -> CELValue {
        let values = try added.elements() ?? []
        let json = values.compactMap(\.json)
        guard json.count == values.count else {
            return .list((try CELValue.array(items, schema).elements() ?? []) + values)
        }
        var result = items
        for item in json {
            switch schema.listType {
            case "set": if !result.contains(item) { result.append(item) }
            case "map":
                if let old = schema.correlate(item, in: .array(result)), let index = result.firstIndex(of: old) {
                    result[index] = item
                } else {
                    result.append(item)
                }
            default: result.append(item)
            }
        }
        return .array(result, schema)
    }

    private static func shift(_ moment: CELTimestamp, by nanoseconds: Int64) throws(CELError) -> CELValue {
        let seconds = nanoseconds / 1_000_000_000
        let total = moment.nanoseconds + nanoseconds % 1_000_000_000
        guard let shifted = CELTimestamp(seconds: moment.seconds + seconds, nanoseconds: total) else {
            throw CELError("timestamp overflow")
        }
        return .timestamp(shifted)
    }

    private static func subtract(_ left: CELValue, _ right: CELValue) throws(CELError) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)):
            return .int(try checked(left.subtractingReportingOverflow(right), "integer overflow"))
        case (.uint(let left), .uint(let right)):
            return .uint(try checked(left.subtractingReportingOverflow(right), "unsigned integer overflow"))
        case (.double(let left), .double(let right)): return .double(left - right)
        case (.duration(let left), .duration(let right)):
            return .duration(
                CELDuration(
                    nanoseconds: try checked(
                        left.nanoseconds.subtractingReportingOverflow(right.nanoseconds), "duration overflow")))
        case (.timestamp(let moment), .duration(let span)):
            return try shift(
                moment,
                by: try checked(Int64(0).subtractingReportingOverflow(span.nanoseconds), "duration overflow"))
        case (.timestamp(let left), .timestamp(let right)):
            let seconds = try checked(
                (left.seconds - right.seconds).multipliedReportingOverflow(by: 1_000_000_000), "duration overflow")
            return .duration(
                CELDuration(
                    nanoseconds: try checked(
                        seconds.addingReportingOverflow(left.nanoseconds - right.nanoseconds), "duration overflow")))
        default: throw CELError.noSuchOverload
        }
    }

    private static func product(
        _ operation: CELOperator, _ left: CELValue, _ right: CELValue
    ) throws(CELError) -> CELValue {
        switch (operation, left, right) {
        case (.multiply, .int(let left), .int(let right)):
            return .int(try checked(left.multipliedReportingOverflow(by: right), "integer overflow"))
        case (.multiply, .uint(let left), .uint(let right)):
            return .uint(try checked(left.multipliedReportingOverflow(by: right), "unsigned integer overflow"))
        case (.multiply, .double(let left), .double(let right)): return .double(left * right)
        case (.divide, .double(let left), .double(let right)): return .double(left / right)
        case (.divide, .int(_), .int(0)), (.divide, .uint(_), .uint(0)): throw CELError("division by zero")
        case (.remainder, .int(_), .int(0)), (.remainder, .uint(_), .uint(0)): throw CELError("modulus by zero")
        case (.divide, .int(let left), .int(let right)):
            return .int(try checked(left.dividedReportingOverflow(by: right), "integer overflow"))
        case (.divide, .uint(let left), .uint(let right)): return .uint(left / right)
        case (.remainder, .int(let left), .int(let right)):
            return .int(try checked(left.remainderReportingOverflow(dividingBy: right), "integer overflow"))
        case (.remainder, .uint(let left), .uint(let right)): return .uint(left % right)
        default: throw CELError.noSuchOverload
        }
    }
}
