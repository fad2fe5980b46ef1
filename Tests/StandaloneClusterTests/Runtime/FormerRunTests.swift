import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging
import Testing

@testable import StandaloneCluster

/// What a start makes of the status that an earlier run left.
@Suite struct FormerRunTests {
    private static let running: JSON = [
        "name": "main", "ready": true, "started": true, "restartCount": 2,
        "state": ["running": ["startedAt": "2026-01-01T00:00:00Z"]],
    ]

    private static func pod(_ container: JSON, phase: String = "Running") -> KubeObject {
        var pod = ResourceType.pods.object(ObjectKey(namespace: "default", name: "p"))
        pod["spec"] = ["nodeName": "standalone", "containers": [shell("true", name: "main")]]
        pod["status"] = [
            "phase": .string(phase), "containerStatuses": [container],
            "conditions": [["type": "Ready", "status": "True"], ["type": "PodScheduled", "status": "True"]],
        ]
        return pod
    }

    @Test func `a pod that ran is not ready, and its next start counts as a restart`() throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        var pod = Self.pod(Self.running)
        let ended = try #require(FormerRun.ended(pod, now: now))
        pod["status"] = ended
        #expect(pod.condition("Ready") == "False" && pod.condition("PodScheduled") == "True")
        let container = pod.container("main")
        #expect(container["ready"] == false && container[path: "state", "running"] == nil)
        #expect(container[path: "lastState", "terminated", "exitCode"] == 255)
        #expect(container[path: "lastState", "terminated", "startedAt"] == "2026-01-01T00:00:00Z")
        let record = PodStatus(pod, podIP: "127.112.0.1", now: now).containers[0]
        #expect(record.restartCount == 2 && record.last?.exit.code == 255, "the start itself counts one more")
        #expect(FormerRun.ended(pod, now: now) == nil, "once is enough")
    }

    @Test(arguments: ["Succeeded", "Failed"]) func `a pod that was over stays as it was`(phase: String) {
        #expect(FormerRun.ended(Self.pod(Self.running, phase: phase), now: Date()) == nil)
    }

    @Test func `a Deployment whose pods ran is not available`() throws {
        var deployment = ResourceType.deployments.object(ObjectKey(namespace: "default", name: "d"))
        deployment["status"] = ["replicas": 2, "readyReplicas": 2, "availableReplicas": 2]
        let status = try #require(FormerRun.unready(deployment, now: Date(), notesUpdates: true))
        #expect(status["readyReplicas"] == nil && status["unavailableReplicas"] == 2)
        #expect(status["conditions"]?.array?.first?["status"] == "False")
        deployment["status"] = status
        #expect(FormerRun.unready(deployment, now: Date(), notesUpdates: true) == nil)
    }

    @Test func `a restarted runtime finds nothing ready, and runs what ran with one more restart`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            try await fixture.createPod("p", [shell("sleep 300")])
            try await fixture.pod("p") { $0.isReady }
        }
        var log = Logger(label: "test")
        log.logLevel = .error
        await FormerRun(api: fixture.api, log: log).settle()
        let settled = try await fixture.api.get(.pods, ObjectKey(namespace: "default", name: "p"))
        #expect(!settled.isReady && settled.container("main")["ready"] == false)
        try await fixture.running {
            let pod = try await fixture.pod("p") { $0.isReady }
            #expect(pod.container("main")["restartCount"] == 1)
        }
    }
}
