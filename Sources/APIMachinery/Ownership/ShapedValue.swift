import KubeObjects

/// How a shape and the value that stands there are treated together.
enum Treatment {
    case scalar
    case list(ListShape)
    case map(MapTreatment)

    struct MapTreatment {
        let named: [String: FieldShape]
        /// The shape of fields that are not named; nil when there must not be any.
        let rest: TypeShape?
        let isAtomic: Bool

        func shape(of field: String) -> TypeShape { named[field]?.shape ?? rest ?? .deduced }
    }

    /// What the value is decides only where the shape leaves it open.
    init(_ shape: TypeShape, _ value: JSON?) {
        switch shape.resolved {
        case .scalar: self = .scalar
        case .list(let list): self = .list(list)
        case .structure(let structure):
            self = .map(
                MapTreatment(named: structure.fields, rest: structure.rest, isAtomic: structure.isAtomic))
        case .map(let element, let isAtomic):
            self = .map(MapTreatment(named: [:], rest: element, isAtomic: isAtomic))
        case .anything: self = Self.untyped(value, isAtomic: true)
        case .deduced, .reference, .retyped: self = Self.untyped(value, isAtomic: false)
        }
    }

    private static func untyped(_ value: JSON?, isAtomic: Bool) -> Treatment {
        switch value {
        case .array: .list(ListShape(of: .anything))
        case .object, .null, nil:
            .map(MapTreatment(named: [:], rest: isAtomic ? .anything : .deduced, isAtomic: isAtomic))
        default: .scalar
        }
    }

    var kind: Int {
        switch self {
        case .scalar: 0
        case .list: 1
        case .map: 2
        }
    }
}

extension ListShape {
    /// Whether elements are told apart by what they are, not where they stand.
    var isAssociative: Bool { relation != .atomic }

    /// What tells an element of this list apart; throws why nothing does.
    func pathElement(of item: JSON) throws(ShapeMismatch) -> PathElement {
        switch relation {
        case .atomic: throw ShapeMismatch("invalid indexing of non-associative list")
        case .set:
            switch item {
            case .object:
                throw ShapeMismatch("associative list without keys has an element that's a map type")
            case .array: throw ShapeMismatch("not supported: associative list with lists as elements")
            case .null:
                throw ShapeMismatch("associative list without keys has an element that's an explicit null")
            default: return .value(item)
            }
        case .map(let keys):
            guard !item.isNull else {
                throw ShapeMismatch("associative list with keys may not have a null element")
            }
            guard case .object(let fields) = item else {
                throw ShapeMismatch("associative list with keys may not have non-map elements")
            }
            var found: [PathElement.KeyField] = []
            found.reserveCapacity(keys.count)
            for key in keys {
                if let value = fields[key] ?? defaultValue(of: key) { found.append(.init(key, value)) }
            }
            guard !found.isEmpty else {
                let names = keys.map(GoText.quoted).joined(separator: " ")
                throw ShapeMismatch(
                    "associative list with keys has an element that omits all key fields [\(names)] "
                        + "(and doesn't have default values for any key fields)")
            }
            return .key(found.sorted { $0.name < $1.name })
        }
    }

    private func defaultValue(of key: String) -> JSON? {
        guard case .structure(let structure) = element.resolved else { return nil }
        return structure.fields[key]?.defaultValue
    }

    /// The elements of a list with what tells them apart; elements that nothing tells apart are left out.
    func indexed(_ items: [JSON]) -> [(element: PathElement, item: JSON)] {
        items.compactMap { item in (try? pathElement(of: item)).map { ($0, item) } }
    }
}

/// Why a value does not fit its shape, in the words of Kubernetes, and where.
package struct ShapeMismatch: Error, Sendable, Hashable, CustomStringConvertible {
    package var path: String
    package var message: String

    init(_ message: String, at path: String = "") {
        self.path = path
        self.message = message
    }

    package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

extension JSON {
    /// Equality as Kubernetes sees it: 1 and 1.0 are one number.
    func isSame(as other: JSON) -> Bool {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left == right
        case (.integer, .number), (.number, .integer), (.number, .number): return number == other.number
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            return left.allSatisfy { field, value in right[field].map(value.isSame) ?? false }
        default: return self == other
        }
    }
}
