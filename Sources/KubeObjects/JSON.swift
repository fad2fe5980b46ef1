/// A JSON value, and so any Kubernetes object, kept whole: what we do not know is carried along untouched.
///
/// Integers stay integers (`Int64`), as `encoding/json` into Kubernetes types keeps them; every other number is a double.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])
}

extension JSON {
    package var isNull: Bool { self == .null }

    package var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The value as an integer; a double without a fraction counts, as the API server takes it.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }

    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    package var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var array: [JSON]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    package var object: [String: JSON]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// An array's strings; nil when this is no array or holds anything else.
    package var strings: [String]? {
        guard case .array(let items) = self else { return nil }
        var found: [String] = []
        found.reserveCapacity(items.count)
        for item in items {
            guard case .string(let text) = item else { return nil }
            found.append(text)
        }
        return found
    }

    /// An object whose values are all strings, such as labels; nil otherwise.
    package var stringMap: [String: String]? {
        guard case .object(let fields) = self else { return nil }
        var found: [String: String] = [:]
        found.reserveCapacity(fields.count)
        for (key, value) in fields {
            guard case .string(let text) = value else { return nil }
            found[key] = text
        }
        return found
    }

    /// A field of an object. Reading anything else gives nil. Writing into `null` makes an object of it; writing nil
    /// removes the field; writing into a scalar or an array replaces it, for the caller has decided what stands here.
    package subscript(key: String) -> JSON? {
        get {
            guard case .object(let fields) = self else { return nil }
            return fields[key]
        }
        set {
            var fields: [String: JSON] = [:]
            if case .object(let existing) = self {
                fields = existing
                self = .null  // let go of the storage, so that the write below is in place
            }
            fields[key] = newValue
            self = .object(fields)
        }
    }

    /// An element of an array; nil out of bounds or when this is no array.
    package subscript(index: Int) -> JSON? {
        guard case .array(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }

    /// A field some levels down. Writing makes the objects on the way; writing nil removes the last field and leaves
    /// the way as it was.
    package subscript(path path: [String]) -> JSON? {
        get {
            var here: JSON? = self
            for key in path { here = here?[key] }
            return here
        }
        set {
            guard let first = path.first else {
                self = newValue ?? .null
                return
            }
            let rest = Array(path.dropFirst())
            if rest.isEmpty {
                self[first] = newValue
            } else if newValue != nil || self[first] != nil {
                var child = self[first] ?? .object([:])
                self[first] = .null
                child[path: rest] = newValue
                self[first] = child
            }
        }
    }

    package subscript(path path: String...) -> JSON? {
        get { self[path: path] }
        set { self[path: path] = newValue }
    }
}

extension JSON {
    package init(_ value: String) { self = .string(value) }
    package init(_ value: Bool) { self = .bool(value) }
    package init(_ value: some BinaryInteger) { self = .integer(Int64(clamping: value)) }
    package init(_ values: [String]) { self = .array(values.map { .string($0) }) }
    package init(_ values: [String: String]) { self = .object(values.mapValues { .string($0) }) }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
