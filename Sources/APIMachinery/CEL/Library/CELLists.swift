/// List and set functions.
enum CELLists {
    /// The most numbers that `lists.range` makes; a rule's cost is known only afterwards.
    private static let rangeLimit: Int64 = 1_000_000

    static let functions: [CELFunction] = [
        CELFunction("lists.range", 1) { arguments throws(CELError) in
            let count = try CELStrings.int(arguments, 0)
            guard count <= rangeLimit else { throw CELError.costLimit }
            return .list((0..<max(0, count)).map { .int($0) })
        },
        CELFunction("sets.contains", 2) { arguments throws(CELError) in
            .bool(try isSubset(try items(arguments[1]), of: try items(arguments[0])))
        },
        CELFunction("sets.equivalent", 2) { arguments throws(CELError) in
            let left = try items(arguments[0])
            let right = try items(arguments[1])
            guard try isSubset(left, of: right) else { return .bool(false) }
            return .bool(try isSubset(right, of: left))
        },
        CELFunction("sets.intersects", 2) { arguments throws(CELError) in
            let right = try items(arguments[1])
            for item in try items(arguments[0]) where try contains(right, item) { return .bool(true) }
            return .bool(false)
        },
    ]

    static let members: [CELFunction] = [
        CELFunction("isSorted", 1) { arguments throws(CELError) in
            let items = try items(arguments[0])
            for (one, next) in zip(items, items.dropFirst()) {
                guard let order = CELValue.order(one, next) else { throw CELError.noSuchOverload }
                if order == .after { return .bool(false) }
            }
            return .bool(true)
        },
        CELFunction("sum", 1) { arguments throws(CELError) in
            let items = try items(arguments[0])
            guard var total = items.first else { return .int(0) }
            for item in items.dropFirst() { total = try CELArithmetic.add(total, item) }
            return total
        },
        CELFunction("min", 1) { arguments throws(CELError) in try extreme(arguments[0], "min", .after) },
        CELFunction("max", 1) { arguments throws(CELError) in try extreme(arguments[0], "max", .before) },
        CELFunction("indexOf", 2) { arguments throws(CELError) in
            for (index, item) in try items(arguments[0]).enumerated()
            where try CELValue.areEqual(item, arguments[1]) { return .int(Int64(index)) }
            return .int(-1)
        },
        CELFunction("lastIndexOf", 2) { arguments throws(CELError) in
            for (index, item) in try items(arguments[0]).enumerated().reversed()
            where try CELValue.areEqual(item, arguments[1]) { return .int(Int64(index)) }
            return .int(-1)
        },
        CELFunction("slice", 3) { arguments throws(CELError) in
            let items = try items(arguments[0])
            let start = Int(clamping: try CELStrings.int(arguments, 1))
            let end = Int(clamping: try CELStrings.int(arguments, 2))
            guard start >= 0, end >= 0 else {
                throw CELError("cannot slice(\(start), \(end)), negative indexes not supported")
            }
            guard start <= end else {
                throw CELError("cannot slice(\(start), \(end)), start index must be less than or equal to end index")
            }
            guard end <= items.count else {
                throw CELError("cannot slice(\(start), \(end)), list is length \(items.count)")
            }
            return .list(Array(items[start..<end]))
        },
        CELFunction("flatten", 1...2) { arguments throws(CELError) in
            let depth = arguments.count > 1 ? try CELStrings.int(arguments, 1) : 1
            guard depth >= 0 else { throw CELError("level must be non-negative") }
            return .list(try flatten(try items(arguments[0]), depth: depth))
        },
        CELFunction("sort", 1) { arguments throws(CELError) in
            let items = try items(arguments[0])
            return .list(try sortedIndices(items).map { items[$0] })
        },
        CELFunction("reverse", 1) { arguments throws(CELError) in .list(try items(arguments[0]).reversed()) },
        CELFunction("distinct", 1) { arguments throws(CELError) in
            var found: [CELValue] = []
            for item in try items(arguments[0]) where try !contains(found, item) { found.append(item) }
            return .list(found)
        },
        CELFunction("first", 1) { arguments throws(CELError) in .optional(try items(arguments[0]).first) },
        CELFunction("last", 1) { arguments throws(CELError) in .optional(try items(arguments[0]).last) },
    ]

    static func items(_ value: CELValue) throws(CELError) -> [CELValue] {
        guard !value.isMap, let items = try value.elements() else { throw CELError.noSuchOverload }
        return items
    }

    private static func contains(_ items: [CELValue], _ value: CELValue) throws(CELError) -> Bool {
        for item in items where try CELValue.areEqual(item, value) { return true }
        return false
    }

    private static func isSubset(_ items: [CELValue], of others: [CELValue]) throws(CELError) -> Bool {
        for item in items where try !contains(others, item) { return false }
        return true
    }

    /// The item that no other stands on the given side of.
    private static func extreme(
        _ list: CELValue, _ name: String, _ replaces: CELValue.Order
    ) throws(CELError) -> CELValue {
        let items = try items(list)
        guard var best = items.first else { throw CELError("\(name) called on empty list") }
        for item in items.dropFirst() {
            guard let order = CELValue.order(best, item) else { throw CELError.noSuchOverload }
            if order == replaces { best = item }
        }
        return best
    }

    private static func flatten(_ items: [CELValue], depth: Int64) throws(CELError) -> [CELValue] {
        guard depth > 0 else { return items }
        var result: [CELValue] = []
        for item in items {
            switch item {
            case .list, .array: result += try flatten(try self.items(item), depth: depth - 1)
            default: result.append(item)
            }
        }
        return result
    }

    /// The positions of the values, least first, equal ones in their order.
    static func sortedIndices(_ values: [CELValue]) throws(CELError) -> [Int] {
        for (one, next) in zip(values, values.dropFirst()) where CELValue.order(one, next) == nil {
            throw CELError("list elements must be comparable")
        }
        return values.indices.sorted { left, right in
            switch CELValue.order(values[left], values[right]) {
            case .before: true
            case .after: false
            case .same, nil: left < right
            }
        }
    }
}
