import FoundationEssentials
import KubeObjects

extension TableLayout {
    static let pods: [String: TableLayout] = [
        "pods": TableLayout("Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*") { row in
            let pod = PodSummary(row)
            let address = row.items("status", "podIPs").first?["ip"]?.string ?? ""
            return [
                .string(row.name), .string("\(pod.ready)/\(pod.total)"), .string(pod.reason),
                .string(pod.restartsText(now: row.now)), row.age,
                .string(address.isEmpty ? "<none>" : address),
                row.cell("spec", "nodeName", absent: "<none>"),
                row.cell("status", "nominatedNodeName", absent: "<none>"), .string(pod.readinessGates),
            ]
        }
    ]
}

/// What `kubectl get pods` says of a pod: one word for the state of all its containers.
private struct PodSummary {
    var ready = 0
    var total: Int
    var reason: String
    var restarts: Int64 = 0
    var lastRestart = ""
    var readinessGates = "<none>"

    /// Init containers that run beside the others, by name.
    private let sidecars: Set<String>
    private let row: TableRow

    init(_ row: TableRow) {
        self.row = row
        let initContainers = row.items("spec", "initContainers")
        sidecars = Set(
            initContainers.filter { $0["restartPolicy"]?.string == "Always" }.compactMap {
                $0["name"]?.string
            })
        total = row.items("spec", "containers").count + sidecars.count
        let phase = row.text("status", "phase") ?? ""
        let statusReason = row.text("status", "reason") ?? ""
        reason = statusReason.isEmpty ? phase : statusReason
        let conditions = row.items("status", "conditions")
        if conditions.contains(where: {
            $0["type"]?.string == "PodScheduled" && $0["reason"]?.string == "SchedulingGated"
        }) {
            reason = "SchedulingGated"
        }
        let isInitializing = readInitContainers(count: initContainers.count)
        if !isInitializing || row.hasCondition("Initialized") { readContainers() }
        if row.text("metadata", "deletionTimestamp") != nil {
            if statusReason == "NodeLost" {
                reason = "Unknown"
            } else if phase != "Succeeded", phase != "Failed" {
                reason = "Terminating"
            }
        }
        let gates = row.items("spec", "readinessGates")
        if !gates.isEmpty {
            let passed = gates.count { row.hasCondition($0["conditionType"]?.string ?? "") }
            readinessGates = "\(passed)/\(gates.count)"
        }
    }

    func restartsText(now: Date) -> String {
        if restarts == 0 || lastRestart.isEmpty { return String(restarts) }
        return "\(restarts) (\(HumanDuration.age(lastRestart, now: now)) ago)"
    }

    /// RFC 3339 times in UTC order as their texts do.
    private mutating func note(restartsOf status: JSON) {
        restarts += status["restartCount"]?.integer ?? 0
        if let finished = status[path: "lastState", "terminated", "finishedAt"]?.string,
            finished > lastRestart
        {
            lastRestart = finished
        }
    }

    private static func exit(_ terminated: JSON) -> String {
        if let reason = terminated["reason"]?.string, !reason.isEmpty { return reason }
        if let signal = terminated["signal"]?.integer, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(terminated["exitCode"]?.integer ?? 0)"
    }

    /// True while one of them has not done its part.
    private mutating func readInitContainers(count: Int) -> Bool {
        for (place, status) in row.items("status", "initContainerStatuses").enumerated() {
            note(restartsOf: status)
            let terminated = status[path: "state", "terminated"]
            let waiting = status[path: "state", "waiting", "reason"]?.string ?? ""
            if let terminated, terminated["exitCode"]?.integer ?? 0 == 0 { continue }
            if sidecars.contains(status["name"]?.string ?? ""), status["started"]?.bool == true {
                if status["ready"]?.bool == true { ready += 1 }
                continue
            }
            if let terminated {
                reason = "Init:\(Self.exit(terminated))"
            } else if !waiting.isEmpty, waiting != "PodInitializing" {
                reason = "Init:\(waiting)"
            } else {
                reason = "Init:\(place)/\(count)"
            }
            return true
        }
        return false
    }

    private mutating func readContainers() {
        // Only sidecars among the init containers still count.
        restarts = 0
        lastRestart = ""
        for status in row.items("status", "initContainerStatuses")
        where sidecars.contains(status["name"]?.string ?? "") {
            note(restartsOf: status)
        }
        var hasRunning = false
        var failure = ""
        for status in row.items("status", "containerStatuses").reversed() {
            note(restartsOf: status)
            if let waiting = status[path: "state", "waiting", "reason"]?.string, !waiting.isEmpty {
                reason = waiting
            } else if let terminated = status[path: "state", "terminated"] {
                reason = Self.exit(terminated)
                if terminated["exitCode"]?.integer ?? 0 != 0 { failure = reason }
            } else if status["ready"]?.bool == true, status[path: "state", "running"] != nil {
                hasRunning = true
                ready += 1
            }
        }
        guard reason == "Completed" else { return }
        if hasRunning, row.hasCondition("Ready") {
            reason = "Running"
        } else if !failure.isEmpty {
            reason = failure
        } else if hasRunning {
            reason = "NotReady"
        }
    }
}
