/// Fields and indices.
enum CELAccess {
    /// `base.field` and `base.?field`. On an optional, both give an optional.
    static func select(_ field: CELFieldName, from base: CELValue, isOptional: Bool) throws(CELError) -> CELValue {
        if case .optional(let content) = base {
            guard let content, let value = try find(field, in: content) else { return .none }
            return .optional(value)
        }
        if isOptional { return .optional(try find(field, in: base)) }
        guard let value = try find(field, in: base) else { throw CELError.noSuchKey(field.written) }
        return value
    }

    static func has(_ field: CELFieldName, in base: CELValue) throws(CELError) -> Bool {
        if case .optional(let content) = base {
            guard let content else { return false }
            return try has(field, in: content)
        }
        if case .object(let object) = base { return object.has(field) }
        return try find(field, in: base) != nil
    }

    private static func find(_ field: CELFieldName, in base: CELValue) throws(CELError) -> CELValue? {
        switch base {
        case .object(let object): return try object.find(field)
        case .map(let map): return map[.string(field.written)]
        default: throw CELError.noSuchOverload
        }
    }

    /// `base[index]` and `base[?index]`. On an optional, both give an optional.
    static func index(_ index: CELValue, in base: CELValue, isOptional: Bool) throws(CELError) -> CELValue {
        if case .optional(let content) = base {
            guard let content else { return .none }
            return .optional(try find(index, in: content))
        }
        if isOptional { return .optional(try find(index, in: base)) }
        if let value = try find(index, in: base) { return value }
        switch base {
        case .list, .array: throw CELError("index out of bounds: \(index.text ?? "")")
        default: throw CELError.noSuchKey(index.text ?? index.typeName)
        }
    }

    private static func find(_ index: CELValue, in base: CELValue) throws(CELError) -> CELValue? {
        switch base {
        case .list(let items):
            let position = try position(index)
            return items.indices.contains(position) ? items[position] : nil
        case .array(let items, let schema):
            let position = try position(index)
            guard items.indices.contains(position), let itemSchema = schema.items else { return nil }
            return try CELValue(items[position], itemSchema)
        case .map, .object: return try base.lookUp(index)
        default: throw CELError.noSuchOverload
        }
    }

    private static func position(_ index: CELValue) throws(CELError) -> Int {
        switch index {
        case .int(let number): return Int(clamping: number)
        case .uint(let number): return Int(clamping: number)
        case .double(let number):
            if let whole = Int(exactly: number) { return whole }
        default: break
        }
        throw CELError("unsupported index type '\(index.typeName)' in list")
    }
}
