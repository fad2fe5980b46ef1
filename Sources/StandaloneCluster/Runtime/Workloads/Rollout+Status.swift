import FoundationEssentials
import KubeObjects

/// What a Deployment says of itself.
extension Rollout {
    /// Seconds without progress after which a rollout counts as stuck; the greatest 32-bit number means never.
    private var deadline: Int64? {
        deployment[path: "spec", "progressDeadlineSeconds"]?.integer.flatMap { $0 == Int64(Int32.max) ? nil : $0 }
    }

    var hasDeadline: Bool { deadline != nil }

    mutating func notePause() {
        guard hasDeadline, conditions.reason(of: "Progressing") != "ProgressDeadlineExceeded" else { return }
        let isNoted = conditions.reason(of: "Progressing") == "DeploymentPaused"
        if isPaused, !isNoted {
            conditions.set("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
        } else if !isPaused, isNoted {
            conditions.set("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")
        }
    }

    mutating func finishedStatus() -> JSON {
        var status = counts()
        noteAvailability(status)
        if tracksProgress {
            noteProgress(status)
            noteFailure()
        }
        if !conditions.items.isEmpty { status["conditions"] = .array(conditions.items) }
        return status
    }

    private func counts() -> JSON {
        let sum = { (field: String) in sets.reduce(0) { $0 + $1.statusCount(field) } }
        let available = sum("availableReplicas")
        let numbers: [String: Int64] = [
            "observedGeneration": deployment.generation,
            "replicas": sum("replicas"),
            "updatedReplicas": newSet?.statusCount("replicas") ?? 0,
            "readyReplicas": sum("readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": max(0, total - available),
            "collisionCount": deployment.statusCount("collisionCount"),
        ]
        return .object(numbers.filter { $0.value != 0 }.mapValues { .integer($0) })
    }

    private mutating func noteAvailability(_ status: JSON) {
        if (status["availableReplicas"]?.integer ?? 0) >= limits.minAvailable {
            conditions.set("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            conditions.set(
                "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        }
    }

    private mutating func noteProgress(_ status: JSON) {
        guard hasDeadline else {
            conditions.remove("Progressing")
            return
        }
        let isSettled =
            status["replicas"] == status["updatedReplicas"]
            && conditions.reason(of: "Progressing") == "NewReplicaSetAvailable"
        guard !isSettled else { return }
        let subject = newSet.map { "ReplicaSet \"\($0.name)\"" } ?? "Deployment \"\(deployment.name)\""
        if isComplete(status) {
            conditions.set("Progressing", "True", "NewReplicaSetAvailable", "\(subject) has successfully progressed.")
        } else if isProgressing(status) {
            conditions.set(
                "Progressing", "True", "ReplicaSetUpdated", "\(subject) is progressing.", isRenewed: true)
        } else if isLate {
            conditions.set("Progressing", "False", "ProgressDeadlineExceeded", "\(subject) has timed out progressing.")
        }
    }

    private func isComplete(_ status: JSON) -> Bool {
        ["updatedReplicas", "replicas", "availableReplicas"].allSatisfy {
            (status[$0]?.integer ?? 0) == limits.replicas
        }
    }

    private func isProgressing(_ status: JSON) -> Bool {
        let now = { (field: String) in status[field]?.integer ?? 0 }
        let before = deployment.statusCount
        return now("updatedReplicas") > before("updatedReplicas")
            || now("replicas") - now("updatedReplicas") < before("replicas") - before("updatedReplicas")
            || now("readyReplicas") > before("readyReplicas")
            || now("availableReplicas") > before("availableReplicas")
    }

    private var isLate: Bool {
        guard let condition = conditions["Progressing"] else { return false }
        switch condition["reason"]?.string {
        case "NewReplicaSetAvailable": return false
        case "ProgressDeadlineExceeded": return true
        default: return secondsLeft(condition).map { $0 < 0 } ?? false
        }
    }

    private func secondsLeft(_ condition: JSON) -> Double? {
        guard let deadline, let text = condition["lastUpdateTime"]?.string, let last = Timestamp.parse(text) else {
            return nil
        }
        return last.timeIntervalSince(now) + Double(deadline)
    }

    /// Until the rollout counts as stuck; nil when it never will as it stands.
    func timeToDeadline(in status: JSON) -> Duration? {
        guard tracksProgress, let condition = conditions["Progressing"], !isComplete(status),
            !["NewReplicaSetAvailable", "ProgressDeadlineExceeded"].contains(condition["reason"]?.string ?? ""),
            let left = secondsLeft(condition)
        else { return nil }
        return .seconds(max(0, left) + 1)
    }

    /// A ReplicaSet that cannot make its pods makes its Deployment say so.
    private mutating func noteFailure() {
        let failing = (newSet.map { [$0] } ?? []) + oldIndices.map { sets[$0] }
        let found = failing.lazy.compactMap { set in
            (set[path: "status", "conditions"]?.array ?? []).first { $0["type"] == "ReplicaFailure" }
        }.first
        guard let found else {
            conditions.remove("ReplicaFailure")
            return
        }
        conditions.set(
            "ReplicaFailure", found["status"]?.string ?? "True", found["reason"]?.string ?? "",
            found["message"]?.string ?? "")
    }

    func mayCleanUp(_ status: JSON) -> Bool { !deployment.isBeingDeleted && (isPaused || isComplete(status)) }
}
