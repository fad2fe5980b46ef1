import FoundationEssentials
import KubeObjects

/// What is known of one pod, and the status that follows from it.
struct PodStatus: Equatable, Sendable {
    /// The one machine, as other pods reach it.
    static let hostIP = "127.0.0.1"

    let podIP: String
    let startTime: Date
    let restartPolicy: RestartPolicy
    var initContainers: [ContainerRecord]
    var containers: [ContainerRecord]
    private let sidecars: Set<String>
    /// Which container is the pod's kube-apiserver.
    private let engineIndex: Int?
    /// Names of the containers that it stands in for when it is the embedded engine.
    private let servedContainers: [String]

    init(_ pod: KubeObject, podIP: String, now: Date) {
        self.podIP = podIP
        let initial = pod[path: "spec", "initContainers"]?.array ?? []
        let main = pod[path: "spec", "containers"]?.array ?? []
        startTime = pod[path: "status", "startTime"]?.string.flatMap(Timestamp.parse) ?? now
        restartPolicy = pod[path: "spec", "restartPolicy"]?.string.flatMap(RestartPolicy.init) ?? .always
        initContainers = initial.map { Self.record($0, pod[path: "status", "initContainerStatuses"]) }
        containers = main.map { Self.record($0, pod[path: "status", "containerStatuses"]) }
        sidecars = Set(initial.filter(Self.isSidecar).compactMap { $0["name"]?.string })
        engineIndex = main.firstIndex { ProcessPlanner.program(of: $0) == "kube-apiserver" }
        servedContainers = EngineNotice.containers(of: pod)
        if initial.isEmpty {
            for index in containers.indices { containers[index].state = .waiting(reason: "ContainerCreating") }
        }
    }

    private static func record(_ container: JSON, _ statuses: JSON?) -> ContainerRecord {
        var record = ContainerRecord(container)
        if let status = statuses?.array?.first(where: { $0["name"]?.string == record.name }) {
            record.resume(from: status)
        }
        return record
    }

    /// Init containers that keep running beside the others.
    static func isSidecar(_ container: JSON) -> Bool { container["restartPolicy"]?.string == "Always" }

    static func allContainers(of pod: KubeObject) -> [JSON] {
        (pod[path: "spec", "initContainers"]?.array ?? []) + (pod[path: "spec", "containers"]?.array ?? [])
    }

    private var engine: ContainerRecord? { engineIndex.map { containers[$0] } }

    private var isInitialized: Bool {
        initContainers.allSatisfy { record in
            if sidecars.contains(record.name) { return record.isStarted }
            guard case .terminated(let termination) = record.state else { return false }
            return termination.exit.code == 0
        }
    }

    private var notReady: [String] {
        (initContainers.filter { sidecars.contains($0.name) } + containers).filter { !$0.counts(engine: engine) }
            .map(\.name)
    }

    /// The pod's phase: Succeeded and Failed once nothing runs that would be run again.
    var phase: String {
        if restartPolicy != .always {
            let ends = containers.compactMap { record -> Int32? in
                guard case .terminated(let termination) = record.state else { return nil }
                return restartPolicy.restarts(after: termination.exit.code) ? nil : termination.exit.code
            }
            if ends.count == containers.count { return ends.allSatisfy { $0 == 0 } ? "Succeeded" : "Failed" }
        }
        if restartPolicy == .never, initFailed { return "Failed" }
        let hasBegun = containers.contains { record in
            switch record.state {
            case .running, .terminated: true
            case .waiting: record.last != nil
            case .served: engine?.isReady ?? false
            }
        }
        return isInitialized && hasBegun ? "Running" : "Pending"
    }

    private var initFailed: Bool {
        initContainers.contains { record in
            guard case .terminated(let termination) = record.state else { return false }
            return termination.exit.code != 0 && !sidecars.contains(record.name)
        }
    }

    /// The status as it is written. Conditions that have not changed keep their times, and conditions of others stay.
    ///
    /// - Parameter previous: what the pod's status was.
    func json(previous: JSON?, now: Date, isTerminating: Bool = false) -> JSON {
        let phase = phase
        let waiting = notReady
        let isOver = phase == "Succeeded" || phase == "Failed"
        func readiness(_ type: String) -> Condition {
            if isOver { return Condition(type, false, "PodCompleted") }
            if waiting.isEmpty { return Condition(type, true) }
            return Condition(
                type, false, "ContainersNotReady",
                "containers with unready status: [\(waiting.joined(separator: " "))]")
        }
        let incomplete = initContainers.filter {
            if case .terminated(let end) = $0.state, end.exit.code == 0 { return false }
            return !(sidecars.contains($0.name) && $0.isStarted)
        }
        var conditions = [
            Condition("PodReadyToStartContainers", true),
            isInitialized
                ? Condition("Initialized", true)
                : Condition(
                    "Initialized", false, "ContainersNotInitialized",
                    "containers with incomplete status: [\(incomplete.map(\.name).joined(separator: " "))]"),
            readiness("Ready"), readiness("ContainersReady"), Condition("PodScheduled", true),
        ]
        if !servedContainers.isEmpty {
            conditions.append(
                Condition(
                    EngineNotice.condition, true, EngineNotice.reason, EngineNotice.message(servedContainers)))
        }
        var status = previous ?? [:]
        status["phase"] = .string(phase)
        status["hostIP"] = .string(Self.hostIP)
        status["hostIPs"] = [["ip": .string(Self.hostIP)]]
        status["podIP"] = .string(podIP)
        status["podIPs"] = [["ip": .string(podIP)]]
        status["startTime"] = .string(Timestamp.format(startTime))
        status["containerStatuses"] = .array(containers.map { $0.json(engine: engine) })
        status["initContainerStatuses"] =
            initContainers.isEmpty ? JSON?.none : .array(initContainers.map { $0.json(engine: nil) })
        status["conditions"] = .array(Condition.merge(conditions, into: previous?["conditions"]?.array ?? [], now: now))
        return status
    }

    /// One condition of a pod or node.
    struct Condition: Equatable, Sendable {
        let type: String
        let holds: Bool
        let reason: String
        let message: String

        init(_ type: String, _ holds: Bool, _ reason: String = "", _ message: String = "") {
            self.type = type
            self.holds = holds
            self.reason = reason
            self.message = message
        }

        /// `conditions` with these laid over them; lastTransitionTime moves when a condition's status does.
        static func merge(_ new: [Condition], into conditions: [JSON], now: Date) -> [JSON] {
            var merged = conditions
            for condition in new {
                var json: JSON = ["type": .string(condition.type), "status": condition.holds ? "True" : "False"]
                if !condition.reason.isEmpty { json["reason"] = .string(condition.reason) }
                if !condition.message.isEmpty { json["message"] = .string(condition.message) }
                let index = merged.firstIndex { $0["type"]?.string == condition.type }
                let old = index.map { merged[$0] }
                for field in ["lastProbeTime", "observedGeneration"] { json[field] = old?[field] }
                json["lastTransitionTime"] =
                    old?["status"] == json["status"]
                    ? old?["lastTransitionTime"] ?? .string(Timestamp.format(now)) : .string(Timestamp.format(now))
                if let index { merged[index] = json } else { merged.append(json) }
            }
            return merged
        }
    }
}
