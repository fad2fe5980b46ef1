import KubeObjects

/// metav1.Condition entries, one of each type.
package struct Conditions: Sendable, Hashable {
    package private(set) var items: [JSON]

    package init(_ items: [JSON]) { self.items = items }

    /// Sets one; nil reads Unknown. Its transition time moves only with its status.
    package mutating func set(
        _ type: String, _ isTrue: Bool?, reason: String, message: String, generation: Int64, stamp: String
    ) {
        let status = isTrue.map { $0 ? "True" : "False" } ?? "Unknown"
        let index = items.firstIndex { $0["type"]?.string == type }
        let before = index.map { items[$0] }
        let condition: JSON = [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "observedGeneration": JSON(generation),
            "lastTransitionTime": before?["status"]?.string == status
                ? (before?["lastTransitionTime"] ?? .string(stamp)) : .string(stamp),
        ]
        if let index { items[index] = condition } else { items.append(condition) }
    }

    package mutating func remove(_ type: String) { items.removeAll { $0["type"]?.string == type } }
}
