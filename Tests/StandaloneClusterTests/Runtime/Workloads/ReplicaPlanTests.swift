import FoundationEssentials
import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct ReplicaPlanTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func replicaSet(_ replicas: Int, minReadySeconds: Int = 0) -> KubeObject {
        var set = ResourceType.replicaSets.object(ObjectKey(namespace: "default", name: "web-1"))
        set[path: "metadata", "uid"] = "set"
        set["spec"] = [
            "replicas": JSON(replicas), "minReadySeconds": JSON(minReadySeconds),
            "template": ["metadata": ["labels": ["app": "web"]], "spec": ["containers": []]],
        ]
        return set
    }

    /// - Parameter readyFor: seconds since it became ready; nil is not ready.
    private func pod(
        _ name: String, phase: String = "Running", readyFor: Double? = nil, node: String? = "standalone",
        age: Double = 100
    ) -> KubeObject {
        var pod = ReplicaPlan.pod(of: replicaSet(1))
        pod[path: "metadata", "name"] = .string(name)
        pod[path: "metadata", "creationTimestamp"] = .string(Timestamp.format(Self.now.addingTimeInterval(-age)))
        if let node { pod[path: "spec", "nodeName"] = .string(node) }
        pod["status"] = ["phase": .string(phase)]
        if let readyFor {
            let since = Timestamp.format(Self.now.addingTimeInterval(-readyFor))
            pod[path: "status", "conditions"] = [
                ["type": "Ready", "status": "True", "lastTransitionTime": .string(since)]
            ]
        }
        return pod
    }

    @Test func `what is missing is made`() {
        let plan = ReplicaPlan(replicaSet: replicaSet(3), pods: [pod("a", readyFor: 5)], now: Self.now)
        #expect(plan.missing == 2)
        #expect(plan.doomed.isEmpty)
        #expect(plan.status["replicas"] == 1)
        #expect(plan.status["readyReplicas"] == 1)
        #expect(plan.status["availableReplicas"] == 1)
        #expect(plan.status["fullyLabeledReplicas"] == 1)
    }

    @Test func `the least useful pods go first`() {
        var cheap = pod("cheap", readyFor: 50)
        cheap.annotations["controller.kubernetes.io/pod-deletion-cost"] = "-1"
        let pods = [
            pod("old", readyFor: 90), cheap, pod("unready"), pod("young", readyFor: 10),
            pod("pending", phase: "Pending"),
            pod("unassigned", phase: "Pending", node: nil),
        ]
        let plan = ReplicaPlan(replicaSet: replicaSet(0), pods: pods, now: Self.now)
        #expect(plan.doomed.map(\.name) == ["unassigned", "pending", "unready", "cheap", "young", "old"])
        let some = ReplicaPlan(replicaSet: replicaSet(4), pods: pods, now: Self.now)
        #expect(some.doomed.map(\.name) == ["unassigned", "pending"])
    }

    @Test func `pods that have ended are replaced, but not faster than every ten seconds`() {
        let old = ReplicaPlan(replicaSet: replicaSet(1), pods: [pod("a", phase: "Failed")], now: Self.now)
        #expect(old.missing == 1)
        #expect(old.doomed.map(\.name) == ["a"])
        let young = ReplicaPlan(replicaSet: replicaSet(1), pods: [pod("a", phase: "Failed", age: 3)], now: Self.now)
        #expect(young.missing == 0)
        #expect(young.doomed.isEmpty)
        #expect(young.checkAfter == .seconds(8))
        #expect(young.status["replicas"] == 0)
    }

    @Test func `pods on their way out do not count`() {
        var leaving = pod("a", readyFor: 5)
        leaving[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let plan = ReplicaPlan(replicaSet: replicaSet(1), pods: [leaving], now: Self.now)
        #expect(plan.missing == 1)
        #expect(plan.status["replicas"] == 0)
        var gone = replicaSet(1)
        gone[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        #expect(ReplicaPlan(replicaSet: gone, pods: [], now: Self.now).missing == 0)
    }

    @Test func `a pod is available once it was ready long enough`() {
        let pods = [pod("a", readyFor: 40), pod("b", readyFor: 10)]
        let plan = ReplicaPlan(replicaSet: replicaSet(2, minReadySeconds: 30), pods: pods, now: Self.now)
        #expect(plan.status["readyReplicas"] == 2)
        #expect(plan.status["availableReplicas"] == 1)
        #expect(plan.checkAfter == .seconds(21))
    }

    @Test func `a failure is told until it is over`() {
        let failure = ReplicaPlan.Failure(reason: "FailedCreate", message: "no")
        var set = replicaSet(1)
        set["status"] = ReplicaPlan(replicaSet: set, pods: [], now: Self.now, failure: failure).status
        #expect(set[path: "status", "conditions"]?[0]?["reason"] == "FailedCreate")
        #expect(ReplicaPlan(replicaSet: set, pods: [], now: Self.now).status["conditions"] == nil)
    }
}
