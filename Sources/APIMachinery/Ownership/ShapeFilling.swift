import KubeObjects

extension TypeShape {
    /// The value with the structures that its kind always has, empty where they are missing, and null for the lists it
    /// always has: an object of Kubernetes' own types cannot lack them, and ownership of what is inside starts there.
    func filled(_ value: JSON) -> JSON {
        switch self {
        case .scalar, .anything, .deduced: return value
        default: break
        }
        switch (resolved, value) {
        case (.structure(let structure), .object(var fields)):
            for (name, field) in structure.fields {
                if let child = fields[name], !child.isNull {
                    if field.shape.isScalar { continue }
                    let filled = field.shape.filled(child)
                    if filled != child { fields[name] = filled }
                } else if field.defaultValue == .object([:]) {
                    fields[name] = field.shape.filled([:])
                } else if field.isRequired, case .list = field.shape {
                    fields[name] = .null
                }
            }
            return .object(fields)
        case (.map(let element, _), .object(let fields)):
            return .object(fields.mapValues(element.filled))
        case (.list(let list), .array(let items)):
            if list.element.isScalar { return value }
            return .array(items.map(list.element.filled))
        default: return value
        }
    }

    /// The value without what `filled` put into it: empty structures and nulls that stand in none of the originals.
    func unfilled(_ value: JSON, given originals: JSON?...) -> JSON {
        unfilled(value, originals.compactMap(\.self))
    }

    private func unfilled(_ value: JSON, _ originals: [JSON]) -> JSON {
        if originals.contains(value) { return value }
        switch (resolved, value) {
        case (.structure(let structure), .object(var fields)):
            for (name, child) in fields {
                let given = originals.compactMap { $0[name] }
                let rest = structure.shape(of: name).unfilled(child, given)
                let isFilling = rest == .object([:]) || rest.isNull
                if isFilling, given.isEmpty {
                    fields.removeValue(forKey: name)
                } else {
                    fields[name] = rest
                }
            }
            return .object(fields)
        case (.map(let element, _), .object(var fields)):
            for (name, child) in fields {
                fields[name] = element.unfilled(child, originals.compactMap { $0[name] })
            }
            return .object(fields)
        case (.list(let list), .array(let items)) where list.isAssociative:
            var known: [PathElement: [JSON]] = [:]
            for original in originals {
                for (element, item) in list.indexed(original.array ?? []) {
                    known[element, default: []].append(item)
                }
            }
            return .array(
                items.map { item in
                    let element = try? list.pathElement(of: item)
                    return list.element.unfilled(item, element.flatMap { known[$0] } ?? [])
                })
        case (.list(let list), .array(let items)):
            // Atomic, so the whole list came from one of the originals.
            if let same = originals.compactMap(\.array).first(where: { $0.count == items.count }) {
                return .array(zip(items, same).map { list.element.unfilled($0, [$1]) })
            }
            return value
        default: return value
        }
    }

    var isScalar: Bool {
        if case .scalar = self { true } else { false }
    }
}

extension FieldSet {
    /// Paths into what the shape holds in one piece become that piece.
    func collapsingAtomics(_ shape: TypeShape) -> FieldSet {
        var result = self
        for (element, child) in children where !child.isEmpty {
            let childShape: TypeShape
            switch (shape.resolved, element) {
            case (.structure(let structure), .field(let name)):
                guard structure.fields[name] != nil || structure.rest != nil else { continue }
                childShape = structure.shape(of: name)
            case (.map(let value, _), .field): childShape = value
            case (.list(let list), .key): childShape = list.element
            default: continue
            }
            if childShape.resolved.isOwnedWhole {
                result.members.insert(element)
                result.children[element] = nil
            } else {
                result.children[element] = child.collapsingAtomics(childShape)
            }
        }
        return result
    }
}

extension TypeShape {
    /// Of a resolved shape.
    fileprivate var isOwnedWhole: Bool {
        switch self {
        case .list(let list): !list.isAssociative
        case .structure(let structure): structure.isAtomic
        case .map(_, let isAtomic): isAtomic
        default: false
        }
    }
}
