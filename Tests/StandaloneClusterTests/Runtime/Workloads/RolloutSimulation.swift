import FoundationEssentials
import KubeObjects

@testable import StandaloneCluster

func deployment(
    _ name: String, replicas: Int, image: String = "one", strategy: JSON = ["type": "RollingUpdate"]
) -> KubeObject {
    var object = ResourceType.deployments.object(ObjectKey(namespace: "default", name: name))
    object[path: "spec"] = [
        "replicas": JSON(replicas), "strategy": strategy, "selector": ["matchLabels": ["app": .string(name)]],
        "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
        "template": [
            "metadata": ["labels": ["app": .string(name)]],
            "spec": ["containers": [["name": "main", "image": .string(image)]]],
        ],
    ]
    return object
}

/// A Deployment and what becomes of it, on plain values: each step takes the plan and then lets so many pods get ready.
struct RolloutSimulation {
    var deployment: KubeObject
    var sets: [KubeObject] = []
    var pods: [KubeObject] = []
    var now = Date(timeIntervalSince1970: 1_000_000)
    private var uids = 0

    init(_ deployment: KubeObject) {
        self.deployment = deployment
        self.deployment[path: "metadata", "uid"] = "deployment"
        self.deployment[path: "metadata", "generation"] = 1
    }

    var total: Int { sets.reduce(0) { $0 + Int($1.wantedReplicas) } }
    var available: Int { sets.reduce(0) { $0 + Int($1.statusCount("availableReplicas")) } }

    mutating func change(_ edit: (inout KubeObject) -> Void) {
        edit(&deployment)
        deployment[path: "metadata", "generation"] = JSON(deployment.generation + 1)
    }

    mutating func setImage(_ image: String) {
        change { $0[path: "spec", "template", "spec", "containers"] = [["name": "main", "image": .string(image)]] }
    }

    func condition(_ type: String) -> String? {
        let found = (deployment[path: "status", "conditions"]?.array ?? []).first { $0["type"]?.string == type }
        return found.map { "\($0["status"]?.string ?? "") \($0["reason"]?.string ?? "")" }
    }

    func replicas(image: String) -> Int64? {
        sets.first {
            $0[path: "spec", "template", "spec", "containers"]?[0]?["image"]?.string == image
        }?.wantedReplicas
    }

    /// One plan, carried out. - Returns: whether it changed anything.
    @discardableResult
    mutating func plan() -> Bool {
        let plan = RolloutPlan(deployment: deployment, replicaSets: sets, pods: pods, now: now)
        for action in plan.actions {
            switch action {
            case .create(var set):
                uids += 1
                set[path: "metadata", "uid"] = .string("set-\(uids)")
                set[path: "metadata", "creationTimestamp"] = .string(
                    Timestamp.format(now.addingTimeInterval(Double(uids))))
                sets.append(set)
            case .update(let set): sets = sets.map { $0.key == set.key ? set : $0 }
            case .delete(let set): sets.removeAll { $0.key == set.key }
            }
        }
        let before = deployment
        deployment["status"] = plan.status
        if let revision = plan.revision { deployment.annotations[RolloutKeys.revision] = revision }
        return !plan.actions.isEmpty || deployment != before
    }

    /// Pods of every ReplicaSet appear and go; those of `broken` images never get ready.
    mutating func settle(broken: Set<String> = []) {
        for index in sets.indices {
            let image = sets[index][path: "spec", "template", "spec", "containers"]?[0]?["image"]?.string ?? ""
            let wanted = sets[index].wantedReplicas
            let ready = broken.contains(image) ? 0 : wanted
            sets[index]["status"] = [
                "replicas": .integer(wanted), "readyReplicas": .integer(ready), "availableReplicas": .integer(ready),
                "observedGeneration": .integer(sets[index].generation),
            ]
        }
    }

    /// Steps until nothing changes, at most 100 times. `check` sees every state on the way.
    mutating func run(broken: Set<String> = [], check: (RolloutSimulation) -> Void = { _ in }) {
        for _ in 0..<100 {
            let isChanged = plan()
            check(self)
            let before = sets
            settle(broken: broken)
            if !isChanged, before == sets { return }
        }
    }
}
