import KubeObjects

/// How far a Deployment may stray from its number of replicas while it rolls.
struct RolloutLimits: Hashable {
    let replicas: Int64
    let isRollingUpdate: Bool
    let maxSurge: Int64
    let maxUnavailable: Int64

    init(of deployment: KubeObject) {
        replicas = deployment[path: "spec", "replicas"]?.integer ?? 1
        isRollingUpdate = deployment[path: "spec", "strategy", "type"] != "Recreate"
        guard isRollingUpdate else {
            (maxSurge, maxUnavailable) = (0, 0)
            return
        }
        let rolling = deployment[path: "spec", "strategy", "rollingUpdate"]
        let surge = IntOrString(rolling?["maxSurge"] ?? "25%")?.scaled(of: replicas, roundsUp: true) ?? 0
        let unavailable = IntOrString(rolling?["maxUnavailable"] ?? "25%")?.scaled(of: replicas, roundsUp: false) ?? 0
        maxSurge = max(0, surge)
        // With neither, nothing could ever move.
        let resolved = surge <= 0 && unavailable <= 0 ? 1 : max(0, unavailable)
        maxUnavailable = min(resolved, replicas)
    }

    var minAvailable: Int64 { replicas - maxUnavailable }

    /// What the new ReplicaSet may have, while all of them have `total`.
    func newReplicas(from current: Int64, total: Int64) -> Int64 {
        guard isRollingUpdate else { return replicas }
        let room = replicas + maxSurge - total
        return room <= 0 ? current : current + min(room, replicas - current)
    }
}

extension KubeObject {
    /// What a workload is asked to have.
    var wantedReplicas: Int64 { self[path: "spec", "replicas"]?.integer ?? 1 }

    /// A count of the status; absent is none.
    func statusCount(_ field: String) -> Int64 { self[path: "status", field]?.integer ?? 0 }

    /// What is available of what is still wanted: a status may be older than the number it belongs to.
    var availableWantedReplicas: Int64 { min(statusCount("availableReplicas"), wantedReplicas) }

    var revision: Int64 { annotations[RolloutKeys.revision].flatMap { Int64($0) } ?? 0 }

    /// The reference that says who is in charge of this object.
    var controller: OwnerReference? { ownerReferences.first(where: \.isController) }
}
