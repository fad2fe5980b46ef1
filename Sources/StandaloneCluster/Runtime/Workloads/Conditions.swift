import FoundationEssentials
import KubeObjects

/// A status' list of conditions, written as Kubernetes' workload controllers write it.
struct Conditions: Hashable {
    private(set) var items: [JSON]
    private let now: String
    /// apps/v1 Deployments note when a condition was last written; ReplicaSets do not.
    private let notesUpdates: Bool

    init(of object: KubeObject, now: Date, notesUpdates: Bool) {
        items = object[path: "status", "conditions"]?.array ?? []
        self.now = Timestamp.format(now)
        self.notesUpdates = notesUpdates
    }

    subscript(type: String) -> JSON? { items.first { $0["type"]?.string == type } }

    func reason(of type: String) -> String? { self[type]?["reason"]?.string }

    mutating func remove(_ type: String) { items.removeAll { $0["type"]?.string == type } }

    /// Leaves what says the same already, by status and reason. The time of transition changes with the status alone.
    /// - Parameter isRenewed: writes the message and the time anew even then.
    mutating func set(_ type: String, _ status: String, _ reason: String, _ message: String, isRenewed: Bool = false) {
        let current = self[type]
        let isSameStatus = current?["status"]?.string == status
        if isSameStatus, current?["reason"]?.string == reason, !isRenewed { return }
        var condition: JSON = [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastTransitionTime": (isSameStatus ? current?["lastTransitionTime"] : nil) ?? .string(now),
        ]
        if notesUpdates { condition["lastUpdateTime"] = .string(now) }
        remove(type)
        items.append(condition)
    }
}
