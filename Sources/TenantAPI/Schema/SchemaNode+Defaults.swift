import KubeObjects

extension SchemaNode {
    /// `value` with every default that the API server would write into it: an absent field that has a default gets it,
    /// an explicit null gives way to it where null is not allowed, and defaults inside defaults follow.
    package func defaulted(_ value: JSON) -> JSON {
        switch (shape, value) {
        case (.object(let fields), .object(var values)):
            for field in fields {
                let given = values[field.name]
                if let given, !(given == .null && !field.node.isNullable && field.node.default != nil) {
                    values[field.name] = field.node.defaulted(given)
                } else if let fallback = field.node.default {
                    values[field.name] = field.node.defaulted(fallback)
                }
            }
            return .object(values)
        case (.array(let item), .array(let items)) where item.holdsDefaults:
            return .array(items.map(item.defaulted))
        case (.map(let node), .object(let values)) where node.holdsDefaults:
            return .object(values.mapValues(node.defaulted))
        default:
            return value
        }
    }

    /// Whether there is any default in or under this node.
    private var holdsDefaults: Bool {
        if `default` != nil { return true }
        return switch shape {
        case .object(let fields): fields.contains { $0.node.holdsDefaults }
        case .array(let item), .map(let item): item.holdsDefaults
        default: false
        }
    }
}
