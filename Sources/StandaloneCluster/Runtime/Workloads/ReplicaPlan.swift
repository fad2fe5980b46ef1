import FoundationEssentials
import KubeObjects

/// What a ReplicaSet lacks, has too much of, and says of itself.
struct ReplicaPlan {
    /// Pods to make.
    let missing: Int
    /// Pods to delete: those that count least first, and those that have ended.
    let doomed: [KubeObject]
    let status: JSON
    /// When a pod becomes available, or is replaced, by time alone.
    let checkAfter: Duration?

    /// Seconds from the creation of a pod that has ended to that of the next one.
    private static let restInterval = 10.0

    /// - Parameters:
    ///   - pods: Those that `replicaSet` controls.
    ///   - failure: Why its pods could not be made or deleted the last time, if they could not.
    init(replicaSet: KubeObject, pods: [KubeObject], now: Date, failure: Failure? = nil) {
        let active = pods.filter { !$0.isFinishedPod && !$0.isBeingDeleted }
        let excess = active.count - Int(clamping: replicaSet.wantedReplicas)
        let finished = pods.filter { $0.isFinishedPod && !$0.isBeingDeleted }
        // One that ended at once keeps its place for a while, or a template that cannot run would keep us busy.
        let held = finished.map { Self.restInterval - $0.age(at: now) }.filter { $0 > 0 }
        if replicaSet.isBeingDeleted {
            missing = 0
            doomed = []
        } else {
            missing = max(0, -excess - held.count)
            doomed =
                Array(active.sorted(by: Self.goesFirst).prefix(max(0, excess)))
                + finished.filter { $0.age(at: now) >= Self.restInterval }
        }
        let minimum = Double(replicaSet[path: "spec", "minReadySeconds"]?.integer ?? 0)
        let labels = replicaSet[path: "spec", "template", "metadata", "labels"]?.stringMap ?? [:]
        let waits = active.compactMap { pod in pod.readySince.map { $0.addingTimeInterval(minimum) } }
            .map { $0.timeIntervalSince(now) }
        let ready = active.filter(\.isReadyPod).count
        let available = minimum == 0 ? ready : waits.filter { $0 <= 0 }.count
        let pending = held + (minimum == 0 ? [] : waits.filter { $0 > 0 })
        checkAfter = pending.min().map { .seconds($0 + 1) }
        var conditions = Conditions(of: replicaSet, now: now, notesUpdates: false)
        conditions.remove("ReplicaFailure")
        if let failure {
            conditions = Conditions(of: replicaSet, now: now, notesUpdates: false)
            conditions.set("ReplicaFailure", "True", failure.reason, failure.message)
        }
        let labelled = active.filter { pod in labels.allSatisfy { pod.labels[$0.key] == $0.value } }.count
        let numbers = [
            "fullyLabeledReplicas": labelled, "readyReplicas": ready, "availableReplicas": available,
            "observedGeneration": Int(replicaSet.generation),
        ]
        var status: JSON = .object(numbers.filter { $0.value != 0 }.mapValues { JSON($0) })
        status["replicas"] = JSON(active.count)
        if !conditions.items.isEmpty { status["conditions"] = .array(conditions.items) }
        self.status = status
    }

    struct Failure {
        /// FailedCreate or FailedDelete.
        let reason: String
        let message: String
    }

    /// Upstream's order: unassigned, not running, not ready, cheap to delete, ready for the shortest time, most often
    /// restarted, youngest.
    private static func goesFirst(_ left: KubeObject, _ right: KubeObject) -> Bool {
        let (one, other) = (rank(left), rank(right))
        for (mine, theirs) in zip(one, other) where mine != theirs { return mine < theirs }
        return left.name < right.name
    }

    private static func rank(_ pod: KubeObject) -> [Double] {
        let phases = ["Pending": 0.0, "Unknown": 1, "Running": 2]
        let cost = pod.annotations["controller.kubernetes.io/pod-deletion-cost"].flatMap { Int32($0) } ?? 0
        let restarts = (pod[path: "status", "containerStatuses"]?.array ?? [])
            .reduce(0.0) { max($0, $1["restartCount"]?.number ?? 0) }
        let created = pod.creationTimestamp.flatMap(Timestamp.parse)?.timeIntervalSince1970 ?? 0
        return [
            (pod[path: "spec", "nodeName"]?.string ?? "").isEmpty ? 0 : 1,
            phases[pod[path: "status", "phase"]?.string ?? "Pending"] ?? 0,
            pod.isReadyPod ? 1 : 0,
            Double(cost),
            -(pod.readySince?.timeIntervalSince1970 ?? 0),
            -restarts,
            -created,
        ]
    }

    /// A pod of this ReplicaSet's template, to be named by the API.
    static func pod(of replicaSet: KubeObject) -> KubeObject {
        let template = replicaSet[path: "spec", "template"]
        var pod = KubeObject(["apiVersion": "v1", "kind": "Pod", "metadata": [:]])
        for field in ["labels", "annotations", "finalizers"] {
            pod[path: "metadata", field] = template?[path: "metadata", field]
        }
        pod[path: "metadata", "generateName"] = .string("\(replicaSet.name)-")
        pod[path: "metadata", "namespace"] = replicaSet.namespace.map { .string($0) }
        pod.ownerReferences = [OwnerReference(controller: replicaSet)]
        pod["spec"] = template?["spec"] ?? [:]
        return pod
    }
}

extension KubeObject {
    private var readyCondition: JSON? {
        (self[path: "status", "conditions"]?.array ?? []).first { $0["type"] == "Ready" && $0["status"] == "True" }
    }

    var isReadyPod: Bool { readyCondition != nil }

    /// Seconds since its creation.
    fileprivate func age(at now: Date) -> Double {
        creationTimestamp.flatMap(Timestamp.parse).map { now.timeIntervalSince($0) } ?? .infinity
    }

    /// Nil while it is not ready, or does not say since when.
    var readySince: Date? { readyCondition?["lastTransitionTime"]?.string.flatMap(Timestamp.parse) }
}
