import KubeObjects
import TenantAPI

/// Whether a control plane has pods to start from nothing, which is when it takes the most of its node.
package enum ControlPlaneStart: Sendable, Hashable {
    case none
    case wanted
    case underWay
}

extension TenantControlPlane {
    /// From the Deployment as it is in the cluster.
    package func start(beside deployment: KubeObject?) -> ControlPlaneStart {
        guard spec.controlPlane.deployment.replicas > 0 else { return .none }
        guard let deployment, deployment[path: "spec", "replicas"]?.integer != 0 else { return .wanted }
        return (deployment[path: "status", "readyReplicas"]?.integer ?? 0) > 0 ? .none : .underWay
    }
}

/// What the nodes of an admin cluster can take.
package enum NodeCapacity {
    /// Whole CPUs that pods may use, over all nodes; what a node says unreadably counts nothing.
    package static func allocatableCPUs(_ nodes: [KubeObject]) -> Int {
        let milliCPUs = nodes.reduce(Int64(0)) { sum, node in
            sum + (Quantity(node[path: "status", "allocatable", "cpu"]?.string ?? "")?.milliUnits ?? 0)
        }
        return Int(milliCPUs / 1000)
    }
}
