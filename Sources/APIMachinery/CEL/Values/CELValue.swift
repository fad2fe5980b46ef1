import KubeObjects

/// A value while a rule runs.
///
/// What comes from the object stays JSON with its schema beside it, and becomes a value of CEL's only when the rule
/// looks at it: a rule over one field of a large object costs what that field costs.
enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case duration(CELDuration)
    case timestamp(CELTimestamp)
    /// A list that the rule made.
    case list([CELValue])
    /// A map that the rule made.
    case map(CELMap)
    /// A list of the object's.
    case array([JSON], StructuralSchema)
    /// An object, or a map, of the object's.
    case object(CELObject)
    /// Below x-kubernetes-preserve-unknown-fields, where only equality can be asked.
    case preserved(JSON)
    case type(String)
    indirect case optional(CELValue?)
    case ip(IPAddress)
    case cidr(CIDR)
    case url(CELURL)
    case quantity(CELQuantity)
    case format(CELNamedFormat)
    case semver(CELSemanticVersion)
    /// A pattern that stood in the rule, compiled with it.
    case expression(RegularExpression)

    static let none = CELValue.optional(nil)

    static let typeNames: Set<String> = [
        "bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "string", "timestamp", "type",
        "uint", "optional_type",
    ]

    /// The name of the value's type, as `type()` and messages give it.
    var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string, .expression: "string"
        case .bytes: "bytes"
        case .duration: "google.protobuf.Duration"
        case .timestamp: "google.protobuf.Timestamp"
        case .list, .array: "list"
        case .map, .object: "map"
        case .preserved: "unknown"
        case .type: "type"
        case .optional: "optional_type"
        case .ip: "net.IP"
        case .cidr: "net.CIDR"
        case .url: "kubernetes.URL"
        case .quantity: "kubernetes.Quantity"
        case .format: "kubernetes.NamedFormat"
        case .semver: "kubernetes.Semver"
        }
    }
}

/// Why a rule could not be evaluated, in cel-go's words.
struct CELError: Error, Sendable, Hashable {
    let message: String
    /// Whether the rule was stopped for what it costs; nothing may absorb such an error.
    var isCostLimit = false

    init(_ message: String) { self.message = message }

    static let noSuchOverload = CELError("no such overload")

    static func noSuchKey(_ key: String) -> CELError { CELError("no such key: \(key)") }

    static let costLimit: CELError = {
        var error = CELError("operation cancelled: actual cost limit exceeded")
        error.isCostLimit = true
        return error
    }()
}

/// A map that a rule made: its keys are bools, numbers or strings, and stay in their order.
struct CELMap: Sendable {
    private(set) var keys: [CELValue] = []
    private var values: [CELMapKey: CELValue] = [:]

    var count: Int { keys.count }

    subscript(key: CELValue) -> CELValue? { CELMapKey(key).flatMap { values[$0] } }

    /// Fails for a key that is there already or cannot be one.
    mutating func insert(_ value: CELValue, for key: CELValue) throws(CELError) {
        guard self[key] == nil else { throw CELError("insert failed: key \(key.text ?? "") already exists") }
        try set(value, for: key)
    }

    /// As a map literal does: of a key that is given twice the last value stands.
    mutating func set(_ value: CELValue, for key: CELValue) throws(CELError) {
        guard let mapKey = CELMapKey(key) else { throw CELError("unsupported key type: \(key.typeName)") }
        if values.updateValue(value, forKey: mapKey) == nil { keys.append(key) }
    }
}

/// A map's key. Whole numbers are one key whatever their type.
struct CELMapKey: Hashable, Sendable {
    private enum Content: Hashable {
        case bool(Bool)
        case signed(Int64)
        case unsigned(UInt64)
        case string(String)
    }

    private let content: Content

    init?(_ value: CELValue) {
        switch value {
        case .bool(let flag): content = .bool(flag)
        case .int(let number): content = .signed(number)
        case .uint(let number): content = Int64(exactly: number).map(Content.signed) ?? .unsigned(number)
        case .double(let number):
            guard let whole = Int64(exactly: number) else { return nil }
            content = .signed(whole)
        case .string(let text): content = .string(text)
        default: return nil
        }
    }
}

/// An object of the stored object's, seen through its schema: fields that the schema does not name are not there.
struct CELObject: Sendable {
    let fields: [String: JSON]
    let schema: StructuralSchema

    /// Whether fields are selected by escaped names; otherwise the object is a map and its keys are plain.
    var hasNamedFields: Bool { !schema.properties.isEmpty }

    var count: Int { fields.count }

    /// The value of a field, by its name as the rule wrote it.
    func find(_ name: CELFieldName) throws(CELError) -> CELValue? {
        try find(property: hasNamedFields ? name.property : name.written)
    }

    /// Whether a field is there, by its name as the rule wrote it; its value is not looked at.
    func has(_ name: CELFieldName) -> Bool {
        guard hasNamedFields else {
            guard case .schema = schema.additionalProperties else { return false }
            return fields[name.written] != nil
        }
        guard let property = name.property, schema.properties[property] != nil else { return false }
        return fields[property].map { !$0.isNull } ?? false
    }

    func find(key: String) throws(CELError) -> CELValue? {
        try find(property: hasNamedFields ? CELNames.unescaped(key) : key)
    }

    private func find(property: String?) throws(CELError) -> CELValue? {
        guard let property, let value = fields[property] else { return nil }
        if hasNamedFields {
            guard !value.isNull, let child = schema.properties[property] else { return nil }
            return try CELValue(value, child)
        }
        guard case .schema(let child) = schema.additionalProperties else { return nil }
        return try CELValue(value, child)
    }

    /// What a macro over the object sees, in alphabetical order.
    var keys: [String] {
        if hasNamedFields {
            return fields.keys.sorted().compactMap { name in
                schema.properties[name] == nil ? nil : CELNames.escaped(name) ?? name
            }
        }
        guard case .schema = schema.additionalProperties else { return [] }
        return fields.keys.sorted()
    }
}

extension CELValue {
    /// A value of the object's, as its schema types it.
    init(_ json: JSON, _ schema: StructuralSchema) throws(CELError) {
        if json.isNull {
            guard schema.isNullable else { throw CELError("invalid data, got null for schema with nullable=false") }
            self = .null
            return
        }
        if schema.isIntOrString {
            switch json {
            case .string(let text): self = .string(text)
            case .integer(let number): self = .int(number)
            default: throw CELError("invalid data, expected XIntOrString value to be either a string or integer")
            }
            return
        }
        switch (schema.type, json) {
        case ("object", .object(let fields)):
            self = .object(CELObject(fields: fields, schema: schema.isEmbeddedResource ? schema.asResource : schema))
        case ("array", .array(let items)):
            guard schema.items != nil else {
                throw CELError("invalid array type, expected Items with a non-empty Schema")
            }
            self = .array(items, schema)
        case ("string", .string(let text)): self = try Self.string(text, format: schema.format)
        case ("number", .integer(let number)): self = .double(Double(number))
        case ("number", .number(let number)): self = .double(number)
        case ("integer", .integer(let number)): self = .int(number)
        case ("boolean", .bool(let flag)): self = .bool(flag)
        case ("", _) where schema.preservesUnknownFields: self = .preserved(json)
        case ("", _):
            throw CELError(
                "invalid type, expected object, array, number, integer, boolean or string, or no type with "
                    + "x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ")
        default: throw CELError("invalid data, expected \(schema.type), got another type")
        }
    }

    private static func string(_ text: String, format: String) throws(CELError) -> CELValue {
        switch format {
        case "duration":
            guard let value = CELDuration(schemaText: text) else {
                throw CELError("Invalid duration \(text): unable to parse \(text) as duration")
            }
            return .duration(value)
        case "date":
            guard let value = CELTimestamp(date: text) else {
                throw CELError("Invalid date formatted string \(text)")
            }
            return .timestamp(value)
        case "date-time", "datetime":
            guard let value = CELTimestamp(text) else {
                throw CELError("Invalid date-time formatted string \(text)")
            }
            return .timestamp(value)
        case "byte":
            // Either alphabet is taken.
            let standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
            guard let value = Base64.decode(standard) else {
                throw CELError("Invalid byte formatted string \(text)")
            }
            return .bytes(value)
        default: return .string(text)
        }
    }
}
