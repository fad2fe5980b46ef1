import KubeObjects
import NodeIdentity
import Synchronization
import Testing

@testable import NodeBootstrap

@Suite struct CgroupDriverTests {
    /// As containerd 1.6.20 prints it, without what is about other things.
    private static func dump(_ isSystemd: Bool) -> String {
        """
        version = 2

        [plugins]

          [plugins."io.containerd.grpc.v1.cri"]
            systemd_cgroup = false

            [plugins."io.containerd.grpc.v1.cri".containerd]
              default_runtime_name = "runc"

              [plugins."io.containerd.grpc.v1.cri".containerd.default_runtime.options]

              [plugins."io.containerd.grpc.v1.cri".containerd.runtimes]

                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                  runtime_type = "io.containerd.runc.v2"

                  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                    Root = ""
                    SystemdCgroup = \(isSystemd)

        """
    }

    @Test func `containerd's own words are read, its defaults too`() {
        func driver(_ toml: String) -> String { ContainerdSettings(toml: toml).cgroupDriver }
        #expect(driver(Self.dump(true)) == "systemd" && driver(Self.dump(false)) == "cgroupfs")
        // Debian's file, which leaves it to containerd.
        #expect(
            driver("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"/usr/lib/cni\"\n")
                == "cgroupfs")
        let other = """
            [plugins.'io.containerd.grpc.v1.cri'.containerd]
            default_runtime_name = 'crun' # ours
            [plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.crun.options]
            SystemdCgroup = true
            [ plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc.options ]
            SystemdCgroup = false
            """
        #expect(driver(other) == "systemd")
        #expect(driver("") == "cgroupfs" && driver("]=[\n=\n[") == "cgroupfs")
    }

    private static func machine(_ driver: String?) throws -> StandInMachine {
        let machine = try StandInMachine(StandInTenant())
        machine.tenant.state.withLock { $0.runtime = StandInRuntime(cgroupDriver: driver) }
        try machine.files.makeFolder("/usr/bin", mode: 0o755)
        return machine
    }

    private static func install(_ machine: StandInMachine, _ dump: String) throws {
        try machine.files.write(NodeFile("/etc/dump", mode: 0o644, dump))
        try machine.files.write(
            NodeFile("/usr/bin/containerd", mode: 0o755, "#!/bin/sh\nexec cat \(machine.files.place("/etc/dump"))\n"))
    }

    @Test func `a runtime of another driver than the tenant's kubelets stops a first join before its kubelet`()
        async throws
    {
        let machine = try Self.machine(nil)
        try Self.install(machine, Self.dump(false))
        let failure = await #expect(throws: JoinFailure.self) { try await machine.join() }
        #expect(failure?.phase == .files)
        for text in ["detected cgroupfs as the cgroup driver", "SystemdCgroup = true", "CgroupDriver"] {
            #expect(failure?.message.contains(text) == true, "\(text)")
        }
        #expect(machine.kubelet.log.withLock { $0.isEmpty } && !machine.files.exists(KubeletFiles.configurationPath))
        var ignoring = try machine.tenant.configuration()
        ignoring.ignoredChecks = ["cgroupdriver"]
        #expect(try await machine.join(ignoring).isReady)
    }

    @Test func `a runtime of the same driver joins, wherever that is said`() async throws {
        let told = try Self.machine(nil)
        try Self.install(told, Self.dump(true))
        #expect(try await told.join().isReady)
        let written = try Self.machine(nil)
        try written.files.makeFolder("/etc/containerd", mode: 0o755)
        try written.files.write(NodeFile(ContainerdSettings.path, mode: 0o644, Self.dump(false)))
        written.tenant.state.withLock { $0.kubeletFields = "cgroupDriver: cgroupfs\n" }
        #expect(try await written.join().isReady)
    }

    @Test func `a kubelet follows a runtime that tells its driver`() async throws {
        let machine = try Self.machine("cgroupfs")
        #expect(try await machine.join().isReady)
    }
}
