import KubeObjects

extension FieldSet {
    /// The fields that a value sets: what an apply of it owns.
    package init(of value: JSON, _ shape: TypeShape) {
        self.init()
        _ = Self.collect(value, shape, into: &self)
    }

    /// Gathers what is below a value; tells whether the value itself is a leaf.
    private static func collect(_ value: JSON, _ shape: TypeShape, into set: inout FieldSet) -> Bool {
        switch Treatment(shape, value) {
        case .scalar: return true
        case .list(let list):
            guard list.isAssociative else { return true }
            collectItems(value.array ?? [], list, into: &set)
            return false
        case .map(let map):
            if map.isAtomic { return true }
            guard case .object(let fields) = value else { return false }
            for (name, child) in fields {
                var below = FieldSet()
                var isMember = collect(child, map.shape(of: name), into: &below)
                if child.isNull || child == .object([:]) || map.named[name] == nil { isMember = true }
                set.take(.field(name), isMember: isMember, below: below)
            }
            return false
        }
    }

    private static func collectItems(_ items: [JSON], _ list: ListShape, into set: inout FieldSet) {
        let indexed = list.indexed(items)
        let occurrences = Dictionary(indexed.map { ($0.element, 1) }, uniquingKeysWith: +)
        for (element, item) in indexed {
            var below = FieldSet()
            // What stands there more than once is owned as one piece.
            if occurrences[element] == 1 { _ = collect(item, list.element, into: &below) }
            set.take(element, isMember: true, below: below)
        }
    }
}
