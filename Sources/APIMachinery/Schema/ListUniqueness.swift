import KubeObjects

extension StructuralSchema {
    /// Items of sets, and keys of list-maps, that stand twice.
    func duplicates(in value: JSON, at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        collectDuplicates(in: value, at: path, &errors)
        return errors
    }

    private func collectDuplicates(in value: JSON, at path: FieldPath, _ errors: inout [FieldError]) {
        switch value {
        case .array(let list):
            switch listType {
            case "set":
                for index in repeated(list) { errors.append(.duplicate(path.index(index), list[index])) }
            case "map": collectDuplicateKeys(list, at: path, &errors)
            default: break
            }
            guard let items else { return }
            for (index, item) in list.enumerated() { items.collectDuplicates(in: item, at: path.index(index), &errors) }
        case .object(let fields):
            for (name, field) in fields.sorted(by: { $0.key < $1.key }) {
                if let property = properties[name] {
                    property.collectDuplicates(in: field, at: path.child(name), &errors)
                } else if case .schema(let schema) = additionalProperties {
                    schema.collectDuplicates(in: field, at: path.key(name), &errors)
                }
            }
        default: break
        }
    }

    private func collectDuplicateKeys(_ list: [JSON], at path: FieldPath, _ errors: inout [FieldError]) {
        var keys: [JSON] = []
        for (index, item) in list.enumerated() {
            switch item {
            case .null: keys.append([:])
            case .object(let fields):
                keys.append(.object(fields.filter { listMapKeys.contains($0.key) }))
            default:
                errors.append(
                    .invalid(path.index(index), item, "must be an object for an array of list-type map"))
                return
            }
        }
        for index in repeated(keys) { errors.append(.duplicate(path.index(index), keys[index])) }
    }

    /// The second place of every value that stands more than once.
    private func repeated(_ values: [JSON]) -> [Int] {
        guard values.count > 1 else { return [] }
        var counts: [JSON: Int] = [:]
        var found: [Int] = []
        for (index, value) in values.enumerated() {
            counts[value, default: 0] += 1
            if counts[value] == 2 { found.append(index) }
        }
        return found
    }
}
