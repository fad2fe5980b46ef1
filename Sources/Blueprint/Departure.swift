import KubeObjects
import TenantAPI

/// What a container does when its pod is to end: it goes on for a while.
///
/// A pod is told to end and taken out of its Services at the same moment, and the nodes' proxies hear of the second a
/// little later. Without a wait clients are refused meanwhile, and what goes through the tunnel is cut. kubelet waits by
/// itself (Kubernetes 1.30), for there is no program in these images that could.
enum Departure: Int {
    /// The API server: what kube-proxy takes to follow, with a busy node's delay.
    case server = 5
    /// What the API server stands on while it answers the last requests: its tunnel, its datastore.
    case foundation = 7

    /// Sets the container's `lifecycle`, unless it has one, or nothing takes over from the pod.
    func write(into container: inout JSON, _ strategy: JSON) {
        guard container["lifecycle"] == nil, strategy["type"]?.string != "Recreate" else { return }
        container["lifecycle"] = ["preStop": ["sleep": ["seconds": JSON(rawValue)]]]
    }
}
