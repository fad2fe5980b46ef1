import KubeObjects
import Systemd

/// kubeadm's checks of a worker, by its names and in its order.
package enum HostChecks {
    /// The first kubelet that this agent joins: as kubeadm 1.36 has it.
    static let oldestKubelet = KubernetesVersion("v1.33.0")

    package static func all(_ facts: HostFacts) -> [CheckResult] {
        let privileged = privilege(facts)
        // Nothing else can be looked at without it.
        guard privileged.verdict == .ok else { return [privileged] }
        var results = [privileged]
        results += files(facts)
        results += runtime(facts)
        results.append(swap(facts))
        results += programs(facts)
        results += SystemChecks.all(facts)
        results.append(hostName(facts))
        results.append(kubeletVersion(facts))
        results.append(kubeletUnit(facts))
        results.append(port(facts))
        results += network(facts)
        return results
    }

    private static func privilege(_ facts: HostFacts) -> CheckResult {
        facts.effectiveUser == 0
            ? .ok("IsPrivilegedUser", "running as root")
            : CheckResult("IsPrivilegedUser", .error, "running as user \(facts.effectiveUser)", "Run it as root")
    }

    private static func files(_ facts: HostFacts) -> [CheckResult] {
        let ours = [KubeletFiles.kubeconfigPath, KubeletFiles.bootstrapKubeconfigPath]
        let paths = ours + facts.foreignFiles.filter { !ours.contains($0) }.sorted()
        return paths.map { path in
            let name = "FileAvailable-\(path.replacingSlashes)"
            guard facts.foreignFiles.contains(path) else { return .ok(name, "\(path) is free or ours") }
            let whose = facts.otherCluster.map { ", of cluster \($0)" } ?? ""
            return CheckResult(
                name, .error, "\(path) is there already\(whose), and not of our making",
                "\"kubeadm reset\" removes what kubeadm made; or move the file away")
        }
    }

    private static func runtime(_ facts: HostFacts) -> [CheckResult] {
        let runtime = facts.runtime
        if let failure = runtime.choiceFailure { return [CheckResult("CRI", .error, failure)] }
        if let failure = runtime.failure {
            return [
                CheckResult(
                    "CRI", .error, "the container runtime at \(runtime.socket) does not answer: \(failure)",
                    "Install and start containerd or CRI-O, or name its socket with --cri-socket")
            ]
        }
        guard runtime.isReady != false else {
            return [
                CheckResult(
                    "CRI", .error, "the container runtime is not ready: \(runtime.notReadyReason)",
                    "Look into its log")
            ]
        }
        var results: [CheckResult] = [.ok("CRI", "\(runtime.name) \(runtime.version) at \(runtime.socket)")]
        if runtime.tellsCgroupDriver == false {
            results.append(
                CheckResult(
                    "ContainerRuntimeVersion", .warning,
                    "\(runtime.name) \(runtime.version) cannot tell its cgroup driver",
                    "Kubernetes 1.37 needs one that can: containerd 2.0 or CRI-O 1.28"))
        } else {
            results.append(.ok("ContainerRuntimeVersion", "the runtime tells its cgroup driver"))
        }
        return results
    }

    private static func swap(_ facts: HostFacts) -> CheckResult {
        facts.swapDevices == 0
            ? .ok("Swap", "swap is off")
            : CheckResult(
                "Swap", .warning, "\(facts.swapDevices) swap device(s) are on, and a kubelet does not start with them",
                "Turn swap off (\"swapoff -a\" and /etc/fstab), or set failSwapOn: false in the kubelet's configuration"
            )
    }

    private static func programs(_ facts: HostFacts) -> [CheckResult] {
        ["losetup", "mount", "cp"].map { program in
            let name = "FileExisting-\(program)"
            guard case .some(.some(let path)) = facts.programs[program] else {
                return CheckResult(name, .error, "\(program) is not in PATH", "Install it")
            }
            return .ok(name, path)
        }
    }

    private static func hostName(_ facts: HostFacts) -> CheckResult {
        guard facts.hostNameResolves != false else {
            return CheckResult(
                "Hostname", .warning, "the node's name \"\(facts.nodeName)\" does not resolve on this machine",
                "Add it to /etc/hosts")
        }
        return .ok("Hostname", facts.nodeName)
    }

    private static func kubeletVersion(_ facts: HostFacts) -> CheckResult {
        let name = "KubeletVersion"
        guard let output = facts.kubeletVersionOutput else {
            return CheckResult(name, .error, "kubelet is not in PATH or does not run", "Install the kubelet package")
        }
        guard let text = KubeletVersion.parse(output), let version = KubernetesVersion("v\(text)") else {
            return CheckResult(name, .error, "\"kubelet --version\" prints \"\(output.prefix(80))\"")
        }
        if let server = facts.serverVersion, let complaint = KubeletVersion.complaint(kubelet: version, server: server)
        {
            return CheckResult(name, .error, complaint)
        }
        if let oldest = oldestKubelet, version < oldest {
            return CheckResult(
                name, .error, "kubelet \(version) is older than \(oldest), the oldest that is joined",
                "Install a newer kubelet")
        }
        return .ok(name, "\(version)")
    }

    private static func kubeletUnit(_ facts: HostFacts) -> CheckResult {
        let name = "Service-kubelet"
        guard facts.hasSystemd else {
            return CheckResult(
                name, .warning, "no systemd runs here, so nobody starts the kubelet",
                "Start it yourself when the join waits for it")
        }
        guard let unit = facts.kubeletUnit, unit.isInstalled else {
            return CheckResult(name, .error, "there is no kubelet.service", "Install the kubelet package")
        }
        if unit.isMasked {
            return CheckResult(
                name, .error, "kubelet.service is masked, and whoever did it had a reason",
                "\"systemctl unmask kubelet\" if it is over")
        }
        if ["bad-setting", "error"].contains(unit.load) {
            return CheckResult(
                name, .error, "kubelet.service cannot be loaded (\(unit.load))",
                "\"systemctl status kubelet\" says what is wrong; look into its drop-ins")
        }
        return unit.isEnabled
            ? .ok(name, "kubelet.service is \(unit.active) and starts at boot")
            : .ok(name, "kubelet.service is \(unit.active); the join enables it")
    }

    private static func port(_ facts: HostFacts) -> CheckResult {
        let name = "Port-10250"
        guard let code = facts.kubeletPortError, !facts.isJoined else {
            return .ok(name, facts.isJoined ? "the kubelet's own" : "free")
        }
        return CheckResult(
            name, .error, "port 10250 cannot be listened on (error \(code))",
            "\"ss -ltnp sport = :10250\" says who has it; usually a kubelet that still runs")
    }

    private static func network(_ facts: HostFacts) -> [CheckResult] {
        var results: [CheckResult] = []
        if let proxy = facts.proxy {
            results.append(
                CheckResult(
                    "HTTPProxy", .warning, "the way to \(facts.endpointHost ?? "the tenant") goes through \(proxy)",
                    "If it need not, add the host and the tenant's networks to NO_PROXY"))
        } else if facts.endpointHost != nil {
            results.append(.ok("HTTPProxy", "no proxy on the way"))
        }
        // kubeadm looks at the endpoint's family only when it is a literal address.
        if facts.endpointAddress?.isIPv4 ?? true, let forwards = facts.forwardsIPv4 {
            results.append(
                forwarding("FileContent--proc-sys-net-ipv4-ip_forward", forwards, "net.ipv4.ip_forward", facts))
        }
        if let address = facts.endpointAddress, !address.isIPv4, let forwards = facts.forwardsIPv6 {
            results.append(
                forwarding(
                    "FileContent--proc-sys-net-ipv6-conf-default-forwarding", forwards,
                    "net.ipv6.conf.default.forwarding", facts))
        }
        return results
    }

    private static func forwarding(
        _ name: String, _ value: Character, _ setting: String, _ facts: HostFacts
    ) -> CheckResult {
        if value == "1" { return .ok(name, "\(setting) is 1") }
        return CheckResult(
            name, facts.endpointAddress == nil ? .warning : .error, "\(setting) is \(value): pods will not be reached",
            "\"sysctl -w \(setting)=1\", and write it into /etc/sysctl.d")
    }
}

extension String {
    /// As kubeadm names a path in a check.
    var replacingSlashes: String { String(map { $0 == "/" ? "-" : $0 }) }
}
