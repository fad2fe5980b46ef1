import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging

/// What an earlier run of this program left in the status of pods and their owners: their processes ended with it, so
/// nothing is ready until it runs anew. Put right before anybody can read it.
struct FormerRun: Sendable {
    let api: ClusterAPI
    let log: Logger

    func settle() async {
        await correct(.pods) { Self.ended($0, now: api.now()) }
        await correct(.replicaSets) { Self.unready($0, now: api.now(), notesUpdates: false) }
        await correct(.deployments) { Self.unready($0, now: api.now(), notesUpdates: true) }
    }

    private func correct(_ type: ResourceType, _ edit: @escaping @Sendable (KubeObject) -> JSON?) async {
        do throws(APIStatus) {
            for object in try await api.list(type).items where edit(object) != nil {
                var modification = Modification(key: object.key) { old throws(APIStatus) in
                    guard var current = old else { throw .notFound(type, object.name) }
                    if let status = edit(current) { current["status"] = status }
                    return current
                }
                modification.subresource = "status"
                _ = try await api.modify(api.resource(type), modification, PodMachinery.options)
            }
        } catch {
            log.warning(
                "could not put the status of an earlier run right", metadata: ["kind": "\(type)", "error": "\(error)"])
        }
    }

    /// The status of a pod whose processes are no more; nil when none of them ran.
    static func ended(_ pod: KubeObject, now: Date) -> JSON? {
        guard var status = pod["status"], !["Succeeded", "Failed"].contains(status["phase"]?.string ?? "") else {
            return nil
        }
        let served = EngineNotice.containers(of: pod)
        var names: [String] = []
        for list in ["initContainerStatuses", "containerStatuses"] {
            guard var containers = status[list]?.array else { continue }
            for index in containers.indices {
                let name = containers[index]["name"]?.string ?? ""
                guard let running = containers[index][path: "state", "running"] else { continue }
                if list == "containerStatuses" { names.append(name) }
                if !served.contains(name) {
                    let end = ContainerTermination(
                        exit: ProcessExit(exited: 255),
                        startedAt: running["startedAt"]?.string.flatMap(Timestamp.parse) ?? now, finishedAt: now,
                        message: "it ended with the program that ran it")
                    containers[index]["lastState"] = ["terminated": end.json]
                }
                containers[index]["state"] = ["waiting": ["reason": "ContainerCreating"]]
                containers[index]["ready"] = false
                containers[index]["started"] = false
            }
            status[list] = .array(containers)
        }
        guard !names.isEmpty else { return nil }
        let message = "containers with unready status: [\(names.joined(separator: " "))]"
        let conditions = ["Ready", "ContainersReady"].map {
            PodStatus.Condition($0, false, "ContainersNotReady", message)
        }
        status["conditions"] = .array(
            PodStatus.Condition.merge(conditions, into: status["conditions"]?.array ?? [], now: now))
        return status
    }

    /// The status of a ReplicaSet or Deployment none of whose pods is ready; nil when it says so already.
    static func unready(_ owner: KubeObject, now: Date, notesUpdates: Bool) -> JSON? {
        guard var status = owner["status"], (status["readyReplicas"]?.integer ?? 0) > 0 else { return nil }
        status["readyReplicas"] = nil
        status["availableReplicas"] = nil
        guard notesUpdates else { return status }
        status["unavailableReplicas"] = status["replicas"]
        var conditions = Conditions(of: owner, now: now, notesUpdates: true)
        conditions.set(
            "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        status["conditions"] = .array(conditions.items)
        return status
    }
}
