import KubeObjects

extension StructuralSchema {
    /// The object with its defaults filled in.
    ///
    /// A default applies where its parent is there and the field is not, or is null without being nullable. A default
    /// that was filled in is filled in further itself. A null that is neither nullable nor defaulted is removed.
    package func defaulted(_ object: JSON) -> JSON {
        var object = object
        dropNulls(&object)
        fill(&object)
        return object
    }

    private func dropNulls(_ value: inout JSON) {
        switch value {
        case .object(var fields):
            value = .null
            for (name, field) in fields {
                guard let schema = schema(ofField: name) else { continue }
                if field.isNull {
                    if !schema.isNullable, schema.defaultValue == nil { fields[name] = nil }
                } else if field.holdsNull {
                    fields[name].modify(schema.dropNulls)
                }
            }
            value = .object(fields)
        case .array(var list):
            guard let items else { return }
            value = .null
            for index in list.indices where list[index].holdsNull { items.dropNulls(&list[index]) }
            value = .array(list)
        default: break
        }
    }

    private func fill(_ value: inout JSON) {
        switch value {
        case .object(var fields):
            value = .null
            for name in propertyNames {
                guard let schema = properties[name], let preset = schema.defaultValue else { continue }
                if let field = fields[name], !field.isNull || schema.isNullable { continue }
                fields[name] = preset
            }
            for name in fields.keys {
                guard let schema = schema(ofField: name) else { continue }
                if fields[name] == .null, !schema.isNullable, let preset = schema.defaultValue { fields[name] = preset }
                fields[name].modify(schema.fill)
            }
            value = .object(fields)
        case .array(var list):
            guard let items else { return }
            value = .null
            for index in list.indices {
                if list[index].isNull, !items.isNullable, let preset = items.defaultValue { list[index] = preset }
                items.fill(&list[index])
            }
            value = .array(list)
        default: break
        }
    }
}

extension Optional<JSON> {
    /// Changes a field in place, without a copy of what it holds.
    fileprivate mutating func modify(_ change: (inout JSON) -> Void) {
        guard var value = take() else { return }
        change(&value)
        self = value
    }
}

extension JSON {
    /// Whether a null stands anywhere inside.
    fileprivate var holdsNull: Bool {
        switch self {
        case .object(let fields): fields.values.contains { $0.isNull || $0.holdsNull }
        case .array(let list): list.contains { $0.holdsNull }
        default: false
        }
    }
}
