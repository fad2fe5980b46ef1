import KubeObjects

/// Schemas of an OpenAPI document, gathered as they are referred to.
struct OpenAPISchemas {
    enum Style {
        case v2
        case v3

        var root: String {
            switch self {
            case .v2: "#/definitions/"
            case .v3: "#/components/schemas/"
            }
        }
    }

    let style: Style
    /// The group, version and kind of the structures that are kinds of their own.
    let kinds: [String: [ResourceType]]
    private(set) var definitions: [String: JSON] = [:]

    init(_ style: Style, kinds: [String: [ResourceType]]) {
        self.style = style
        self.kinds = kinds
    }

    static func kindsEntry(_ type: ResourceType) -> JSON {
        ["group": .string(type.group), "version": .string(type.version), "kind": .string(type.kind)]
    }

    func reference(_ definition: String) -> JSON { ["$ref": .string(style.root + definition)] }

    mutating func add(_ definition: String, _ schema: JSON) { definitions[definition] = schema }

    /// The name of the schema of a resource's kind, which is then in the document with all it refers to.
    mutating func definition(of resource: ServedResource) -> String {
        if let schema = resource.schema {
            let name = Self.customName(resource.type)
            if definitions[name] == nil {
                definitions[name] = [:]
                definitions[name] = custom(schema, resource.type)
            }
            return name
        }
        guard case .reference(let structure) = resource.shape else { return object() }
        return self.structure(structure)
    }

    /// The name of the schema of a list of a resource.
    mutating func listDefinition(of resource: ServedResource) -> String {
        let item = definition(of: resource)
        let name = "\(item)List"
        guard definitions[name] == nil else { return name }
        let metadata = structure("meta/ListMeta")
        var kind = Self.kindsEntry(resource.type)
        kind["kind"] = .string("\(resource.type.kind)List")
        definitions[name] = [
            "type": "object", "required": ["items"],
            "properties": [
                "apiVersion": ["type": "string"], "kind": ["type": "string"],
                "metadata": reference(metadata),
                "items": ["type": "array", "items": reference(item)],
            ],
            "x-kubernetes-group-version-kind": [kind],
        ]
        return name
    }

    /// `io.example.v1.Zone` for Zone of example.io/v1.
    static func customName(_ type: ResourceType) -> String {
        (type.group.split(separator: ".").reversed().map(String.init) + [type.version, type.kind])
            .joined(separator: ".")
    }

    private mutating func object() -> String {
        definitions["io.k8s.apimachinery.pkg.runtime.RawExtension"] = ["type": "object"]
        return "io.k8s.apimachinery.pkg.runtime.RawExtension"
    }
}

// MARK: - Built-in structures

extension OpenAPISchemas {
    /// The name of the schema of a structure of the tables (`core/Pod`), which is then in the document.
    mutating func structure(_ name: String) -> String {
        let definition = BuiltInShapes.definitionName(name)
        guard definitions[definition] == nil, let shape = BuiltInShapes.structure(name) else {
            return definition
        }
        // Taken before its fields are looked at, for some contain themselves.
        definitions[definition] = [:]
        var properties: [String: JSON] = [:]
        for (field, fieldShape) in shape.fields { properties[field] = property(fieldShape) }
        var schema: JSON = ["type": "object", "properties": .object(properties)]
        let required = shape.fields.filter(\.value.isRequired).keys.sorted()
        if !required.isEmpty { schema["required"] = JSON(required) }
        if shape.isAtomic { schema["x-kubernetes-map-type"] = "atomic" }
        if let types = kinds[name] {
            schema["x-kubernetes-group-version-kind"] = .array(types.map(Self.kindsEntry))
        }
        definitions[definition] = schema
        return definition
    }

    private mutating func property(_ field: FieldShape) -> JSON {
        var extras: [String: JSON] = [:]
        if let patch = field.patch {
            extras["x-kubernetes-patch-strategy"] = .string(patch.text)
            extras["x-kubernetes-patch-merge-key"] = patch.mergeKey.map(JSON.string)
        }
        if style == .v3, let value = field.defaultValue { extras["default"] = value }
        switch field.shape {
        case .list(let list):
            switch list.relation {
            case .atomic: extras["x-kubernetes-list-type"] = "atomic"
            case .set: extras["x-kubernetes-list-type"] = "set"
            case .map(let keys):
                extras["x-kubernetes-list-type"] = "map"
                extras["x-kubernetes-list-map-keys"] = JSON(keys)
            }
        case .map(_, let isAtomic): if isAtomic { extras["x-kubernetes-map-type"] = "atomic" }
        case .retyped(_, let isAtomic):
            extras["x-kubernetes-map-type"] = isAtomic ? "atomic" : "granular"
        default: break
        }
        var schema = self.schema(field.shape)
        if !extras.isEmpty, style == .v3, let reference = schema["$ref"] {
            schema = ["allOf": [["$ref": reference]]]
        }
        for (key, value) in extras { schema[key] = value }
        return schema
    }

    private mutating func schema(_ shape: TypeShape) -> JSON {
        switch shape {
        case .scalar(let type): return scalar(type)
        case .list(let list): return ["type": "array", "items": schema(list.element)]
        case .map(let element, _): return ["type": "object", "additionalProperties": schema(element)]
        case .reference(let name), .retyped(let name, _): return reference(structure(name))
        case .anything: return reference(object())
        case .structure, .deduced: return [:]
        }
    }

    private mutating func scalar(_ type: ScalarType) -> JSON {
        switch type {
        case .string: return ["type": "string"]
        case .boolean: return ["type": "boolean"]
        case .int32: return ["type": "integer", "format": "int32"]
        case .int64: return ["type": "integer", "format": "int64"]
        case .double: return ["type": "number", "format": "double"]
        case .bytes: return ["type": "string", "format": "byte"]
        case .untyped: return [:]
        case .time: return named("apis.meta.v1.Time", ["type": "string", "format": "date-time"])
        case .microTime:
            return named("apis.meta.v1.MicroTime", ["type": "string", "format": "date-time"])
        case .quantity:
            return named(
                "api.resource.Quantity",
                style == .v2 ? ["type": "string"] : ["oneOf": [["type": "string"], ["type": "number"]]])
        case .intOrString:
            return named(
                "util.intstr.IntOrString",
                style == .v2
                    ? ["type": "string", "format": "int-or-string"]
                    : ["format": "int-or-string", "oneOf": [["type": "integer"], ["type": "string"]]])
        }
    }

    private mutating func named(_ name: String, _ schema: JSON) -> JSON {
        let definition = "io.k8s.apimachinery.pkg.\(name)"
        definitions[definition] = schema
        return reference(definition)
    }
}

// MARK: - Custom resources

extension OpenAPISchemas {
    private mutating func custom(_ schema: JSON, _ type: ResourceType) -> JSON {
        let metadata = structure("meta/ObjectMeta")
        var schema = style == .v2 ? Self.plain(schema) : schema
        if schema["type"] == nil { schema["type"] = "object" }
        if schema["x-kubernetes-preserve-unknown-fields"]?.bool != true || schema["properties"] != nil {
            for field in ["apiVersion", "kind"] where schema[path: "properties", field]?["type"] == nil {
                schema[path: "properties", field] = ["type": "string"]
            }
            schema[path: "properties", "metadata"] =
                style == .v2 ? reference(metadata) : ["allOf": [reference(metadata)]]
        }
        schema["x-kubernetes-group-version-kind"] = [Self.kindsEntry(type)]
        return schema
    }

    /// A schema in the words of OpenAPI 2: what these cannot say is left out, so that nothing valid looks wrong.
    private static func plain(_ schema: JSON) -> JSON {
        guard case .object(var fields) = schema else { return schema }
        for key in ["nullable", "oneOf", "anyOf", "allOf", "not", "default"] { fields[key] = nil }
        if fields["x-kubernetes-int-or-string"] == true { fields["type"] = nil }
        if fields["x-kubernetes-preserve-unknown-fields"] == true {
            fields["properties"] = nil
            fields["items"] = nil
            fields["additionalProperties"] = nil
        }
        if let items = fields["items"] { fields["items"] = plain(items) }
        if let rest = fields["additionalProperties"] { fields["additionalProperties"] = plain(rest) }
        if case .object(let properties) = fields["properties"] {
            fields["properties"] = .object(properties.mapValues(plain))
        }
        return .object(fields)
    }
}
