import KubeObjects

/// The shape of a value as far as field ownership, strategic merge, strict decoding and OpenAPI documents must know it.
///
/// Shapes of built-in kinds refer to each other by name, since some contain themselves; `resolved` follows a name.
package indirect enum TypeShape: Sendable {
    case scalar(ScalarType)
    case list(ListShape)
    case structure(StructShape)
    /// Any keys, values of one shape.
    case map(element: TypeShape, isAtomic: Bool)
    /// Anything; owned as one piece.
    case anything
    /// Anything; maps in it are owned key by key, lists as one piece.
    case deduced
    /// A built-in structure, by name.
    case reference(String)
    /// A built-in structure that is owned here in one piece, or piece by piece, other than elsewhere.
    case retyped(String, isAtomic: Bool)

    /// This shape, or the structure its name stands for. A name that stands for nothing is anything.
    package var resolved: TypeShape {
        switch self {
        case .reference(let name): BuiltInShapes.structure(name).map(TypeShape.structure) ?? .deduced
        case .retyped(let name, let isAtomic):
            BuiltInShapes.structure(name).map { .structure($0.with(isAtomic: isAtomic)) } ?? .deduced
        default: self
        }
    }
}

/// What a scalar is on the wire.
package enum ScalarType: String, Sendable {
    case string = "s"
    case boolean = "b"
    case int32 = "i"
    case int64 = "l"
    case double = "d"
    /// Base64 of bytes.
    case bytes = "y"
    /// RFC 3339 in seconds.
    case time = "t"
    /// RFC 3339 in microseconds.
    case microTime = "u"
    /// resource.Quantity: a string or a number.
    case quantity = "q"
    case intOrString = "x"
    /// A CRD's number, string or boolean whose type is not told.
    case untyped = "?"
}

/// A list and what makes its elements one and the same.
package struct ListShape: Sendable {
    package enum Relation: Sendable, Hashable {
        /// Owned as one piece.
        case atomic
        /// Scalars, each its own key.
        case set
        /// Structures, told apart by these fields.
        case map(keys: [String])
    }

    package let element: TypeShape
    package let relation: Relation

    package init(of element: TypeShape, _ relation: Relation = .atomic) {
        self.element = element
        self.relation = relation
    }
}

/// How a strategic merge patch treats a field where it is not replaced.
package struct PatchStrategy: Sendable, Hashable {
    /// Lists are merged element by element instead of being replaced.
    package var merges: Bool
    /// `$retainKeys` is honoured: what the patch does not name goes.
    package var retainsKeys: Bool
    /// The field that tells elements apart; nil for lists of scalars.
    package var mergeKey: String?

    package init(merges: Bool = true, retainsKeys: Bool = false, mergeKey: String? = nil) {
        self.merges = merges
        self.retainsKeys = retainsKeys
        self.mergeKey = mergeKey
    }

    /// As in x-kubernetes-patch-strategy: `merge`, `retainKeys`, `merge,retainKeys`.
    package var text: String {
        [merges ? "merge" : nil, retainsKeys ? "retainKeys" : nil].compactMap(\.self).joined(
            separator: ",")
    }
}

/// One named field of a structure.
package struct FieldShape: Sendable {
    package var shape: TypeShape
    package var isRequired: Bool
    /// The value that stands where none is given; counts in the keys of list elements.
    package var defaultValue: JSON?
    package var patch: PatchStrategy?

    package init(
        _ shape: TypeShape, isRequired: Bool = false, defaultValue: JSON? = nil,
        patch: PatchStrategy? = nil
    ) {
        self.shape = shape
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.patch = patch
    }
}

/// An object with named fields.
package final class StructShape: Sendable {
    /// As in OpenAPI documents, without its group and version; nil inside custom resources.
    package let name: String?
    package let fields: [String: FieldShape]
    /// The shape of fields that are not named; nil when there are none.
    package let rest: TypeShape?
    /// Owned as one piece.
    package let isAtomic: Bool

    package init(
        name: String? = nil, fields: [String: FieldShape], rest: TypeShape? = nil,
        isAtomic: Bool = false
    ) {
        self.name = name
        self.fields = fields
        self.rest = rest
        self.isAtomic = isAtomic
    }

    func with(isAtomic: Bool) -> StructShape {
        StructShape(name: name, fields: fields, rest: rest, isAtomic: isAtomic)
    }

    /// The shape of a field, named or not.
    package func shape(of field: String) -> TypeShape { fields[field]?.shape ?? rest ?? .deduced }
}
