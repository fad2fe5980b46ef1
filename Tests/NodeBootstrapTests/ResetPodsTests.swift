import Synchronization
import Systemd
import Testing

@testable import NodeBootstrap

/// A reset of a machine on which pods run.
@Suite struct ResetPodsTests {
    private static let pods = "/var/lib/kubelet/pods"

    private static func machine() async throws -> StandInMachine {
        let machine = try StandInMachine(StandInTenant())
        machine.tenant.state.withLock {
            $0.runtime = StandInRuntime(
                cgroupDriver: "systemd", sandboxes: [("a", "uid-1", "web"), ("b", "another's", "db")])
        }
        _ = try await machine.join()
        for folder in [pods, "\(pods)/uid-1"] { try machine.files.makeFolder(folder, mode: 0o750) }
        try machine.files.write(NodeFile("\(pods)/uid-1/data", mode: 0o600, "a pod's\n"))
        return machine
    }

    private static func expectUntouched(_ machine: StandInMachine) {
        for path in ["\(pods)/uid-1/data", KubeletFiles.instanceConfigurationPath, KubeletFiles.kubeconfigPath] {
            #expect(machine.files.exists(path), "\(path)")
        }
    }

    @Test func `a pod that does not end keeps what it is found by, and the next reset does all`() async throws {
        let machine = try await Self.machine()
        machine.tenant.state.withLock { $0.runtime?.refusesRemoval = true }
        let failures = try await machine.reset()
        #expect(failures.count == 2 && failures.first?.contains("pod web: StopPodSandbox: deadline exceeded") == true)
        #expect(failures.last?.contains("reset again") == true)
        Self.expectUntouched(machine)
        machine.tenant.state.withLock { $0.runtime?.refusesRemoval = false }
        #expect(try await machine.reset() == [])
        #expect(machine.tenant.state.withLock { $0.runtime?.sandboxes.map(\.id) } == ["b"])
        #expect(!machine.files.exists(Self.pods) && !machine.files.exists(AgentFiles.directory))
    }

    @Test func `a kubelet that cannot be stopped keeps its files and its pods, and the next reset does all`()
        async throws
    {
        let machine = try await Self.machine()
        machine.kubelet.stopFailure.withLock { $0 = SystemdError(.timedOut, "no end after 120 s") }
        let failures = try await machine.reset()
        #expect(failures.first == "stop kubelet.service: no end after 120 s" && failures.count == 2, "\(failures)")
        #expect(failures.last?.contains("kubelet.service may run: stop it and reset again") == true)
        #expect(machine.tenant.state.withLock { $0.runtime?.sandboxes.count } == 2)
        Self.expectUntouched(machine)
        machine.kubelet.stopFailure.withLock { $0 = nil }
        #expect(try await machine.reset() == [])
        #expect(!machine.files.exists(Self.pods) && !machine.files.exists(AgentFiles.directory))
    }

    @Test func `a kubelet whose package is gone holds no reset up`() async throws {
        let machine = try await Self.machine()
        machine.kubelet.unit.withLock { ($0.load, $0.active, $0.sub, $0.file) = ("not-found", "inactive", "dead", "") }
        machine.kubelet.stopFailure.withLock { $0 = SystemdError(.noSuchUnit, "Unit kubelet.service not loaded.") }
        #expect(try await machine.reset() == [])
        #expect(!machine.files.exists(AgentFiles.directory))
    }

    @Test func `pods that nobody can list are not taken for ended, unless nothing of theirs is left`() async throws {
        let machine = try await Self.machine()
        machine.tenant.state.withLock { $0.runtime?.isDown = true }
        let run = ResetRun(try await machine.environment()) { _ in }
        #expect(try await run.plan().sandboxTrouble?.contains("connection refused") == true)
        let failures = try await machine.reset()
        #expect(failures.first?.contains("list the pods that run") == true && failures.count == 2)
        Self.expectUntouched(machine)
        #expect(machine.kubelet.log.withLock { $0.last } == "stop")
        // As the message says.
        try machine.files.remove("\(Self.pods)/uid-1/data")
        for folder in ["\(Self.pods)/uid-1", Self.pods] { try machine.files.removeFolderIfEmpty(folder) }
        #expect(try await machine.reset() == [])
        #expect(!machine.files.exists(AgentFiles.directory))
    }
}
