import FoundationEssentials
import KubeObjects

/// The next step of a Deployment, from what there is: which ReplicaSets to make, change and delete, and the status to
/// write. One step at a time: what it changes leads to the next plan.
struct RolloutPlan {
    enum Action: Hashable {
        case create(KubeObject)
        /// Another number of replicas, or other annotations.
        case update(KubeObject)
        case delete(KubeObject)
    }

    private(set) var actions: [Action] = []
    /// The whole status.
    private(set) var status: JSON
    /// The Deployment's revision annotation, when there is a ReplicaSet of its present template.
    let revision: String?
    /// When time alone may change the plan.
    let checkAfter: Duration?

    /// - Parameters:
    ///   - replicaSets: Those that `deployment` controls.
    ///   - pods: Those that these control. Only Recreate asks for them.
    init(deployment: KubeObject, replicaSets: [KubeObject], pods: [KubeObject], now: Date) {
        var rollout = Rollout(deployment, replicaSets, pods, now)
        rollout.advance()
        status = rollout.finishedStatus()
        revision = rollout.deploymentRevision
        checkAfter = rollout.timeToDeadline(in: status)
        if rollout.mayCleanUp(status) { rollout.cleanUp() }
        let before = Dictionary(replicaSets.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for set in rollout.sets {
            guard let old = before[set.key] else {
                actions.append(.create(set))
                continue
            }
            if set != old { actions.append(.update(set)) }
        }
        actions += rollout.outdated.map { .delete($0) }
    }
}

/// A Deployment while its next step is worked out.
struct Rollout {
    let deployment: KubeObject
    let limits: RolloutLimits
    let now: Date
    private let pods: [KubeObject]
    /// Oldest first.
    private(set) var sets: [KubeObject]
    private(set) var outdated: [KubeObject] = []
    private(set) var newIndex: Int?
    private(set) var deploymentRevision: String?
    var conditions: Conditions
    /// Only paused and scaled Deployments do not count as progressing.
    private(set) var tracksProgress = false

    init(_ deployment: KubeObject, _ replicaSets: [KubeObject], _ pods: [KubeObject], _ now: Date) {
        self.deployment = deployment
        self.pods = pods
        self.now = now
        limits = RolloutLimits(of: deployment)
        conditions = Conditions(of: deployment, now: now, notesUpdates: true)
        sets = replicaSets.sorted { ($0.creationTimestamp ?? "", $0.name) < ($1.creationTimestamp ?? "", $1.name) }
        let template = PodTemplate(of: deployment)
        newIndex = sets.firstIndex { PodTemplate(of: $0) == template }
    }

    var newSet: KubeObject? { newIndex.map { sets[$0] } }
    var oldIndices: [Int] { sets.indices.filter { $0 != newIndex } }
    var isPaused: Bool { deployment[path: "spec", "paused"]?.bool ?? false }
    var total: Int64 { sets.reduce(0) { $0 + $1.wantedReplicas } }

    mutating func advance() {
        guard !deployment.isBeingDeleted else { return }
        notePause()
        if isPaused || isScaled {
            adoptRevision()
            scaleAsWhole()
            return
        }
        tracksProgress = true
        if limits.isRollingUpdate { roll() } else { recreate() }
    }

    // MARK: Revisions

    /// Gives the ReplicaSet of the present template the newest revision.
    private mutating func adoptRevision() {
        guard let newIndex else { return }
        var set = sets[newIndex]
        let revision = nextRevision
        if set.revision < revision {
            if set.annotations[RolloutKeys.revision] != nil {
                let history = set.annotations[RolloutKeys.revisionHistory].map { [$0] } ?? []
                let words = (history + ["\(set.revision)"]).joined(separator: ",")
                set.annotations[RolloutKeys.revisionHistory] = words
            }
            set.annotations[RolloutKeys.revision] = "\(revision)"
        }
        set.annotations.merge(copiedAnnotations) { _, new in new }
        let seconds = deployment[path: "spec", "minReadySeconds"]
        if (set[path: "spec", "minReadySeconds"]?.integer ?? 0) != (seconds?.integer ?? 0) {
            set[path: "spec", "minReadySeconds"] = seconds
        }
        sets[newIndex] = set
        deploymentRevision = set.annotations[RolloutKeys.revision]
        if hasDeadline, conditions["Progressing"] == nil {
            conditions.set("Progressing", "True", "FoundNewReplicaSet", "Found new replica set \"\(set.name)\"")
        }
    }

    private var nextRevision: Int64 { (oldIndices.map { sets[$0].revision }.max() ?? 0) + 1 }

    private var copiedAnnotations: [String: String] {
        deployment.annotations.filter { !RolloutKeys.notCopied.contains($0.key) }
    }

    private mutating func makeNewSet() {
        let hash = PodTemplate(of: deployment)
            .hash(collisionCount: deployment.statusCount("collisionCount"))
        var template = deployment[path: "spec", "template"] ?? [:]
        template[path: "metadata", "labels", RolloutKeys.hash] = .string(hash)
        var selector = deployment[path: "spec", "selector"] ?? [:]
        selector[path: "matchLabels", RolloutKeys.hash] = .string(hash)
        var set = ResourceType.replicaSets.object(
            ObjectKey(namespace: deployment.namespace, name: "\(deployment.name)-\(hash)"))
        set.labels = template[path: "metadata", "labels"]?.stringMap ?? [:]
        set.annotations = copiedAnnotations
        set.annotations[RolloutKeys.revision] = "\(nextRevision)"
        set.ownerReferences = [OwnerReference(controller: deployment)]
        let seconds = deployment[path: "spec", "minReadySeconds"]
        set["spec"] = ["replicas": 0, "selector": selector, "template": template]
        if let seconds, !seconds.isNull { set[path: "spec", "minReadySeconds"] = seconds }
        sets.append(set)
        newIndex = sets.count - 1
        setReplicas(sets.count - 1, limits.newReplicas(from: 0, total: total))
        deploymentRevision = sets[sets.count - 1].annotations[RolloutKeys.revision]
        if hasDeadline {
            conditions.set("Progressing", "True", "NewReplicaSetCreated", "Created new replica set \"\(set.name)\"")
        }
    }

    // MARK: Numbers

    @discardableResult
    private mutating func setReplicas(_ index: Int, _ replicas: Int64) -> Bool {
        let isChanged = sets[index].wantedReplicas != replicas
        if isChanged { sets[index][path: "spec", "replicas"] = .integer(replicas) }
        var annotations = sets[index].annotations
        annotations[RolloutKeys.desiredReplicas] = "\(limits.replicas)"
        annotations[RolloutKeys.maxReplicas] = "\(limits.replicas + limits.maxSurge)"
        if annotations != sets[index].annotations { sets[index].annotations = annotations }
        return isChanged
    }

    /// The Deployment's number was changed since its ReplicaSets got theirs.
    private var isScaled: Bool {
        sets.contains { set in
            guard set.wantedReplicas > 0, let desired = set.annotations[RolloutKeys.desiredReplicas] else {
                return false
            }
            return Int64(desired) != limits.replicas
        }
    }

    private mutating func scaleAsWhole() {
        let active = sets.indices.filter { sets[$0].wantedReplicas > 0 }
        if active.count <= 1 {
            if let index = active.first ?? newIndex ?? sets.indices.last { setReplicas(index, limits.replicas) }
            return
        }
        guard limits.isRollingUpdate else { return }
        var missing = limits.replicas == 0 ? -total : limits.replicas + limits.maxSurge - total
        if missing > 0, let index = active.contains(newIndex ?? -1) ? newIndex : active.last {
            setReplicas(index, min(sets[index].wantedReplicas + missing, limits.replicas))
        }
        for index in active {
            let fewer = min(max(0, -missing), sets[index].wantedReplicas)
            missing += fewer
            setReplicas(index, sets[index].wantedReplicas - fewer)
        }
    }

    // MARK: Strategies

    private mutating func recreate() {
        adoptRevision()
        var isScaledDown = false
        for index in oldIndices where sets[index].wantedReplicas > 0 {
            isScaledDown = setReplicas(index, 0) || isScaledDown
        }
        guard !isScaledDown, !hasRunningOldPods else { return }
        if let newIndex { setReplicas(newIndex, limits.replicas) } else { makeNewSet() }
    }

    /// Pods on their way out still run.
    private var hasRunningOldPods: Bool {
        let old = Set(oldIndices.map { sets[$0].uid })
        return pods.contains { pod in
            old.contains(pod.controller?.uid ?? "") && !pod.isFinishedPod
        }
    }

    private mutating func roll() {
        guard let newIndex else {
            makeNewSet()
            return
        }
        adoptRevision()
        let current = sets[newIndex].wantedReplicas
        let wanted =
            current > limits.replicas ? limits.replicas : limits.newReplicas(from: current, total: total)
        if current != limits.replicas, setReplicas(newIndex, wanted) { return }
        shrinkOldSets()
    }

    private mutating func shrinkOldSets() {
        guard let newSet, oldIndices.contains(where: { sets[$0].wantedReplicas > 0 }) else { return }
        let newUnavailable = newSet.wantedReplicas - newSet.availableWantedReplicas
        let most = total - limits.minAvailable - newUnavailable
        guard most > 0 else { return }
        // What does not serve anyway goes first, and costs no availability.
        var removed: Int64 = 0
        for index in oldIndices {
            let unhealthy = sets[index].wantedReplicas - sets[index].availableWantedReplicas
            let fewer = min(most - removed, unhealthy)
            guard fewer > 0 else { continue }
            setReplicas(index, sets[index].wantedReplicas - fewer)
            removed += fewer
        }
        var spare = sets.reduce(0) { $0 + $1.availableWantedReplicas } - limits.minAvailable
        for index in oldIndices where spare > 0 && sets[index].wantedReplicas > 0 {
            let fewer = min(spare, sets[index].wantedReplicas)
            setReplicas(index, sets[index].wantedReplicas - fewer)
            spare -= fewer
        }
    }

    // MARK: History

    mutating func cleanUp() {
        let limit = deployment[path: "spec", "revisionHistoryLimit"]?.integer ?? 10
        let old = oldIndices.map { sets[$0] }.filter { !$0.isBeingDeleted }.sorted { $0.revision < $1.revision }
        outdated = old.prefix(max(0, old.count - Int(clamping: limit))).filter { set in
            set.wantedReplicas == 0 && set.statusCount("replicas") == 0
                && set.generation <= set.statusCount("observedGeneration")
        }
    }
}

extension KubeObject {
    /// A pod whose containers have ended for good.
    var isFinishedPod: Bool { ["Failed", "Succeeded"].contains(self[path: "status", "phase"]?.string ?? "") }
}
