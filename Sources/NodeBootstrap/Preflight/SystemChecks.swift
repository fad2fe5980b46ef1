import KubeObjects

/// Kernel and cgroups: kubeadm's `SystemVerification`, each finding on its own line.
package enum SystemChecks {
    private static let name = "SystemVerification"

    package static func all(_ facts: HostFacts) -> [CheckResult] {
        let found =
            [system(facts), kernelRelease(facts)].compactMap { $0 } + kernelConfiguration(facts) + cgroups(facts)
        return found.isEmpty
            ? [.ok(name, "\(facts.systemName) \(facts.kernelRelease), cgroup v\(facts.cgroups.version ?? 0)")] : found
    }

    private static func system(_ facts: HostFacts) -> CheckResult? {
        facts.systemName == "Linux"
            ? nil : CheckResult(name, .error, "the system is \"\(facts.systemName)\", and a node has to run Linux")
    }

    /// Of the releases that Kubernetes is tested on: 5.4, 5.10, 5.15 and everything from 6.
    package static func isKnown(kernelRelease release: String) -> Bool {
        for prefix in ["5.4", "5.10", "5.15"] where release.hasPrefix(prefix) { return true }
        let parts = release.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let major = Int(parts[0]), major >= 6, !parts[0].hasPrefix("0"), Int(parts[1]) != nil,
            parts[2].first?.isNumber == true
        else { return false }
        return true
    }

    private static func kernelRelease(_ facts: HostFacts) -> CheckResult? {
        isKnown(kernelRelease: facts.kernelRelease)
            ? nil
            : CheckResult(
                name, .warning, "kernel \(facts.kernelRelease) is none that Kubernetes is tested on",
                "5.4, 5.10, 5.15 and everything from 6 are")
    }

    private static let required = [
        "NAMESPACES", "NET_NS", "PID_NS", "IPC_NS", "UTS_NS", "CPUSETS", "MEMCG", "INET", "EXT4_FS", "PROC_FS",
        "NETFILTER_XT_TARGET_REDIRECT", "NETFILTER_XT_MATCH_COMMENT", "FAIR_GROUP_SCHED", "CGROUPS", "CGROUP_PIDS",
        "CGROUP_SCHED",
    ]
    private static let aliases = [
        "NETFILTER_XT_TARGET_REDIRECT": "IP_NF_TARGET_REDIRECT", "OVERLAY_FS": "OVERLAYFS_FS",
    ]
    private static let optional = ["OVERLAY_FS", "BLK_DEV_DM", "CFS_BANDWIDTH", "SECCOMP", "SECCOMP_FILTER"]

    /// Warnings only, where kubeadm has errors: small images seldom ship the file, and kernels for squashfs or btrfs do
    /// well without ext4.
    private static func kernelConfiguration(_ facts: HostFacts) -> [CheckResult] {
        guard let configuration = facts.kernelConfiguration else {
            return [
                CheckResult(
                    name, .warning, "the kernel's configuration is nowhere to be read",
                    "\"modprobe configs\" may show it; the kubelet finds out what is missing")
            ]
        }
        func isMissing(_ option: String) -> Bool {
            [option, aliases[option] ?? option].allSatisfy { !["y", "m"].contains(configuration[$0] ?? "n") }
        }
        let byVersion =
            facts.cgroups.version == 1 ? ["CGROUP_CPUACCT", "CGROUP_DEVICE", "CGROUP_FREEZER"] : ["CGROUP_BPF"]
        let lacking = (required + byVersion).filter(isMissing)
        let useful = optional.filter(isMissing)
        var results: [CheckResult] = []
        if !lacking.isEmpty {
            results.append(
                CheckResult(
                    name, .warning, "the kernel lacks CONFIG_\(lacking.joined(separator: ", CONFIG_"))",
                    "Pods will need it: install a distribution's kernel"))
        }
        if !useful.isEmpty {
            results.append(
                CheckResult(name, .warning, "the kernel lacks CONFIG_\(useful.joined(separator: ", CONFIG_"))"))
        }
        return results
    }

    private static func cgroups(_ facts: HostFacts) -> [CheckResult] {
        var required: Set = ["cpu", "cpuset", "devices", "freezer", "memory", "pids"]
        var results: [CheckResult] = []
        switch facts.cgroups.version {
        case 2: break
        case 1:
            required.insert("cpuacct")
            results += [CgroupVersionCheck.result(facts)].compactMap { $0 }
        default:
            return [
                CheckResult(name, .error, "nothing of cgroups is mounted at /sys/fs/cgroup", "Let systemd mount it")
            ]
        }
        let missing = required.subtracting(facts.cgroups.controllers).sorted()
        if !missing.isEmpty {
            let board = missing.contains("memory") ? ". On a Raspberry Pi: cgroup_enable=memory cgroup_memory=1" : ""
            results.append(
                CheckResult(
                    name, .error, "cgroup controllers are missing: \(missing.joined(separator: ", "))",
                    "Enable them on the kernel's command line\(board)"))
        }
        return results
    }
}
