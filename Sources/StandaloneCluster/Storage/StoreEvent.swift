import KubeObjects

/// One write as watchers see it.
package struct StoreEvent: Sendable {
    package enum Change: Int64, Sendable {
        case added = 1
        case modified = 2
        case deleted = 3
    }

    package let version: Int64
    package let change: Change
    /// `plural.group`, the bare plural in the core group.
    package let resource: String
    /// The object after the write; for a deletion its last state, with the deletion's version.
    package let object: KubeObject
    /// What stood before the write; nil for a creation. Selectors need it: an object that leaves a selection is gone
    /// to who watches that selection.
    package let previous: KubeObject?
}

extension StoreEvent {
    /// This event as someone sees it who watches only what `matches`; nil when it does not concern them.
    package func seen(through matches: (KubeObject) -> Bool) -> (change: Change, object: KubeObject)? {
        let now = change != .deleted && matches(object)
        let before = previous.map(matches) ?? (change == .deleted && matches(object))
        switch (before, now) {
        case (false, true): return (.added, object)
        case (true, true): return (.modified, object)
        case (true, false):
            guard change != .deleted, var last = previous else { return (.deleted, object) }
            last[path: "metadata", "resourceVersion"] = .string(object.resourceVersion)
            return (.deleted, last)
        case (false, false): return nil
        }
    }
}
