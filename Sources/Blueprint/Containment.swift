import KubeObjects

extension JSON {
    /// Whether everything that `wanted` says is so here already; what is here beside it (defaults, other managers'
    /// fields) does not count. Lists count as equal when each element contains its counterpart in order.
    ///
    /// A false "no" costs one server-side apply that changes nothing. What we applied once and want no more is not seen
    /// here: whoever asks must also know that `wanted` is what was applied last.
    package func contains(_ wanted: JSON) -> Bool {
        switch (self, wanted) {
        case (.object(let here), .object(let asked)):
            asked.allSatisfy { key, value in
                if let mine = here[key] { return Self.atomicMaps.contains(key) ? mine == value : mine.contains(value) }
                // The API server drops what is empty.
                return value.isEmpty
            }
        case (.array(let here), .array(let asked)):
            here.count == asked.count && zip(here, asked).allSatisfy { $0.contains($1) }
        default: self == wanted
        }
    }

    /// Maps that apply replaces as a whole: a stranger's entry in one changes what ours mean.
    private static let atomicMaps: Set<String> = ["selector", "nodeSelector"]

    private var isEmpty: Bool {
        switch self {
        case .null: true
        case .object(let fields): fields.isEmpty
        case .array(let items): items.isEmpty
        default: false
        }
    }
}

extension KubeObject {
    /// Whether the API server would change nothing if `wanted` were applied. Owner references and finalizers are
    /// sets: others may stand beside ours.
    package func isAsWanted(_ wanted: KubeObject) -> Bool {
        var mine = wanted.json
        mine[path: "metadata", "ownerReferences"] = nil
        mine[path: "metadata", "finalizers"] = nil
        return Set(wanted.finalizers).isSubset(of: finalizers)
            && wanted.ownerReferences.allSatisfy { ownerReferences.contains($0) }
            && json.contains(mine)
    }
}
