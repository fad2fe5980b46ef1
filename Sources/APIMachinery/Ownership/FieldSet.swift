import KubeObjects

/// A set of paths into an object.
package struct FieldSet: Sendable, Hashable {
    /// The steps from here that are in the set themselves.
    package var members: Set<PathElement> = []
    /// What is in the set further down.
    package var children: [PathElement: FieldSet] = [:]

    package init() {}

    package init(_ paths: [PathElement]...) {
        for path in paths { insert(path) }
    }

    package var isEmpty: Bool { members.isEmpty && children.values.allSatisfy(\.isEmpty) }

    /// How many paths are in it.
    package var count: Int { members.count + children.values.reduce(0) { $0 + $1.count } }

    package mutating func insert(_ path: some BidirectionalCollection<PathElement>) {
        guard let first = path.first else { return }
        let rest = path.dropFirst()
        if rest.isEmpty {
            members.insert(first)
        } else {
            children[first, default: FieldSet()].insert(rest)
        }
    }

    package func contains(_ path: some BidirectionalCollection<PathElement>) -> Bool {
        guard let first = path.first else { return false }
        let rest = path.dropFirst()
        return rest.isEmpty ? members.contains(first) : children[first]?.contains(rest) ?? false
    }

    /// What is below one step.
    func below(_ element: PathElement) -> FieldSet { children[element] ?? FieldSet() }

    /// Takes over what was found below one step, and whether the step is in the set itself.
    mutating func take(_ element: PathElement, isMember: Bool, below: FieldSet) {
        if isMember { members.insert(element) }
        if !below.isEmpty { children[element] = children[element]?.union(below) ?? below }
    }

    /// Every path, in order.
    package var paths: [[PathElement]] {
        var found: [[PathElement]] = []
        collect(into: &found, prefix: [])
        return found
    }

    /// Members come before what is below any of them, as Kubernetes lists conflicts.
    private func collect(into found: inout [[PathElement]], prefix: [PathElement]) {
        for member in members.sorted() { found.append(prefix + [member]) }
        for (element, child) in children.sorted(by: { $0.key < $1.key }) {
            child.collect(into: &found, prefix: prefix + [element])
        }
    }
}

extension FieldSet {
    package func union(_ other: FieldSet) -> FieldSet {
        var result = self
        result.members.formUnion(other.members)
        for (element, child) in other.children {
            result.children[element] = result.children[element]?.union(child) ?? child
        }
        return result
    }

    package func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.members = members.intersection(other.members)
        for (element, child) in children {
            guard let common = other.children[element]?.intersection(child), !common.isEmpty else {
                continue
            }
            result.children[element] = common
        }
        return result
    }

    /// Without the other's paths; what is below them stays.
    package func subtracting(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.members = members.subtracting(other.members)
        for (element, child) in children {
            let rest = other.children[element].map(child.subtracting) ?? child
            if !rest.isEmpty { result.children[element] = rest }
        }
        return result
    }

    /// Without the other's paths and all that is below them.
    package func subtractingTrees(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.members = members.subtracting(other.members)
        for (element, child) in children where !other.members.contains(element) {
            let rest = other.children[element].map(child.subtractingTrees) ?? child
            if !rest.isEmpty { result.children[element] = rest }
        }
        return result
    }

    /// With every named field on the way to a path, as these are not in a set by themselves.
    func withNamedFields(_ shape: TypeShape) -> FieldSet {
        let resolved = shape.resolved
        var result = self
        for (element, child) in children {
            var childShape = TypeShape.deduced
            switch (resolved, element) {
            case (.structure(let structure), .field(let name)):
                if structure.fields[name] != nil { result.members.insert(element) }
                childShape = structure.shape(of: name)
            case (.map(let value, _), .field): childShape = value
            case (.list(let list), .key): childShape = list.element
            default: break
            }
            result.children[element] = child.withNamedFields(childShape)
        }
        return result
    }
}

extension FieldSet {
    /// The value of a managedFields entry's `fieldsV1`.
    package var fieldsV1: JSON { json(includingSelf: false) }

    private func json(includingSelf: Bool) -> JSON {
        var fields: [String: JSON] = [:]
        for member in members { fields[member.fieldsV1] = [:] }
        for (element, child) in children where !child.isEmpty {
            fields[element.fieldsV1] = child.json(includingSelf: members.contains(element))
        }
        if includingSelf { fields["."] = [:] }
        return .object(fields)
    }

    /// Reads fieldsV1; nil when it is malformed. What a later version of the format may hold is left out.
    package init?(fieldsV1: JSON) {
        guard let (set, _) = Self.read(fieldsV1, depth: 0) else { return nil }
        self = set
    }

    private static func read(_ json: JSON, depth: Int) -> (below: FieldSet, isMember: Bool)? {
        guard let fields = json.object, depth < 500 else { return nil }
        var set = FieldSet()
        var isMember = false
        for (key, value) in fields {
            if key == "." {
                isMember = true
                continue
            }
            switch PathElement.read(fieldsV1: key) {
            case .malformed: return nil
            case .unknown: continue
            case .element(let element):
                guard let (below, isMember) = read(value, depth: depth + 1) else { return nil }
                set.take(element, isMember: isMember, below: below)
            }
        }
        return (set, isMember || set.isEmpty)
    }
}
