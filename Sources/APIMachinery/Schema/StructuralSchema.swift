import KubeObjects

/// One node of a CRD's `openAPIV3Schema`, read once and asked many times.
///
/// Nodes are immutable classes, so that a schema of thousands of nodes is passed around for the price of a pointer.
package final class StructuralSchema: Sendable {
    /// What may stand beside the named properties of an object.
    package enum AdditionalProperties: Sendable {
        case unspecified
        /// `additionalProperties: true` or `false`: the values have no schema.
        case anything(allowed: Bool)
        case schema(StructuralSchema)
    }

    /// `object`, `array`, `string`, `integer`, `number`, `boolean`, or empty.
    package let type: String
    package let format: String
    package let isNullable: Bool
    package let isIntOrString: Bool
    package let preservesUnknownFields: Bool
    package let isEmbeddedResource: Bool
    package let defaultValue: JSON?
    package let properties: [String: StructuralSchema]
    /// The keys of `properties` in alphabetical order, so that answers come in the same order every time.
    package let propertyNames: [String]
    package let additionalProperties: AdditionalProperties
    package let items: StructuralSchema?
    /// `atomic`, `set`, `map`, or empty.
    package let listType: String
    package let listMapKeys: [String]
    /// `granular`, `atomic`, or empty.
    package let mapType: String
    package let required: [String]
    package let constraints: ValueConstraints
    package let allOf: [StructuralSchema]
    package let anyOf: [StructuralSchema]
    package let oneOf: [StructuralSchema]
    package let not: StructuralSchema?
    /// x-kubernetes-validations, in their order.
    package let rules: [ValidationRule]

    /// Reads a schema. What is not understood is left alone; what is understood and wrong is an error that names its
    /// place.
    package convenience init(_ openAPIV3Schema: JSON) throws(FieldError) {
        try self.init(openAPIV3Schema, at: "openAPIV3Schema", depth: 0)
    }

    /// The deepest nesting that is read; validation recurses as deep as the schema does.
    private static let depthLimit = 200

    private init(_ json: JSON, at path: FieldPath, depth: Int) throws(FieldError) {
        guard case .object = json else { throw .typeInvalid(path, json, "must be an object") }
        guard depth < Self.depthLimit else {
            throw .invalid(path, nil, "nested more than \(Self.depthLimit) levels deep")
        }
        let reader = SchemaReader(json: json, path: path)
        type = try reader.text("type")
        let known = ["", "object", "array", "string", "integer", "number", "boolean"]
        guard known.contains(type) else {
            throw .notSupported(path.child("type"), .string(type), supported: known.dropFirst().sorted())
        }
        isIntOrString = try reader.flag("x-kubernetes-int-or-string")
        isNullable = try reader.flag("nullable")
        preservesUnknownFields = try reader.flag("x-kubernetes-preserve-unknown-fields")
        isEmbeddedResource = try reader.flag("x-kubernetes-embedded-resource")
        listType = try reader.text("x-kubernetes-list-type")
        listMapKeys = try reader.texts("x-kubernetes-list-map-keys")
        mapType = try reader.text("x-kubernetes-map-type")
        required = try reader.texts("required")
        format = SchemaFormat.supported(try reader.text("format"), type: isIntOrString ? "integer,string" : type)
        // A default of null is none, as in the Go types.
        defaultValue = json["default"]?.nonNull
        constraints = try ValueConstraints(reader)

        func child(_ json: JSON, _ path: FieldPath) throws(FieldError) -> StructuralSchema {
            try StructuralSchema(json, at: path, depth: depth + 1)
        }
        func children(_ key: String) throws(FieldError) -> [StructuralSchema] {
            var nodes: [StructuralSchema] = []
            for (index, json) in try reader.list(key).enumerated() {
                nodes.append(try child(json, path.child(key).index(index)))
            }
            return nodes
        }
        var properties: [String: StructuralSchema] = [:]
        for (name, json) in try reader.map("properties") {
            properties[name] = try child(json, path.child("properties").key(name))
        }
        self.properties = properties
        propertyNames = properties.keys.sorted()
        items = if let json = reader.json["items"] { try child(json, path.child("items")) } else { nil }
        switch json["additionalProperties"] {
        case nil, .null: additionalProperties = .unspecified
        case .bool(let allowed): additionalProperties = .anything(allowed: allowed)
        case .some(let json): additionalProperties = .schema(try child(json, path.child("additionalProperties")))
        }
        allOf = try children("allOf")
        anyOf = try children("anyOf")
        oneOf = try children("oneOf")
        not = if let json = json["not"] { try child(json, path.child("not")) } else { nil }
        var rules: [ValidationRule] = []
        for (index, json) in try reader.list("x-kubernetes-validations").enumerated() {
            rules.append(try ValidationRule(json, at: path.child("x-kubernetes-validations").index(index)))
        }
        self.rules = rules
    }

    /// This schema with the fields that every resource has, as rules on a resource see it: `apiVersion`, `kind`, and
    /// of `metadata` the `name` and `generateName`.
    package var asResource: StructuralSchema {
        let text = StructuralSchema(type: "string")
        let metadata = StructuralSchema(type: "object", properties: ["name": text, "generateName": text])
        var properties = properties
        properties["apiVersion"] = text
        properties["kind"] = text
        properties["metadata"] = metadata
        return StructuralSchema(copying: self, properties: properties)
    }

    private convenience init(type: String, properties: [String: StructuralSchema] = [:]) {
        self.init(copying: nil, type: type, properties: properties)
    }

    /// A node with other properties than the one it is made from.
    private init(copying base: StructuralSchema?, type: String? = nil, properties: [String: StructuralSchema]) {
        self.type = type ?? base?.type ?? ""
        format = base?.format ?? ""
        isNullable = base?.isNullable ?? false
        isIntOrString = base?.isIntOrString ?? false
        preservesUnknownFields = base?.preservesUnknownFields ?? false
        isEmbeddedResource = base?.isEmbeddedResource ?? false
        defaultValue = base?.defaultValue
        self.properties = properties
        propertyNames = properties.keys.sorted()
        additionalProperties = base?.additionalProperties ?? .unspecified
        items = base?.items
        listType = base?.listType ?? ""
        listMapKeys = base?.listMapKeys ?? []
        mapType = base?.mapType ?? ""
        required = base?.required ?? []
        constraints = base?.constraints ?? .unconstrained
        allOf = base?.allOf ?? []
        anyOf = base?.anyOf ?? []
        oneOf = base?.oneOf ?? []
        not = base?.not
        rules = base?.rules ?? []
    }

    /// The types a value may have, as messages name them.
    var typeNames: [String] { isIntOrString ? ["integer", "string"] : type.isEmpty ? [] : [type] }

    /// The schema of a field of an object of this schema.
    package func schema(ofField name: String) -> StructuralSchema? {
        if let property = properties[name] { return property }
        if case .schema(let schema) = additionalProperties { return schema }
        return nil
    }

    var isGranularMap: Bool { mapType.isEmpty || mapType == "granular" || mapType == "atomic" }
}

/// One of x-kubernetes-validations.
package struct ValidationRule: Sendable, Hashable {
    package let rule: String
    package let message: String
    package let messageExpression: String
    /// FieldValueInvalid, FieldValueForbidden, FieldValueRequired, FieldValueDuplicate, or empty.
    package let reason: String
    package let fieldPath: String
    package let hasOptionalOldSelf: Bool

    init(_ json: JSON, at path: FieldPath) throws(FieldError) {
        let reader = SchemaReader(json: json, path: path)
        rule = try reader.text("rule")
        message = try reader.text("message")
        messageExpression = try reader.text("messageExpression")
        reason = try reader.text("reason")
        fieldPath = try reader.text("fieldPath")
        hasOptionalOldSelf = try reader.flag("optionalOldSelf")
    }

    /// What a message about the rule calls it: its message, else its text.
    var title: String { message.isEmpty ? rule.trimmingSpace() : message.trimmingSpace() }

    /// What is said when the rule does not hold and no messageExpression speaks for it.
    var failure: String { message.isEmpty ? "failed rule: \(title)" : title }
}

/// Reads typed fields out of a schema and says where one is wrong.
struct SchemaReader {
    let json: JSON
    let path: FieldPath

    func flag(_ key: String) throws(FieldError) -> Bool {
        guard let value = present(key) else { return false }
        guard let flag = value.bool else { throw .typeInvalid(path.child(key), value, "must be a boolean") }
        return flag
    }

    func text(_ key: String) throws(FieldError) -> String {
        guard let value = present(key) else { return "" }
        guard let text = value.string else { throw .typeInvalid(path.child(key), value, "must be a string") }
        return text
    }

    func texts(_ key: String) throws(FieldError) -> [String] {
        guard let value = present(key) else { return [] }
        guard let texts = value.strings else {
            throw .typeInvalid(path.child(key), value, "must be a list of strings")
        }
        return texts
    }

    func count(_ key: String) throws(FieldError) -> Int64? {
        guard let value = present(key) else { return nil }
        guard let count = value.integer else { throw .typeInvalid(path.child(key), value, "must be an integer") }
        return count
    }

    func number(_ key: String) throws(FieldError) -> Double? {
        guard let value = present(key) else { return nil }
        guard let number = value.number else { throw .typeInvalid(path.child(key), value, "must be a number") }
        return number
    }

    func list(_ key: String) throws(FieldError) -> [JSON] {
        guard let value = present(key) else { return [] }
        guard let list = value.array else { throw .typeInvalid(path.child(key), value, "must be a list") }
        return list
    }

    func map(_ key: String) throws(FieldError) -> [String: JSON] {
        guard let value = present(key) else { return [:] }
        guard let map = value.object else { throw .typeInvalid(path.child(key), value, "must be an object") }
        return map
    }

    private func present(_ key: String) -> JSON? { json[key]?.nonNull }
}

extension JSON {
    /// The value, or nil for null. A bare `nil` where a JSON is expected would be null itself.
    var nonNull: JSON? { isNull ? JSON?.none : self }
}

extension String {
    /// Without spaces and line breaks at either end.
    func trimmingSpace() -> String {
        var view = self[...]
        while let first = view.first, first.isWhitespace { view.removeFirst() }
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}
