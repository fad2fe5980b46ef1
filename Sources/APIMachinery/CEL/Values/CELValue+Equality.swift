import KubeObjects

extension CELValue {
    /// CEL's `==`. Numbers are equal across their types; values of different types are not equal; the order of sets
    /// and list-maps does not count.
    static func areEqual(_ left: CELValue, _ right: CELValue) throws(CELError) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.string(let left), .string(let right)): return left == right
        case (.bytes(let left), .bytes(let right)): return left == right
        case (.duration(let left), .duration(let right)): return left == right
        case (.timestamp(let left), .timestamp(let right)): return left == right
        case (.type(let left), .type(let right)): return left == right
        case (.ip(let left), .ip(let right)): return left == right
        case (.cidr(let left), .cidr(let right)): return left == right
        case (.url(let left), .url(let right)): return left == right
        case (.quantity(let left), .quantity(let right)): return left == right
        case (.semver(let left), .semver(let right)): return left == right
        case (.format(let left), .format(let right)): return left == right
        case (.preserved(let left), .preserved(let right)): return left == right
        case (.optional(let left), .optional(let right)):
            guard let left, let right else { return left == nil && right == nil }
            return try areEqual(left, right)
        case (.array(let left, let schema), .array(let right, _)):
            return try areEqual(left, right, schema)
        case (.object(let left), .object(let right)): return try areEqual(left, right)
        case (.list, .list), (.list, .array), (.array, .list):
            let left = try left.elements() ?? []
            let right = try right.elements() ?? []
            guard left.count == right.count else { return false }
            for (one, other) in zip(left, right) where try !areEqual(one, other) { return false }
            return true
        case (.map, .map), (.map, .object), (.object, .map):
            let leftKeys = try left.elements() ?? []
            guard leftKeys.count == (try right.elements() ?? []).count else { return false }
            for key in leftKeys {
                guard let one = try left.lookUp(key), let other = try right.lookUp(key), try areEqual(one, other) else {
                    return false
                }
            }
            return true
        default: return order(left, right) == .same
        }
    }

    private static func areEqual(_ left: [JSON], _ right: [JSON], _ schema: StructuralSchema) throws(CELError) -> Bool {
        guard left.count == right.count else { return false }
        // Equal JSON under one schema is equal, whatever it means; this spares most comparisons of old and new.
        if left == right { return true }
        guard let items = schema.items else { return false }
        switch schema.listType {
        case "set": return Set(left) == Set(right)
        case "map":
            for item in right {
                guard let match = schema.correlate(item, in: .array(left)),
                    try areEqual(CELValue(match, items), CELValue(item, items))
                else { return false }
            }
            return true
        default:
            for (one, other) in zip(left, right) where try !areEqual(CELValue(one, items), CELValue(other, items)) {
                return false
            }
            return true
        }
    }

    private static func areEqual(_ left: CELObject, _ right: CELObject) throws(CELError) -> Bool {
        if left.fields == right.fields { return true }
        guard left.count == right.count else { return false }
        for (name, value) in left.fields {
            guard left.schema.schema(ofField: name) != nil else {
                if let other = right.fields[name], other != value { return false }
                continue
            }
            let key = left.hasNamedFields ? CELNames.escaped(name) ?? name : name
            switch (try left.find(key: key), try right.find(key: key)) {
            case (nil, nil): continue
            case (.some(let one), .some(let other)): if try !areEqual(one, other) { return false }
            default: return false
            }
        }
        return true
    }

    enum Order {
        case before
        case same
        case after
    }

    /// How two values that have an order compare; nil when these two have none.
    static func order(_ left: CELValue, _ right: CELValue) -> Order? {
        switch (left, right) {
        case (.int(let left), .int(let right)): order(of: left, right)
        case (.uint(let left), .uint(let right)): order(of: left, right)
        case (.double(let left), .double(let right)):
            left.isNaN || right.isNaN ? nil : order(of: left, right)
        case (.int(let left), .uint(let right)):
            UInt64(exactly: left).map { order(of: $0, right) } ?? .before
        case (.uint(let left), .int(let right)):
            UInt64(exactly: right).map { order(of: left, $0) } ?? .after
        case (.int(let left), .double(let right)): order(of: left, right)
        case (.double(let left), .int(let right)): order(of: right, left).map(\.reversed)
        case (.uint(let left), .double(let right)): order(of: left, right)
        case (.double(let left), .uint(let right)): order(of: right, left).map(\.reversed)
        case (.string(let left), .string(let right)): order(of: Array(left.utf8), Array(right.utf8))
        case (.bytes(let left), .bytes(let right)): order(of: left, right)
        case (.bool(let left), .bool(let right)): order(of: left ? 1 : 0, right ? 1 : 0)
        case (.duration(let left), .duration(let right)): order(of: left, right)
        case (.timestamp(let left), .timestamp(let right)): order(of: left, right)
        default: nil
        }
    }

    private static func order<Value: Comparable>(of left: Value, _ right: Value) -> Order {
        left < right ? .before : left == right ? .same : .after
    }

    private static func order(of left: [UInt8], _ right: [UInt8]) -> Order {
        left == right ? .same : left.lexicographicallyPrecedes(right) ? .before : .after
    }

    /// An integer beside a double, without losing digits of either.
    private static func order(of left: some FixedWidthInteger & Sendable, _ right: Double) -> Order? {
        if right.isNaN { return nil }
        if right >= 0x1p64 { return .before }
        if right < -0x1p63 { return .after }
        let whole = right.rounded(.towardZero)
        let fraction = right - whole
        if let exact = Int64(exactly: whole), let left = Int64(exactly: left) {
            return left == exact ? order(of: 0.0, fraction) : order(of: left, exact)
        }
        return order(of: Double(left), right)
    }
}

extension CELValue.Order {
    fileprivate var reversed: Self {
        switch self {
        case .before: .after
        case .same: .same
        case .after: .before
        }
    }
}

extension CELValue {
    /// The items of a list or the keys of a map; nil for anything else.
    func elements() throws(CELError) -> [CELValue]? {
        switch self {
        case .list(let items): return items
        case .array(let items, let schema):
            guard let itemSchema = schema.items else { return [] }
            var values: [CELValue] = []
            values.reserveCapacity(items.count)
            for item in items { values.append(try CELValue(item, itemSchema)) }
            return values
        case .map(let map): return map.keys
        case .object(let object): return object.keys.map { .string($0) }
        default: return nil
        }
    }

    /// What stands under a key of a map; nil when nothing does.
    func lookUp(_ key: CELValue) throws(CELError) -> CELValue? {
        switch (self, key) {
        case (.map(let map), _): return map[key]
        case (.object(let object), .string(let name)): return try object.find(key: name)
        case (.object, _): throw .noSuchOverload
        default: throw .noSuchOverload
        }
    }

    /// The value as JSON, for lists that a rule adds to the object's; nil for what JSON has no word for.
    var json: JSON? {
        switch self {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .int(let number): return .integer(number)
        case .double(let number): return .number(number)
        case .string(let text): return .string(text)
        case .array(let items, _): return .array(items)
        case .object(let object): return .object(object.fields)
        case .preserved(let json): return json
        default: return nil
        }
    }
}
