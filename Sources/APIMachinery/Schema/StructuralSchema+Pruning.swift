import KubeObjects

extension StructuralSchema {
    /// The object without the fields that this schema, the root of a resource, does not know.
    package func pruned(_ object: JSON) -> JSON { prune(object).object }

    /// The paths of the fields that pruning would remove, in alphabetical order: `spec.foo`, `spec.list[0].bar`.
    package func unknownFields(in object: JSON) -> [String] { prune(object).unknownFields }

    /// Both at once. At the root, and in embedded resources, `apiVersion`, `kind` and `metadata` always stay.
    package func prune(_ object: JSON) -> (object: JSON, unknownFields: [String]) {
        var pruning = Pruning()
        var object = object
        pruning.prune(&object, self, isRoot: true, at: .root)
        return (object, pruning.unknownFields.sorted())
    }

    /// What fieldValidation=Strict refuses and Warn warns of, one text for each: `unknown field "spec.foo"`.
    package static func unknownFieldProblems(_ unknownFields: [String]) -> [String] {
        unknownFields.map { "unknown field \(GoText.quoted($0))" }
    }
}

private struct Pruning {
    var unknownFields: [String] = []

    private static let identity: Set<String> = ["apiVersion", "kind", "metadata"]

    /// A value without a schema keeps its scalars and loses its fields.
    mutating func prune(_ value: inout JSON, _ schema: StructuralSchema?, isRoot: Bool = false, at path: FieldPath) {
        let keepsUnknown = schema?.preservesUnknownFields ?? false
        switch value {
        case .object(var fields):
            value = .null
            let keepsIdentity = isRoot || (schema?.isEmbeddedResource ?? false)
            for name in fields.keys {
                if keepsIdentity, Self.identity.contains(name) { continue }
                let fieldPath = path.child(name)
                switch schema?.place(ofField: name) ?? .unknown {
                case .known(let child):
                    guard var field = fields[name] else { continue }
                    fields[name] = .null
                    prune(&field, child, at: fieldPath)
                    fields[name] = field
                case .unknown where !keepsUnknown:
                    unknownFields.append(fieldPath.description)
                    fields[name] = nil
                case .unknown: break
                }
            }
            value = .object(fields)
        case .array(var list):
            // Below a list that preserves what it does not know, nothing is looked at but what its items name.
            if keepsUnknown, schema?.items == nil { return }
            value = .null
            for index in list.indices {
                prune(&list[index], schema?.items, keepingUnknown: keepsUnknown, at: path.index(index))
            }
            value = .array(list)
        default: break
        }
    }

    private mutating func prune(
        _ value: inout JSON, _ schema: StructuralSchema?, keepingUnknown: Bool, at path: FieldPath
    ) {
        guard keepingUnknown, let schema, !schema.preservesUnknownFields else {
            return prune(&value, schema, at: path)
        }
        switch value {
        case .object(var fields):
            value = .null
            for name in fields.keys {
                if schema.isEmbeddedResource, Self.identity.contains(name) { continue }
                guard case .known(let child) = schema.place(ofField: name), var field = fields[name] else { continue }
                fields[name] = .null
                prune(&field, child, at: path.child(name))
                fields[name] = field
            }
            value = .object(fields)
        case .array(var list):
            guard let items = schema.items else { return }
            value = .null
            for index in list.indices {
                prune(&list[index], items, keepingUnknown: true, at: path.index(index))
            }
            value = .array(list)
        default: break
        }
    }
}

extension StructuralSchema {
    fileprivate enum Place {
        case known(StructuralSchema?)
        case unknown
    }

    fileprivate func place(ofField name: String) -> Place {
        if let property = properties[name] { return .known(property) }
        return switch additionalProperties {
        case .unspecified: .unknown
        case .anything: .known(nil)
        case .schema(let schema): .known(schema)
        }
    }
}
