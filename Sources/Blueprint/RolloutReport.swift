import KubeObjects
import TenantAPI

/// Why a Deployment's new pods do not become ready, as its pods tell.
package enum RolloutReport {
    /// What every pod says while all is well.
    private static let patience: Set<String> = ["ContainerCreating", "PodInitializing"]

    /// In one line; nil while nothing says that something is wrong. Messages are cut: they end in a condition.
    package static func obstacle(pods: [KubeObject]) -> String? {
        let troubles = pods.sorted { $0.name < $1.name }.compactMap { pod -> String? in
            guard !pod.isBeingDeleted, let trouble = trouble(of: pod) else { return nil }
            return "pod \(pod.name): \(trouble)"
        }
        guard let first = troubles.first else { return nil }
        return troubles.count == 1 ? first : "\(first); and \(troubles.count - 1) more pods"
    }

    private static func trouble(of pod: KubeObject) -> String? {
        let status = pod["status"]
        let conditions = status?["conditions"]?.array ?? []
        if let unscheduled = conditions.first(where: {
            $0["type"]?.string == "PodScheduled" && $0["status"]?.string == "False"
        }) {
            return "not scheduled: \(cut(unscheduled["message"]?.string ?? unscheduled["reason"]?.string ?? ""))"
        }
        let containers =
            (status?["initContainerStatuses"]?.array ?? []) + (status?["containerStatuses"]?.array ?? [])
        for container in containers where container["ready"]?.bool != true {
            let name = container["name"]?.string ?? ""
            if let waiting = container[path: "state", "waiting"], let reason = waiting["reason"]?.string,
                !patience.contains(reason)
            {
                let last = container[path: "lastState", "terminated", "exitCode"]?.integer
                let exit = last.map { ", it exited with \($0)" } ?? ""
                return "\(name) \(reason)\(exit): \(cut(waiting["message"]?.string ?? ""))"
            }
            if let ended = container[path: "state", "terminated"], ended["exitCode"]?.integer != 0 {
                return "\(name) exited with \(ended["exitCode"]?.integer ?? -1)"
            }
        }
        return nil
    }

    private static func cut(_ text: String) -> String { text.count > 300 ? text.prefix(300) + "…" : text }
}
