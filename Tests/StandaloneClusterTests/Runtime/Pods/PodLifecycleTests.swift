import FoundationEssentials
import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct PodLifecycleTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)

    private func status(_ main: [JSON], initial: [JSON] = [], policy: String = "Always") -> PodStatus {
        var pod = ResourceType.pods.object(ObjectKey(namespace: "a", name: "b"))
        pod["spec"] = [
            "containers": .array(main), "initContainers": .array(initial), "restartPolicy": .string(policy),
        ]
        return PodStatus(pod, podIP: "127.112.0.1", now: start)
    }

    private func end(_ code: Int32) -> ContainerTermination {
        ContainerTermination(exit: ProcessExit(exited: code), startedAt: start, finishedAt: start)
    }

    private func condition(_ json: JSON, _ type: String) -> JSON {
        json["conditions"]?.array?.first { $0["type"]?.string == type } ?? .null
    }

    @Test func `a pod is pending, then running, then ready, and conditions keep their times`() {
        var status = status([["name": "m"]], initial: [["name": "i"]])
        let first = status.json(previous: nil, now: start)
        #expect(first["phase"] == "Pending")
        #expect(condition(first, "Initialized")["status"] == "False")
        #expect(condition(first, "Initialized")["message"] == "containers with incomplete status: [i]")
        #expect(condition(first, "Ready")["message"] == "containers with unready status: [m]")

        status.initContainers[0].end(end(0))
        status.containers[0].state = .running(since: start)
        let later = start.addingTimeInterval(60)
        let second = status.json(previous: first, now: later)
        #expect(second["phase"] == "Running")
        #expect(condition(second, "Initialized")["lastTransitionTime"] == .string(Timestamp.format(later)))
        #expect(condition(second, "Ready")["lastTransitionTime"] == .string(Timestamp.format(start)))

        status.containers[0].isReady = true
        let third = status.json(previous: second, now: later)
        #expect(condition(third, "Ready")["status"] == "True")
        #expect(condition(third, "ContainersReady")["status"] == "True")
        #expect(third["startTime"] == first["startTime"])
        #expect(third["podIPs"] == [["ip": "127.112.0.1"]])
    }

    @Test func `conditions of others stay`() {
        let gate: JSON = ["type": "example.org/gate", "status": "True"]
        let json = status([["name": "m"]]).json(previous: ["conditions": [gate]], now: start)
        #expect(json["conditions"]?.array?.first == gate)
    }

    @Test(arguments: [
        ("Never", [Int32(0), 0], "Succeeded"), ("Never", [0, 2], "Failed"), ("OnFailure", [0, 0], "Succeeded"),
        ("OnFailure", [0, 2], "Running"), ("Always", [0, 0], "Running"),
    ])
    func `a pod is over when nothing would be run again`(policy: String, codes: [Int32], phase: String) {
        var status = status(codes.indices.map { ["name": .string("c\($0)")] }, policy: policy)
        for (index, code) in codes.enumerated() { status.containers[index].end(end(code)) }
        #expect(status.phase == phase)
    }

    @Test func `a pod that may not fail fails with its init container`() {
        var status = status([["name": "m"]], initial: [["name": "i"]], policy: "Never")
        status.initContainers[0].end(end(1))
        #expect(status.phase == "Failed")
    }

    @Test func `what the engine serves is as ready as the API server`() {
        var status = status([
            ["name": "kube-apiserver", "command": ["kube-apiserver"]], ["name": "kube-scheduler"],
        ])
        status.containers[1].state = .served
        let before = status.json(previous: nil, now: start)["containerStatuses"]?[1]
        #expect(before?["ready"] == false)
        #expect(before?[path: "state", "waiting", "reason"] == "ContainerCreating")
        status.containers[0].state = .running(since: start)
        status.containers[0].isReady = true
        let json = status.json(previous: nil, now: start)
        let after = json["containerStatuses"]?[1]
        #expect(after?["ready"] == true && after?["started"] == true)
        #expect(after?["imageID"] == "embedded engine")
        #expect(after?[path: "state", "running", "startedAt"] == .string(Timestamp.format(start)))
        #expect(condition(json, "Ready")["status"] == "True")
    }

    @Test func `restarts wait longer and longer, until a run was long`() {
        var backoff = RestartBackoff()
        #expect((0..<8).map { _ in backoff.delay(afterRunOf: 1) } == [0, 10, 20, 40, 80, 160, 300, 300])
        #expect(backoff.delay(afterRunOf: 600) == 0)
        #expect(backoff.delay(afterRunOf: 599) == 10)
    }

    @Test func `addresses are unique, kept, and reused last`() throws {
        var addresses = try #require(PodAddresses("127.112.0.0/29"))
        #expect(addresses.allocate(preferring: "127.112.0.4") == "127.112.0.4")
        #expect(addresses.allocate(preferring: "127.112.0.4") == "127.112.0.1")
        #expect(addresses.allocate(preferring: "10.0.0.1") == "127.112.0.2")
        addresses.release("127.112.0.1")
        #expect(
            (0..<4).map { _ in addresses.allocate(preferring: nil) } == [
                "127.112.0.3", "127.112.0.5", "127.112.0.6", "127.112.0.1",
            ])
        #expect(addresses.allocate(preferring: nil) == nil)
        #expect(PodAddresses("10.0.0.0/8") == nil)
    }

    @Test func `what the runtime owes a pod follows from its object`() {
        var pod = ResourceType.pods.object(ObjectKey(namespace: "a", name: "b"))
        func duty(isGone: Bool = false, isRunning: Bool = false) -> PodDuty {
            PodDuty(of: pod, isGone: isGone, node: "standalone", isRunning: isRunning)
        }
        #expect(duty() == .bind)
        pod["spec"] = ["nodeName": "standalone"]
        #expect(duty() == .start)
        #expect(duty(isRunning: true) == .none)
        #expect(duty(isGone: true, isRunning: true) == .abandon)
        pod["status"] = ["phase": "Succeeded"]
        #expect(duty() == .none)
        pod[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        pod[path: "metadata", "deletionGracePeriodSeconds"] = 5
        #expect(duty(isRunning: true) == .stop(grace: 5))
        #expect(duty() == .clear(isReleased: true))
        pod[path: "spec", "nodeName"] = "another"
        #expect(duty() == .none)
    }
}
