import KubeObjects

/// A live object with an applied configuration laid over it.
enum Merging {
    /// Nil when nothing is left, as of two empty objects. Elements of associative lists stand in the live order where
    /// that does not go against the applied one.
    static func merge(_ live: JSON?, _ applied: JSON?, _ shape: TypeShape) -> JSON? {
        guard let applied else { return live.flatMap { merge($0, nil, Treatment(shape, $0)) } }
        return merge(live, applied, Treatment(shape, applied))
    }

    private static func merge(_ live: JSON?, _ applied: JSON?, _ treatment: Treatment) -> JSON? {
        switch treatment {
        case .scalar: return applied ?? live
        case .list(let list):
            let (before, after) = (live?.array ?? [], applied?.array ?? [])
            if !list.isAssociative || (before.isEmpty && after.isEmpty) { return applied ?? live }
            let items = mergeItems(before, after, list)
            return items.isEmpty ? nil : .array(items)
        case .map(let map):
            let (before, after) = (live?.object ?? [:], applied?.object ?? [:])
            if map.isAtomic || (before.isEmpty && after.isEmpty) { return applied ?? live }
            var merged: [String: JSON] = [:]
            merged.reserveCapacity(before.count + after.count)
            for (name, value) in before { merged[name] = merge(value, after[name], map.shape(of: name)) }
            for (name, value) in after where before[name] == nil {
                merged[name] = merge(nil, value, map.shape(of: name))
            }
            return merged.isEmpty ? nil : .object(merged)
        }
    }

    private static func mergeItems(_ live: [JSON], _ applied: [JSON], _ list: ListShape) -> [JSON] {
        let (left, right) = (list.indexed(live), list.indexed(applied))
        // A live element that stands there more than once is replaced, not merged into.
        let inLive = Dictionary(
            left.map { ($0.element, Optional($0.item)) }, uniquingKeysWith: { _, _ in nil })
        let inApplied = Dictionary(
            right.map { ($0.element, $0.item) }, uniquingKeysWith: { first, _ in first })
        var shared = right.map(\.element).filter { inLive.keys.contains($0) }[...]
        var nextShared = shared.popFirst()
        var taken: Set<PathElement> = []
        var merged: [JSON] = []
        var (l, r) = (0, 0)

        func take(_ live: JSON?, _ applied: JSON?) {
            if let item = merge(live, applied, list.element) { merged.append(item) }
        }
        while l < left.count || r < right.count {
            if l < left.count, r < right.count {
                let element = left[l].element
                if element == right[r].element {
                    taken.insert(element)
                    take(inLive[element] ?? nil, inApplied[element])
                    l += 1
                    r += 1
                    nextShared = shared.popFirst()
                    continue
                }
                // Shared with the applied list, but its turn there comes later.
                if inApplied[element] != nil, let next = nextShared, next != element {
                    l += 1
                    continue
                }
            }
            if l < left.count {
                let element = left[l].element
                if inApplied[element] == nil {
                    take(left[l].item, nil)
                    l += 1
                    continue
                }
                if taken.contains(element) { l += 1 }
            }
            if r < right.count {
                let element = right[r].element
                taken.insert(element)
                take(inLive[element] ?? nil, inApplied[element])
                r += 1
                if nextShared == element { nextShared = shared.popFirst() }
            }
        }
        return merged
    }
}
