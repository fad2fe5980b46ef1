import FoundationEssentials
import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct RolloutPlanTests {
    @Test(
        "surge rounds up, unavailable down, and one of them is never nothing",
        arguments: [
            (10, "25%" as JSON, "25%" as JSON, 3, 2), (1, "25%", "25%", 1, 0), (4, 0, 0, 0, 1), (0, "25%", "25%", 0, 0),
            (3, 2, 1, 2, 1), (2, 0, 5, 0, 2), (3, "0%", "10%", 0, 1),
        ])
    func limits(_ replicas: Int, _ surge: JSON, _ unavailable: JSON, _ maxSurge: Int64, _ maxUnavailable: Int64) {
        let strategy: JSON = ["rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable]]
        let limits = RolloutLimits(of: deployment("web", replicas: replicas, strategy: strategy))
        #expect(limits.maxSurge == maxSurge)
        #expect(limits.maxUnavailable == maxUnavailable)
    }

    @Test func `a Deployment gets a ReplicaSet of its template`() throws {
        var simulation = RolloutSimulation(deployment("web", replicas: 3))
        simulation.deployment.annotations = [
            "kubernetes.io/change-cause": "first", "kubectl.kubernetes.io/last-applied-configuration": "{}",
        ]
        simulation.plan()
        let set = try #require(simulation.sets.first)
        let hash = try #require(set.labels["pod-template-hash"])
        #expect(set.name == "web-\(hash)")
        #expect(set[path: "spec", "selector", "matchLabels"] == ["app": "web", "pod-template-hash": .string(hash)])
        #expect(set[path: "spec", "template", "metadata", "labels", "pod-template-hash"] == .string(hash))
        #expect(set.ownerReferences.first?.uid == "deployment")
        #expect(set.ownerReferences.first?.blocksOwnerDeletion == true)
        #expect(
            set.annotations == [
                "kubernetes.io/change-cause": "first", "deployment.kubernetes.io/revision": "1",
                "deployment.kubernetes.io/desired-replicas": "3", "deployment.kubernetes.io/max-replicas": "4",
            ])
        #expect(set.wantedReplicas == 3)
        #expect(simulation.deployment.annotations["deployment.kubernetes.io/revision"] == "1")
        #expect(simulation.condition("Progressing") == "True NewReplicaSetCreated")
        #expect(simulation.condition("Available") == "False MinimumReplicasUnavailable")
        simulation.run()
        #expect(simulation.condition("Progressing") == "True NewReplicaSetAvailable")
        #expect(simulation.condition("Available") == "True MinimumReplicasAvailable")
        let status = try #require(simulation.deployment["status"])
        for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
            #expect(status[field] == 3)
        }
        #expect(status["observedGeneration"] == 1)
        #expect(status["unavailableReplicas"] == nil)
    }

    @Test(
        "a rollout keeps its limits at every step and ends with the new pods alone",
        arguments: [
            (1, "25%" as JSON, "25%" as JSON), (10, "25%", "25%"), (4, 1, 0), (4, 0, 1), (5, "100%", 0), (7, 3, 3),
        ]
    )
    func rollingUpdate(_ replicas: Int, _ surge: JSON, _ unavailable: JSON) {
        let strategy: JSON = [
            "type": "RollingUpdate", "rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable],
        ]
        var simulation = RolloutSimulation(deployment("web", replicas: replicas, strategy: strategy))
        simulation.run()
        let limits = RolloutLimits(of: simulation.deployment)
        simulation.setImage("two")
        simulation.run { state in
            #expect(state.total <= replicas + Int(limits.maxSurge))
            let serving = state.sets.reduce(0) { $0 + $1.availableWantedReplicas }
            #expect(serving >= limits.minAvailable)
        }
        #expect(simulation.replicas(image: "two") == Int64(replicas))
        #expect(simulation.replicas(image: "one") == 0)
        #expect(simulation.deployment.annotations["deployment.kubernetes.io/revision"] == "2")
        #expect(simulation.condition("Progressing") == "True NewReplicaSetAvailable")
    }

    @Test func `a rollout that gets nowhere stops, is late, and can be undone`() {
        var simulation = RolloutSimulation(deployment("web", replicas: 4))
        simulation.run()
        simulation.setImage("broken")
        simulation.run(broken: ["broken"])
        #expect(simulation.replicas(image: "broken") == 2)
        #expect(simulation.replicas(image: "one") == 3)
        #expect(simulation.condition("Progressing") == "True ReplicaSetUpdated")
        simulation.now += 601
        simulation.run(broken: ["broken"])
        #expect(simulation.condition("Progressing") == "False ProgressDeadlineExceeded")
        #expect(simulation.condition("Available") == "True MinimumReplicasAvailable")

        simulation.setImage("one")
        simulation.run(broken: ["broken"])
        #expect(simulation.replicas(image: "one") == 4)
        #expect(simulation.replicas(image: "broken") == 0)
        let back = simulation.sets.first { $0.wantedReplicas == 4 }
        #expect(back?.annotations["deployment.kubernetes.io/revision"] == "3")
        #expect(back?.annotations["deployment.kubernetes.io/revision-history"] == "1")
        #expect(simulation.condition("Progressing") == "True NewReplicaSetAvailable")
    }

    @Test func `pods that never got ready make room first`() {
        var simulation = RolloutSimulation(deployment("web", replicas: 4, image: "broken"))
        simulation.run(broken: ["broken"])
        simulation.setImage("two")
        simulation.run(broken: ["broken"])
        #expect(simulation.replicas(image: "two") == 4)
        #expect(simulation.replicas(image: "broken") == 0)
    }

    @Test func `Recreate starts the new pods when the last old one is gone`() {
        var simulation = RolloutSimulation(deployment("web", replicas: 2, strategy: ["type": "Recreate"]))
        simulation.run()
        let old = simulation.sets[0]
        var pod = ReplicaPlan.pod(of: old)
        pod[path: "status", "phase"] = "Running"
        pod[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        simulation.pods = [pod]
        simulation.setImage("two")
        simulation.run()
        #expect(simulation.total == 0)
        #expect(simulation.sets.count == 1)
        simulation.pods = []
        simulation.run()
        #expect(simulation.replicas(image: "two") == 2)
        #expect(simulation.replicas(image: "one") == 0)
    }

    @Test func `a paused Deployment is scaled but not rolled`() {
        var simulation = RolloutSimulation(deployment("web", replicas: 2))
        simulation.run()
        simulation.change { $0[path: "spec", "paused"] = true }
        simulation.setImage("two")
        simulation.change { $0[path: "spec", "replicas"] = 5 }
        simulation.run()
        #expect(simulation.replicas(image: "one") == 5)
        #expect(simulation.replicas(image: "two") == nil)
        #expect(simulation.condition("Progressing") == "Unknown DeploymentPaused")
        simulation.change { $0[path: "spec", "paused"] = nil }
        simulation.run()
        #expect(simulation.replicas(image: "two") == 5)
        #expect(simulation.replicas(image: "one") == 0)
    }

    @Test func `scaling to nothing and back keeps the ReplicaSet`() {
        var simulation = RolloutSimulation(deployment("web", replicas: 3))
        for replicas in [0, 6, 1] {
            simulation.change { $0[path: "spec", "replicas"] = JSON(replicas) }
            simulation.run()
            #expect(simulation.total == replicas)
            #expect(simulation.sets.count == 1)
            #expect(simulation.condition("Progressing") == "True NewReplicaSetAvailable")
        }
    }

    @Test func `only so many old revisions are kept`() {
        var simulation = RolloutSimulation(deployment("web", replicas: 1))
        simulation.change { $0[path: "spec", "revisionHistoryLimit"] = 2 }
        for image in ["one", "two", "three", "four", "five"] {
            simulation.setImage(image)
            simulation.run()
        }
        #expect(simulation.sets.map(\.revision).sorted() == [3, 4, 5])
    }

    @Test func `templates are compared by meaning`() {
        let plain = deployment("web", replicas: 1)
        var written = plain
        written[path: "spec", "template", "metadata", "creationTimestamp"] = .null
        written[path: "spec", "template", "metadata", "labels", "pod-template-hash"] = "x"
        #expect(PodTemplate(of: plain) == PodTemplate(of: written))
        let hash = PodTemplate(of: plain).hash(collisionCount: 0)
        #expect(hash == PodTemplate(of: written).hash(collisionCount: 0))
        #expect(hash != PodTemplate(of: plain).hash(collisionCount: 1))
        #expect(hash != PodTemplate(of: deployment("web", replicas: 1, image: "two")).hash(collisionCount: 0))
    }
}
