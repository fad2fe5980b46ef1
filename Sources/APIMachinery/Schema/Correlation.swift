import KubeObjects

/// An old value and the new one that took its place, where the schema lets the two be told to be the same thing:
/// fields by name, items of a list-map by their keys. Items of other lists are never correlated.
struct Correlation {
    let old: JSON
    let new: JSON
    let schema: StructuralSchema

    func field(_ name: String) -> Correlation? {
        guard let old = old[name], let new = new[name], let child = schema.schema(ofField: name) else { return nil }
        return Correlation(old: old, new: new, schema: child)
    }

    func item(_ index: Int) -> Correlation? {
        guard let item = new[index], let items = schema.items, let oldItem = schema.correlate(item, in: old) else {
            return nil
        }
        return Correlation(old: oldItem, new: item, schema: items)
    }

    /// Whether nothing changed. The order of a list-map does not count.
    var isUnchanged: Bool {
        switch (old, new) {
        case (.array(let oldList), .array(let newList)):
            guard oldList.count == newList.count else { return false }
            guard schema.listType == "map" else { return oldList == newList }
            return newList.indices.allSatisfy { item($0)?.isUnchanged ?? false }
        case (.object(let oldFields), .object(let newFields)):
            return oldFields.count == newFields.count
                && newFields.keys.allSatisfy { field($0)?.isUnchanged ?? false }
        default: return old == new
        }
    }
}

extension StructuralSchema {
    /// The item of `list` with the keys of `item`; nil unless this is the schema of a list-map, and when a key is
    /// missing or is no scalar.
    func correlate(_ item: JSON, in list: JSON) -> JSON? {
        guard type == "array", listType == "map", !listMapKeys.isEmpty, case .array(let items) = list,
            let keys = mapKeys(of: item)
        else { return nil }
        return items.first { mapKeys(of: $0) == keys }
    }

    private func mapKeys(of item: JSON) -> [JSON]? {
        var keys: [JSON] = []
        for name in listMapKeys {
            switch item[name] {
            case nil, .null, .array, .object: return nil
            case .some(let key): keys.append(key)
            }
        }
        return keys
    }
}
