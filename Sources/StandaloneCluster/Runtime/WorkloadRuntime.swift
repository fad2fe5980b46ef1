import KubeObjects

/// What runs the workloads of the cluster that an embedded API server serves.
package enum WorkloadRuntime: Sendable {
    /// Nobody: there is no scheduler and no workload controller, and no kubelet that this server could reach.
    case none
    /// This machine runs Pods, ReplicaSets and Deployments as local processes.
    case local(ContainerLogs)

    private static let controlled: Set<String> = [
        "replicationcontrollers", "replicasets.apps", "deployments.apps", "statefulsets.apps", "daemonsets.apps",
        "jobs.batch", "cronjobs.batch",
    ]
    private static let controlledLocally: Set<String> = ["replicasets.apps", "deployments.apps"]

    /// What somebody who creates an object has to know when nothing will come of it; nil when all goes as usual.
    func warning(creating object: KubeObject, _ type: ResourceType) -> String? {
        let kind = type.description
        switch self {
        case .none:
            if type == .pods {
                guard (object[path: "spec", "nodeName"]?.string ?? "").isEmpty else { return nil }
                return "the embedded engine runs no workloads: it has no scheduler, so pod \"\(object.name)\" stays "
                    + "Pending until spec.nodeName names a node"
            }
            guard Self.controlled.contains(kind) else { return nil }
            return "the embedded engine runs no workloads: it has no controller for \(kind), so \"\(object.name)\" "
                + "gets no pods"
        case .local:
            guard Self.controlled.contains(kind), !Self.controlledLocally.contains(kind) else { return nil }
            return "the standalone cluster has no controller for \(kind), so \"\(object.name)\" gets no pods: it runs "
                + "Pods, ReplicaSets and Deployments"
        }
    }
}
