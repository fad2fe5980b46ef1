import KubeObjects

extension TypeShape {
    /// The shape of a whole custom resource, from its `openAPIV3Schema`. What every object has is built in.
    package init(customResource schema: JSON) {
        guard case .structure(let root) = TypeShape(schema: schema) else {
            self = .structure(StructShape(fields: Self.identity, rest: .deduced))
            return
        }
        self = .structure(
            StructShape(
                fields: root.fields.merging(Self.identity) { $1 }, rest: root.rest, isAtomic: root.isAtomic)
        )
    }

    private static let identity: [String: FieldShape] = [
        "apiVersion": FieldShape(.scalar(.string)), "kind": FieldShape(.scalar(.string)),
        "metadata": FieldShape(.reference("meta/ObjectMeta")),
    ]

    /// The shape that a node of a structural schema describes. `x-kubernetes-preserve-unknown-fields` reaches every
    /// structure below the one that has it.
    package init(schema: JSON, preservesUnknown: Bool = false, depth: Int = 0) {
        let preserves = preservesUnknown || schema["x-kubernetes-preserve-unknown-fields"]?.bool == true
        // Deeper than any schema the server accepts.
        guard depth < 200 else {
            self = .deduced
            return
        }
        if schema["x-kubernetes-int-or-string"]?.bool == true {
            self = .scalar(.intOrString)
            return
        }
        let child = { (schema: JSON) in
            TypeShape(schema: schema, preservesUnknown: preserves, depth: depth + 1)
        }
        switch schema["type"]?.string {
        case "string": self = .scalar(.string)
        case "boolean": self = .scalar(.boolean)
        case "integer": self = .scalar(.int64)
        case "number": self = .scalar(.double)
        case "array":
            let element = schema["items"].map(child) ?? .anything
            switch schema["x-kubernetes-list-type"]?.string {
            case "set": self = .list(ListShape(of: element, .set))
            case "map":
                self = .list(
                    ListShape(of: element, .map(keys: schema["x-kubernetes-list-map-keys"]?.strings ?? [])))
            default: self = .list(ListShape(of: element))
            }
        case "object":
            let isAtomic = schema["x-kubernetes-map-type"]?.string == "atomic"
            var rest: TypeShape?
            var fields: [String: FieldShape] = [:]
            let required = Set(schema["required"]?.strings ?? [])
            for (name, property) in schema["properties"]?.object ?? [:] {
                fields[name] = FieldShape(
                    child(property), isRequired: required.contains(name), defaultValue: property["default"])
            }
            switch schema["additionalProperties"] {
            case .some(.object(let element)): rest = child(.object(element))
            case .some(.bool(true)): rest = .deduced
            case .some(.bool(false)): rest = nil
            default: if preserves || fields.isEmpty { rest = .deduced }
            }
            if schema["x-kubernetes-embedded-resource"]?.bool == true {
                fields.merge(Self.identity) { $1 }
                rest = preserves ? .deduced : rest
            }
            if fields.isEmpty, let rest {
                self = .map(element: rest, isAtomic: isAtomic)
            } else {
                self = .structure(StructShape(fields: fields, rest: rest, isAtomic: isAtomic))
            }
        default: self = .deduced
        }
    }
}
