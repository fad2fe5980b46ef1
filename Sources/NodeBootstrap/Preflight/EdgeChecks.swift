import FoundationEssentials
import KubeObjects
import PKI

/// What kubeadm does not look at and people far from a data centre lose days on.
package enum EdgeChecks {
    /// What the machine is looked over for.
    package enum Occasion: Sendable {
        /// It is to join, or to join anew: what a join replaces stands in no way.
        case join
        case examination
    }

    package static func all(_ facts: HostFacts, _ occasion: Occasion) -> [CheckResult] {
        [clock(facts)] + certificates(facts, occasion)
            + [resolution(facts), mtu(facts), cgroupDriver(facts), bridge(facts), inotify(facts), machineID(facts)]
            .compactMap { $0 } + disks(facts) + leftovers(facts)
    }

    /// Certificates are issued five minutes into the past: a clock further behind refuses them.
    static let blockingSkew: TimeInterval = 300
    static let notableSkew: TimeInterval = 30

    private static func clock(_ facts: HostFacts) -> CheckResult {
        let name = "ClockSkew"
        let remedy =
            "Set it: \"timedatectl set-ntp true\", chrony, or \"date -s\"; give a board without a battery an RTC"
        if let floor = facts.clockFloor, facts.now < floor {
            return CheckResult(
                name, .error,
                "the clock says \(Timestamp.format(facts.now)), and it is \(Timestamp.format(floor)) at least", remedy)
        }
        guard let ahead = facts.serverAhead else {
            return facts.isClockSynchronized == false
                ? CheckResult(name, .warning, "the clock is not synchronized", remedy)
                : .ok(name, "nothing speaks against \(Timestamp.format(facts.now))")
        }
        let seconds = Int(abs(ahead).rounded())
        let text = "this clock is \(seconds) s \(ahead > 0 ? "behind" : "ahead of") the tenant's"
        if abs(ahead) > blockingSkew { return CheckResult(name, .error, text, remedy) }
        if abs(ahead) > notableSkew { return CheckResult(name, .warning, text, remedy) }
        return .ok(name, "within \(max(1, seconds)) s of the tenant's")
    }

    private static func certificates(_ facts: HostFacts, _ occasion: Occasion) -> [CheckResult] {
        facts.certificates.sorted { $0.key < $1.key }.map { what, certificate in
            let name = "CertificateValidity-\(what)"
            if facts.now < certificate.notBefore {
                return CheckResult(
                    name, .error,
                    "the \(what) certificate is valid from \(Timestamp.format(certificate.notBefore)), which this clock "
                        + "has still before it", "Set the clock")
            }
            guard facts.now <= certificate.notAfter else {
                let finding = "the \(what) certificate ended on \(Timestamp.format(certificate.notAfter))"
                if what == "tenant-ca" { return CheckResult(name, .error, finding, "Rotate the tenant's authority") }
                return occasion == .join
                    ? CheckResult(name, .warning, finding, "This join gets another")
                    : CheckResult(
                        name, .error, finding,
                        "The agent's daemon renews it where kamaji-agent.service runs and the node has a credential of "
                            + "its own; else \"kamaji-agent join\" with a new token does")
            }
            let days = Int(certificate.notAfter.timeIntervalSince(facts.now) / 86_400)
            return .ok(name, "valid for \(days) more days")
        }
    }

    private static func resolution(_ facts: HostFacts) -> CheckResult? {
        guard let host = facts.endpointHost, facts.endpointAddress == nil, let failure = facts.resolutionFailure else {
            return nil
        }
        if !failure.isEmpty {
            return CheckResult(
                "DNS", .error, "\(host) does not resolve: \(failure)",
                "Look at /etc/resolv.conf; a line in /etc/hosts helps for the moment")
        }
        if let seconds = facts.resolutionSeconds, seconds > 2 {
            return CheckResult(
                "DNS", .warning, "resolving \(host) took \(Int(seconds * 1000)) ms",
                "The first name server in /etc/resolv.conf probably does not answer")
        }
        return .ok("DNS", "\(host) resolves")
    }

    private static func mtu(_ facts: HostFacts) -> CheckResult? {
        guard let path = facts.pathMTU else { return nil }
        if path < 1280 {
            return CheckResult(
                "MTU", .error, "packets to the tenant may have \(path) bytes, and IPv6 and TLS need 1280",
                "Look for a tunnel within a tunnel on the way")
        }
        if let own = facts.interfaceMTU, path < own {
            return CheckResult(
                "MTU", .warning, "packets to the tenant may have \(path) bytes, and the interface sends \(own)",
                "Set the network plugin's MTU below \(path), or the interface's to it")
        }
        return .ok("MTU", "\(path) bytes")
    }

    /// Nil where one of the two is not known, as before the tenant's configuration was read.
    static func cgroupDriver(_ facts: HostFacts) -> CheckResult? {
        guard let kubelet = facts.kubeletCgroupDriver, let runtime = facts.runtime.cgroupDriver else { return nil }
        guard kubelet != runtime else { return .ok("CgroupDriver", "\(runtime) for both") }
        // A kubelet that can ask the runtime follows it.
        return facts.runtime.tellsCgroupDriver == true
            ? CheckResult(
                "CgroupDriver", .warning,
                "the runtime uses \(runtime) and the tenant says \(kubelet); the kubelet follows the runtime")
            : CheckResult(
                "CgroupDriver", .error,
                "detected \(runtime) as the cgroup driver of the container runtime, and the kubelet would use \(kubelet): "
                    + "pods fail to start or are ended for no reason of theirs",
                kubelet == "systemd"
                    ? "Set SystemdCgroup = true in \(ContainerdSettings.path), among the options of the runtime runc, and "
                        + "restart containerd"
                    : "Set cgroupDriver: \(runtime) in a patch of the kubelet's configuration")
    }

    private static func bridge(_ facts: HostFacts) -> CheckResult? {
        guard let value = facts.bridgeFilters else { return nil }
        return value == "1"
            ? .ok("BridgeNetfilter", "bridged packets pass iptables")
            : CheckResult(
                "BridgeNetfilter", .warning, "net.bridge.bridge-nf-call-iptables is \(value)",
                "Network plugins with a bridge, and kube-proxy, need 1")
    }

    private static func inotify(_ facts: HostFacts) -> CheckResult? {
        guard let limit = facts.inotifyInstances, limit < 512 else { return nil }
        return CheckResult(
            "Inotify", .warning, "fs.inotify.max_user_instances is \(limit)",
            "Many pods need more: 8192 in /etc/sysctl.d")
    }

    private static func machineID(_ facts: HostFacts) -> CheckResult? {
        guard let id = facts.machineID else { return nil }
        guard id.utf8.count == 32, id.allSatisfy(\.isHexDigit) else {
            return CheckResult(
                "MachineID", .warning, "/etc/machine-id is empty or no machine id",
                "\"systemd-machine-id-setup\" makes one; images must be cloned without theirs")
        }
        return nil
    }

    /// The kubelet evicts pods below ten per cent of bytes and five of inodes (its default thresholds).
    private static func disks(_ facts: HostFacts) -> [CheckResult] {
        facts.disks.map { disk in
            let name = "DiskPressure-\(disk.path.replacingSlashes)"
            func percent(_ free: UInt64, _ total: UInt64) -> Double {
                total == 0 ? 100 : Double(free) / Double(total) * 100
            }
            let (bytes, inodes) = (percent(disk.freeBytes, disk.totalBytes), percent(disk.freeInodes, disk.totalInodes))
            let text =
                "\(disk.path) has \(disk.freeBytes / 1_048_576) MiB (\(Int(bytes)) %) and \(Int(inodes)) % of its inodes free"
            if disk.freeBytes < 256 * 1_048_576 {
                return CheckResult(name, .error, text, "Free some: a join alone needs room for its images")
            }
            if bytes < 10 || inodes < 5 {
                return CheckResult(name, .warning, text, "The kubelet evicts pods below 10 % (5 % of inodes)")
            }
            return .ok(name, text)
        }
    }

    private static func leftovers(_ facts: HostFacts) -> [CheckResult] {
        guard !facts.leftovers.isEmpty, !facts.isJoined else { return [] }
        return [
            CheckResult(
                "Leftovers", .warning,
                "an earlier cluster left \(facts.leftovers.prefix(6).joined(separator: ", "))"
                    + (facts.leftovers.count > 6 ? " and \(facts.leftovers.count - 6) more" : ""),
                "\"kubeadm reset\", or remove them: a kubelet takes old state for its own")
        ]
    }
}
