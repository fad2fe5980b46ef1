import KubeObjects
import Testing

@testable import NodeBootstrap

@Suite struct CgroupVersionTests {
    private static func result(_ kubelet: String?, told: Bool?, version: Int = 1) -> CheckResult? {
        var facts = HostFacts()
        facts.cgroups.version = version
        facts.kubeletVersionOutput = kubelet
        facts.refusesCgroupV1 = told
        return CgroupVersionCheck.result(facts)
    }

    private static let cases: [(String?, Bool?, CheckResult.Verdict)] = [
        ("Kubernetes v1.36.2", nil, .error), ("Kubernetes v1.35.0", nil, .error),
        ("Kubernetes v1.34.9", nil, .warning), (nil, nil, .error), ("Kubernetes v1.36.2", false, .warning),
        ("Kubernetes v1.34.9", true, .error),
    ]

    @Test(arguments: cases)
    func `cgroup v1 is refused by a kubelet from 1.35 on, or as it is told`(
        kubelet: String?, told: Bool?, verdict: CheckResult.Verdict
    ) throws {
        let result = try #require(Self.result(kubelet, told: told))
        #expect(result.name == "SystemVerification" && result.verdict == verdict)
        #expect(Self.result(kubelet, told: told, version: 2) == nil)
        guard verdict == .error else { return }
        // The ways out, to the letter.
        for text in [
            "{op: add, path: /failCgroupV1, value: false}", "spec.kubernetes.kubelet.configurationJSONPatches",
            "--ignore-preflight-errors=SystemVerification",
        ] {
            #expect(result.remedy.contains(text), "\(text)")
        }
    }

    @Test func `a flag comes before the configuration, the last one before others`() {
        func asked(_ configuration: JSON?, _ flags: String) -> Bool? {
            CgroupVersionCheck.isRefusalAsked(configuration, flags: "KUBELET_KUBEADM_ARGS=\"\(flags)\"\n")
        }
        #expect(asked(nil, "") == nil && asked([:], "--v=2") == nil)
        #expect(asked(["failCgroupV1": true], "--v=2") == true && asked(["failCgroupV1": false], "") == false)
        #expect(asked(["failCgroupV1": true], "--fail-cgroupv1=false") == false)
        #expect(asked(["failCgroupV1": false], "--v=2 --fail-cgroupv1=false --fail-cgroupv1") == true)
        #expect(CgroupVersionCheck.isRefusalAsked(nil, flags: "") == nil)
    }

    @Test func `what lies on the machine decides whether its kubelet would start`() async throws {
        let machine = try StandInMachine(StandInTenant())
        let environment = try await machine.environment()
        var gathering = HostFactsGathering(
            files: machine.files, thread: machine.thread, transport: machine.tenant, units: nil,
            programs: environment.programs, proxies: environment.proxies, now: environment.now)
        gathering.kernel = machine.files
        for folder in ["/proc", "/var/lib/kubelet"] { try machine.files.makeFolder(folder, mode: 0o755) }
        func mount(_ kind: String) throws {
            try machine.files.write(NodeFile("/proc/mounts", mode: 0o644, "none /sys/fs/cgroup \(kind) rw 0 0\n"))
        }
        try mount("tmpfs")
        #expect(try await gathering.cgroupRefusal() == nil, "nobody knows which kubelet it would be")
        try machine.install(kubelet: "v1.36.2")
        #expect(try await gathering.cgroupRefusal()?.finding.contains("kubelet v1.36.2 ends at its start") == true)
        try machine.files.write(NodeFile(KubeletFiles.configurationPath, mode: 0o644, "failCgroupV1: false\n"))
        #expect(try await gathering.cgroupRefusal() == nil)
        try machine.files.write(NodeFile(KubeletFiles.configurationPath, mode: 0o644, "failCgroupV1: true\n"))
        #expect(try await gathering.cgroupRefusal() != nil)
        try mount("cgroup2")
        #expect(try await gathering.cgroupRefusal() == nil)
    }
}
