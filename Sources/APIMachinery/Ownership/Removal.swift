import KubeObjects

/// A value without some of its fields.
enum Removal {
    /// Nil when the value is a container that becomes nothing; scalars and atomic values are not looked into.
    static func remove(_ fields: FieldSet, from value: JSON, _ shape: TypeShape) -> JSON? {
        switch Treatment(shape, value) {
        case .scalar: return value
        case .list(let list):
            guard case .array(let items) = value, !items.isEmpty, list.isAssociative else { return nil }
            var kept: [JSON] = []
            var hadMatches = false
            for item in items {
                guard let element = try? list.pathElement(of: item) else {
                    kept.append(item)
                    continue
                }
                if fields.members.contains(element) { continue }
                let below = fields.below(element)
                if below.isEmpty {
                    kept.append(item)
                } else {
                    hadMatches = true
                    kept.append(remains(of: item, without: below, list.element))
                }
            }
            return kept.isEmpty && !hadMatches ? nil : .array(kept)
        case .map(let map):
            guard case .object(let entries) = value, !entries.isEmpty, !map.isAtomic else { return nil }
            var kept: [String: JSON] = [:]
            var hadMatches = false
            for (name, child) in entries {
                let element = PathElement.field(name)
                if fields.members.contains(element) { continue }
                let below = fields.below(element)
                if below.isEmpty {
                    kept[name] = child
                } else {
                    hadMatches = true
                    kept[name] = remains(of: child, without: below, map.shape(of: name))
                }
            }
            return kept.isEmpty && !hadMatches ? nil : .object(kept)
        }
    }

    /// A container that loses all that is in it stays, empty.
    private static func remains(of value: JSON, without fields: FieldSet, _ shape: TypeShape) -> JSON {
        if let rest = remove(fields, from: value, shape) { return rest }
        return switch value {
        case .object: .object([:])
        case .array: .array([])
        default: .null
        }
    }
}
