import KubeObjects

/// What is different between two versions of an object. No path is in more than one of the sets.
package struct Comparison: Sendable, Hashable {
    package var added = FieldSet()
    package var modified = FieldSet()
    package var removed = FieldSet()

    package init(_ old: JSON, _ new: JSON, _ shape: TypeShape) {
        _ = compare(old, new, shape)
    }

    private init() {}

    /// Without what a write through this path does not own.
    func excluding(_ fields: FieldSet) -> Comparison {
        if fields.isEmpty { return self }
        var result = self
        result.added = added.subtractingTrees(fields)
        result.modified = modified.subtractingTrees(fields)
        result.removed = removed.subtractingTrees(fields)
        return result
    }

    /// What became of the value itself.
    private enum Change { case none, added, modified, removed }

    private mutating func compare(_ old: JSON?, _ new: JSON?, _ shape: TypeShape) -> Change {
        guard let old else {
            return new == nil ? .none : oneSided(nil, new, Treatment(shape, new)) ?? .added
        }
        guard let new else { return oneSided(old, nil, Treatment(shape, old)) ?? .removed }
        let (was, becomes) = (Treatment(shape, old), Treatment(shape, new))
        if was.kind == becomes.kind { return oneSided(old, new, becomes) ?? .none }
        // The value turned from one form into another: each is looked at in its own way.
        let first = oneSided(old, new, was) ?? .none
        let second = oneSided(old, new, becomes) ?? .none
        return first == .none ? second : first
    }

    /// What became of a leaf; nil for what is not owned in one piece.
    private mutating func oneSided(_ old: JSON?, _ new: JSON?, _ treatment: Treatment) -> Change? {
        switch treatment {
        case .scalar: return leaf(old, new)
        case .list(let list):
            let (before, after) = (old?.array ?? [], new?.array ?? [])
            if !list.isAssociative || (before.isEmpty && after.isEmpty) { return leaf(old, new) }
            compareItems(before, after, list)
        case .map(let map):
            let (before, after) = (old?.object ?? [:], new?.object ?? [:])
            if map.isAtomic || (before.isEmpty && after.isEmpty) { return leaf(old, new) }
            for (name, value) in before { descend(.field(name), value, after[name], map.shape(of: name)) }
            for (name, value) in after where before[name] == nil {
                descend(.field(name), nil, value, map.shape(of: name))
            }
        }
        return nil
    }

    private func leaf(_ old: JSON?, _ new: JSON?) -> Change {
        guard let old else { return .added }
        guard let new else { return .removed }
        return old.isSame(as: new) ? .none : .modified
    }

    private mutating func descend(
        _ element: PathElement, _ old: JSON?, _ new: JSON?, _ shape: TypeShape
    ) {
        var below = Comparison()
        let change = below.compare(old, new, shape)
        added.take(element, isMember: change == .added, below: below.added)
        modified.take(element, isMember: change == .modified, below: below.modified)
        removed.take(element, isMember: change == .removed, below: below.removed)
    }

    private mutating func compareItems(_ old: [JSON], _ new: [JSON], _ list: ListShape) {
        let group = { (items: [JSON]) in
            Dictionary(list.indexed(items).map { ($0.element, [$0.item]) }, uniquingKeysWith: +)
        }
        let (before, after) = (group(old), group(new))
        for element in Set(before.keys).union(after.keys) {
            let (was, becomes) = (before[element] ?? [], after[element] ?? [])
            switch (was.count, becomes.count) {
            case (0...1, 0...1): descend(element, was.first, becomes.first, list.element)
            case (2..., 2...):
                // Duplicates are compared as one piece.
                let same = was.count == becomes.count && zip(was, becomes).allSatisfy { $0.isSame(as: $1) }
                if !same { modified.members.insert(element) }
            case (2..., _):
                if let one = becomes.first { descend(element, nil, one, list.element) }
                removed.members.insert(element)
            default:
                if let one = was.first { descend(element, one, nil, list.element) }
                added.members.insert(element)
            }
        }
    }
}
