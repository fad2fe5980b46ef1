import FoundationEssentials
import KubeObjects
import PKI
import Systemd
import Testing

@testable import NodeBootstrap

@Suite struct CheckTests {
    /// A machine without fault.
    private static func good() -> HostFacts {
        var facts = HostFacts()
        facts.hostName = "edge-1"
        facts.nodeName = "edge-1"
        facts.hostNameResolves = true
        facts.runtime.name = "containerd"
        facts.runtime.version = "v2.1.0"
        facts.runtime.isReady = true
        facts.runtime.tellsCgroupDriver = true
        facts.runtime.cgroupDriver = "systemd"
        facts.kubeletCgroupDriver = "systemd"
        facts.programs = [
            "losetup": "/sbin/losetup", "mount": "/bin/mount", "cp": "/bin/cp", "kubelet": "/bin/kubelet",
        ]
        facts.kubeletVersionOutput = "Kubernetes v1.36.2\n"
        facts.systemName = "Linux"
        facts.kernelRelease = "6.1.0-18-arm64"
        facts.kernelConfiguration = Dictionary(
            uniqueKeysWithValues: [
                "NAMESPACES", "NET_NS", "PID_NS", "IPC_NS", "UTS_NS", "CPUSETS", "MEMCG", "INET", "EXT4_FS", "PROC_FS",
                "NETFILTER_XT_TARGET_REDIRECT", "NETFILTER_XT_MATCH_COMMENT", "FAIR_GROUP_SCHED", "CGROUPS",
                "CGROUP_PIDS", "CGROUP_SCHED", "CGROUP_BPF", "OVERLAY_FS", "BLK_DEV_DM", "CFS_BANDWIDTH", "SECCOMP",
                "SECCOMP_FILTER",
            ].map { ($0, "y") })
        facts.cgroups.version = 2
        facts.cgroups.controllers = ["cpu", "cpuset", "devices", "freezer", "memory", "pids", "io", "hugetlb"]
        facts.hasSystemd = true
        facts.kubeletUnit = UnitState(load: "loaded", file: "enabled")
        facts.forwardsIPv4 = "1"
        facts.bridgeFilters = "1"
        facts.inotifyInstances = 8192
        facts.machineID = "0123456789abcdef0123456789abcdef"
        facts.disks = [
            .init(
                path: "/var/lib/kubelet", freeBytes: 50 << 30, totalBytes: 100 << 30, freeInodes: 500, totalInodes: 1000
            )
        ]
        return facts
    }

    private static func all(_ change: (inout HostFacts) -> Void) -> [CheckResult] {
        var facts = good()
        change(&facts)
        return HostChecks.all(facts) + EdgeChecks.all(facts, .examination)
    }

    private static func verdict(_ name: String, _ change: (inout HostFacts) -> Void) -> CheckResult.Verdict? {
        all(change).filter { $0.name == name }.map(\.verdict).max()
    }

    @Test func `a machine without fault passes everything`() {
        #expect(Self.all { _ in }.filter { $0.verdict != .ok } == [])
        #expect(Diagnosis(Self.all { _ in }) == nil)
    }

    @Test func `every check of kubeadm's has its name, and fails when it should`() {
        let cases: [(String, CheckResult.Verdict, (inout HostFacts) -> Void)] = [
            (
                "FileAvailable--etc-kubernetes-kubelet.conf", .error,
                { $0.foreignFiles = ["/etc/kubernetes/kubelet.conf"] }
            ),
            (
                "FileAvailable--etc-kubernetes-bootstrap-kubelet.conf", .error,
                { $0.foreignFiles = ["/etc/kubernetes/bootstrap-kubelet.conf"] }
            ),
            ("FileAvailable--etc-kubernetes-pki-ca.crt", .error, { $0.foreignFiles = ["/etc/kubernetes/pki/ca.crt"] }),
            ("CRI", .error, { $0.runtime.failure = "refused" }), ("CRI", .error, { $0.runtime.isReady = false }),
            ("CRI", .error, { $0.runtime.choiceFailure = "two" }),
            ("ContainerRuntimeVersion", .warning, { $0.runtime.tellsCgroupDriver = false }),
            ("Swap", .warning, { $0.swapDevices = 1 }),
            ("FileExisting-losetup", .error, { $0.programs["losetup"] = .some(nil) }),
            ("SystemVerification", .error, { $0.cgroups.version = 1 }),
            ("SystemVerification", .error, { $0.cgroups.version = nil }),
            ("SystemVerification", .error, { $0.cgroups.controllers = ["cpu"] }),
            ("SystemVerification", .warning, { $0.kernelConfiguration = nil }),
            ("SystemVerification", .warning, { $0.kernelConfiguration?["MEMCG"] = "n" }),
            ("SystemVerification", .warning, { $0.kernelRelease = "4.18.0-513.el8" }),
            ("SystemVerification", .error, { $0.systemName = "FreeBSD" }),
            ("Hostname", .warning, { $0.hostNameResolves = false }),
            ("KubeletVersion", .error, { $0.kubeletVersionOutput = "Kubernetes v1.32.9" }),
            ("KubeletVersion", .error, { $0.kubeletVersionOutput = nil }),
            ("KubeletVersion", .error, { $0.serverVersion = KubernetesVersion("v1.35.0") }),
            ("Service-kubelet", .error, { $0.kubeletUnit = UnitState(load: "not-found") }),
            ("Service-kubelet", .error, { $0.kubeletUnit = UnitState(load: "masked") }),
            ("Service-kubelet", .warning, { $0.hasSystemd = false }),
            ("Port-10250", .error, { $0.kubeletPortError = 98 }),
            ("HTTPProxy", .warning, { $0.proxy = "http://p:1" }),
            (
                "FileContent--proc-sys-net-ipv4-ip_forward", .error,
                {
                    $0.forwardsIPv4 = "0"; $0.endpointAddress = IPAddress("10.0.0.1")
                }
            ),
            ("FileContent--proc-sys-net-ipv4-ip_forward", .warning, { $0.forwardsIPv4 = "0" }),
            (
                "FileContent--proc-sys-net-ipv6-conf-default-forwarding", .error,
                {
                    $0.forwardsIPv6 = "0"; $0.endpointAddress = IPAddress("fd00::1")
                }
            ),
        ]
        for (name, verdict, change) in cases { #expect(Self.verdict(name, change) == verdict, "\(name)") }
        #expect(Self.all { $0.effectiveUser = 1000 }.contains { $0.name == "IsPrivilegedUser" && $0.verdict == .error })
    }

    @Test func `what costs people at the edge days is found`() throws {
        let ended = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "a", isAuthority: true, validity: .seconds(60)), key: .generate(.ecdsaP256),
            now: Date(timeIntervalSinceNow: -86_400)
        ).certificate
        let cases: [(String, CheckResult.Verdict, (inout HostFacts) -> Void)] = [
            ("ClockSkew", .warning, { $0.serverAhead = 31 }), ("ClockSkew", .error, { $0.serverAhead = -301 }),
            ("ClockSkew", .error, { $0.clockFloor = Date(timeIntervalSinceNow: 3600) }),
            ("CertificateValidity-agent", .error, { $0.certificates["agent"] = ended }),
            (
                "DNS", .error,
                {
                    $0.endpointHost = "a.example.com"; $0.resolutionFailure = "no such name"
                }
            ),
            (
                "DNS", .warning,
                {
                    $0.endpointHost = "a"; $0.resolutionFailure = ""; $0.resolutionSeconds = 5
                }
            ),
            ("MTU", .error, { $0.pathMTU = 1200 }),
            (
                "MTU", .warning,
                {
                    $0.pathMTU = 1400; $0.interfaceMTU = 1500
                }
            ),
            (
                "CgroupDriver", .error,
                {
                    $0.runtime.tellsCgroupDriver = false; $0.runtime.cgroupDriver = "cgroupfs"
                }
            ),
            ("CgroupDriver", .warning, { $0.runtime.cgroupDriver = "cgroupfs" }),
            ("BridgeNetfilter", .warning, { $0.bridgeFilters = "0" }),
            ("MachineID", .warning, { $0.machineID = "" }),
            ("DiskPressure--var-lib-kubelet", .error, { $0.disks[0].freeBytes = 1 }),
            ("DiskPressure--var-lib-kubelet", .warning, { $0.disks[0].freeInodes = 1 }),
            ("Leftovers", .warning, { $0.leftovers = ["/var/lib/kubelet/pki/old.pem"] }),
        ]
        for (name, verdict, change) in cases { #expect(Self.verdict(name, change) == verdict, "\(name)") }
    }

    @Test func `kernels are known as the contract has it`() throws {
        for entry in try Vectors.list("kernelRelease", "cases") {
            let release = try #require(entry["release"]?.string)
            #expect(SystemChecks.isKnown(kernelRelease: release) == entry["supported"]?.bool, "\(release)")
        }
    }

    @Test func `the kernel's own word on its configuration is unpacked, and one that was cut is none`() throws {
        let machine = try StandInMachine(StandInTenant())
        let packed = try #require(
            Base64.decode(
                "H4sIAAAAAAACA1NW8MnMK63gcvb3c/N0j/d19XV2t62EcV0jQkzi3YJtc7mUFaBCEQqZxQp5+SUKxaklXADsWLJBPgAAAA=="))
        for (path, content) in [("/etc/config.gz", packed), ("/etc/cut.gz", Array(packed.dropLast(20)))] {
            try machine.files.write(NodeFile(path, mode: 0o444, content))
        }
        let text = try #require(machine.files.unpackedText("/etc/config.gz"))
        #expect(HostFactsGathering.configuration(text) == ["MEMCG": "y", "EXT4_FS": "m"])
        #expect(machine.files.unpackedText("/etc/cut.gz") == nil)
        #expect(machine.files.unpackedText("/etc/none.gz") == nil)
    }

    @Test func `of many complaints the cause is named, not its effects`() {
        let results = Self.all {
            $0.serverAhead = 4000
            $0.kubeletPortError = 98
            $0.runtime.failure = "refused"
            $0.swapDevices = 1
        }
        #expect(Diagnosis(results)?.cause.name == "ClockSkew")
        #expect(
            Diagnosis(
                Self.all {
                    $0.swapDevices = 1; $0.bridgeFilters = "0"
                })?.cause.name == "Swap")
    }

    @Test func `an error that is to be ignored warns, but for the one without which nothing works`() throws {
        var configuration = try StandInTenant().configuration()
        configuration.ignoredChecks = ["all"]
        let judged = configuration.judge([
            CheckResult("CRI", .error, "x"), CheckResult("IsPrivilegedUser", .error, "y"),
        ])
        #expect(judged.map(\.verdict) == [.warning, .error])
        configuration.ignoredChecks = ["cri"]
        #expect(configuration.judge([CheckResult("CRI", .error, "x")]).map(\.verdict) == [.warning])
    }
}
