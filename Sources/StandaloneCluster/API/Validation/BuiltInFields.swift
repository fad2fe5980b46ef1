import APIMachinery
import KubeObjects

/// Reads a built-in object against its shape: what no such kind has, and what has the wrong type.
struct BuiltInFields {
    /// `spec.foo`, in the order of the fields' names.
    private(set) var unknownFields: [String] = []
    /// What a decoder into Go types would say of the first value that does not fit.
    private(set) var mismatch: String?

    /// Reads `object` and takes out of it what the kind does not have, and what is null.
    static func read(_ object: inout JSON, _ resource: APIResource) -> BuiltInFields {
        var fields = BuiltInFields()
        fields.visit(&object, resource.served.shape, path: "", of: resource.type.kind)
        return fields
    }

    private mutating func visit(_ value: inout JSON, _ shape: TypeShape, path: String, of owner: String) {
        if value.isNull { return }
        switch shape.resolved {
        case .scalar(let scalar): check(value, scalar, path: path, of: owner)
        case .list(let list):
            guard var items = value.array else { return note(value, "[]", path, owner) }
            value = .null
            for index in items.indices { visit(&items[index], list.element, path: "\(path)[\(index)]", of: owner) }
            value = .array(items)
        case .map(let element, _):
            guard var fields = value.object else { return note(value, "map[string]string", path, owner) }
            value = .null
            for key in fields.keys.sorted() {
                visit(&fields[key, default: .null], element, path: "\(path).\(key)", of: owner)
            }
            value = .object(fields)
        case .structure(let structure):
            let name = structure.name.map { String($0.split(separator: "/").last ?? "") } ?? owner
            guard var fields = value.object else { return note(value, name, path, owner) }
            value = .null
            for key in fields.keys.sorted() {
                let place = path.isEmpty ? key : "\(path).\(key)"
                if let field = structure.fields[key] {
                    visit(&fields[key, default: .null], field.shape, path: place, of: name)
                    if fields[key] == .null { fields[key] = nil }
                } else if structure.rest == nil {
                    unknownFields.append(place)
                    fields[key] = nil
                }
            }
            value = .object(fields)
        case .anything, .deduced, .reference, .retyped: return
        }
    }

    private mutating func check(_ value: JSON, _ scalar: ScalarType, path: String, of owner: String) {
        switch scalar {
        case .string, .bytes, .time, .microTime: if value.string == nil { note(value, "string", path, owner) }
        case .boolean: if value.bool == nil { note(value, "bool", path, owner) }
        case .int32: if value.integer == nil { note(value, "int32", path, owner) }
        case .int64: if value.integer == nil { note(value, "int64", path, owner) }
        case .double: if value.number == nil { note(value, "float64", path, owner) }
        case .quantity, .intOrString:
            if value.string == nil && value.number == nil { note(value, "string", path, owner) }
        case .untyped: return
        }
    }

    private mutating func note(_ value: JSON, _ wanted: String, _ path: String, _ owner: String) {
        guard mismatch == nil else { return }
        let found =
            switch value {
            case .string: "string"
            case .bool: "bool"
            case .integer, .number: "number"
            case .array: "array"
            case .object: "object"
            case .null: "null"
            }
        // Go leaves the indexes of lists out of the path.
        let plain = path.replacing(#/\[[0-9]+\]/#, with: "")
        mismatch = "json: cannot unmarshal \(found) into Go struct field \(owner).\(plain) of type \(wanted)"
    }
}
