import KubeObjects
import NodeIdentity

/// Whether a kubelet starts on a machine with cgroup v1: from 1.35 on it refuses to, unless it is told `failCgroupV1: false`
/// (kubelet.config.k8s.io/v1beta1; as a flag `--fail-cgroupv1`). Part of kubeadm's `SystemVerification`.
enum CgroupVersionCheck {
    /// What a kubelet is told; nil when nothing. Flags come before its configuration.
    ///
    /// - Parameter flags: as `KubeletFiles.flagsPath` has them.
    static func isRefusalAsked(_ configuration: JSON?, flags: String) -> Bool? {
        // What ends a flag there: the next one, or the quotation mark around all of them.
        let words = flags.split { $0.isWhitespace || $0 == "\"" }
        switch words.last(where: { $0 == "--fail-cgroupv1" || $0.hasPrefix("--fail-cgroupv1=") }) {
        case "--fail-cgroupv1=false": return false
        case .some: return true
        case nil: return configuration?["failCgroupV1"]?.bool
        }
    }

    /// Nil on a machine with another version than the first.
    static func result(_ facts: HostFacts) -> CheckResult? {
        guard facts.cgroups.version == 1 else { return nil }
        let name = "SystemVerification"
        let boot = "Boot with systemd.unified_cgroup_hierarchy=1"
        let version = KubeletVersion.parse(facts.kubeletVersionOutput ?? "").flatMap { KubernetesVersion("v\($0)") }
        let isRefused = facts.refusesCgroupV1 ?? version.map { ($0.major, $0.minor) >= (1, 35) } ?? true
        guard isRefused else {
            return CheckResult(
                name, .warning,
                "cgroup v1 is in use, which a kubelet from 1.35 on takes with failCgroupV1: false alone",
                boot)
        }
        return CheckResult(
            name, .error,
            "cgroup v1 is in use, and kubelet \(version.map { "\($0)" } ?? "from 1.35 on") ends at its start there unless it "
                + "is told failCgroupV1: false",
            "\(boot); or have that said by the tenant ({op: add, path: /failCgroupV1, value: false} in "
                + "spec.kubernetes.kubelet.configurationJSONPatches) or by a patch of this machine (--patches), and join "
                + "with --ignore-preflight-errors=\(name)")
    }
}
