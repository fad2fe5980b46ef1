/// What a kubelet and its container runtime make of their own accord, in the folders that they share with others. A
/// reset takes that away with what the join wrote; everything else in those folders is somebody's own: static pods,
/// profiles, configuration of a network plugin.
///
/// The names are those of Kubernetes 1.36 and of versions back to 1.28 (pkg/kubelet/kubeletconfig, cm, allocation,
/// images/pullmanager, nodeshutdown).
enum KubeletBelongings {
    /// Whole folders: what lies in them is of pods, of their volumes, or of the kubelet.
    private static let trees = [
        "/var/lib/kubelet/pods", "/var/lib/kubelet/plugins", "/var/lib/kubelet/plugins_registry",
        "/var/lib/kubelet/plugin-containers", "/var/lib/kubelet/containers", "/var/lib/kubelet/pod-resources",
        "/var/lib/kubelet/pods-api", "/var/lib/kubelet/checkpoints", "/var/lib/kubelet/device-plugins",
        "/var/lib/kubelet/image_manager", "/var/log/pods", "/var/log/containers",
    ]

    private static let files: Set<String> = [
        KubeletFiles.kubeconfigPath, "/var/lib/kubelet/cpu_manager_state", "/var/lib/kubelet/memory_manager_state",
        "/var/lib/kubelet/dra_manager_state", "/var/lib/kubelet/allocated_pods_state",
        "/var/lib/kubelet/actuated_pods_state", "/var/lib/kubelet/pod_status_manager_state",
        "/var/lib/kubelet/graceful_node_shutdown_state",
    ]

    /// In which the kubelet keeps its certificates, all under names that begin with its own; others may lie beside them.
    private static let certificates = "/var/lib/kubelet/pki"

    /// Made by the kubelet, and filled by others if at all.
    private static let folders: Set<String> = [
        certificates, "/usr/libexec/kubernetes/kubelet-plugins", "/usr/libexec/kubernetes/kubelet-plugins/volume",
        "/usr/libexec/kubernetes/kubelet-plugins/volume/exec",
    ]

    /// Whether this came from the kubelet or the runtime, if it was not there before the join.
    static func contains(_ path: String, isFolder: Bool) -> Bool {
        if trees.contains(where: { path == $0 || path.hasPrefix("\($0)/") }) { return true }
        if isFolder { return folders.contains(path) }
        return files.contains(path) || path.hasPrefix("\(certificates)/kubelet")
            // What an interrupted write of ours left beside it.
            || path.hasSuffix(HostFiles.temporarySuffix)
    }
}
