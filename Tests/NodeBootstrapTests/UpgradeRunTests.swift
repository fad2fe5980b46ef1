import HTTPTransport
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Systemd
import Testing

@testable import NodeBootstrap

@Suite struct UpgradeRunTests {
    private static let files = [
        KubeletFiles.configurationPath, KubeletFiles.instanceConfigurationPath, KubeletFiles.flagsPath,
        KubeletFiles.dropInPath,
    ]

    private struct PowerFailure: Error {}

    private static func joined() async throws -> StandInMachine {
        let machine = try StandInMachine(StandInTenant())
        try machine.install(kubelet: "v1.36.2")
        _ = try await machine.join()
        return machine
    }

    /// The tenant takes its next minor, and the operator installs that kubelet.
    private static func next(_ machine: StandInMachine, kubelet: String = "v1.37.0") throws {
        machine.tenant.state.withLock { state in
            state.version = "v1.37.0"
            state.kubeletFields = "maxPods: 50\n"
            state.deeds = []
        }
        try machine.install(kubelet: kubelet)
    }

    private static func contents(_ machine: StandInMachine) throws -> [String: String] {
        var contents: [String: String] = [:]
        for path in files {
            // The drop-in says where the kubelet is.
            contents[path] = try machine.files.text(path)?.split(separator: machine.files.root).joined(
                separator: "ROOT")
        }
        return contents
    }

    private static func deeds(_ machine: StandInMachine) -> [String] { machine.tenant.state.withLock { $0.deeds } }

    private static func isCordoned(_ machine: StandInMachine) -> Bool {
        machine.tenant.state.withLock { $0.nodes["edge-1"]?[path: "spec", "unschedulable"]?.bool ?? false }
    }

    private static func isUnfinished(_ machine: StandInMachine) async throws -> Bool {
        UpgradeRecord(try await machine.environment().journal.fact(UpgradeRecord.fact)) != nil
    }

    @Test func `a node takes its tenant's new minor, once`() async throws {
        let machine = try await Self.joined()
        let former = try Self.contents(machine)
        try Self.next(machine)
        let outcome = try await machine.upgrade()
        #expect(outcome.hasChanged && outcome.kubelet == KubernetesVersion("v1.37.0"))
        #expect(try machine.files.text(KubeletFiles.configurationPath)?.contains("maxPods: 50") == true)
        #expect(Self.deeds(machine) == ["kubelet v1.37.0"])
        // The old configuration is kept, and a reset takes it away.
        let kept = UpgradeRecord.copy(of: KubeletFiles.configurationPath)
        #expect(try machine.files.text(kept) == former[KubeletFiles.configurationPath])
        // What the daemon would write again is the new one.
        let noted = try await machine.environment().journal.fact("configuration")
        #expect(noted?["serverVersion"] == "v1.37.0")
        #expect(try await !machine.upgrade().hasChanged)
        #expect(Self.deeds(machine) == ["kubelet v1.37.0"])
        #expect(try await !Self.isUnfinished(machine))
        #expect(try await machine.reset() == [])
        #expect(!machine.files.exists(kept))
    }

    @Test func `a look changes nothing and asks for no more than reading`() async throws {
        let machine = try await Self.joined()
        try Self.next(machine)
        let journals: Set = [Journal.path, "\(Journal.path)-wal", "\(Journal.path)-shm"]
        let before = try machine.tree(leavingOut: journals)
        machine.tenant.state.withLock { $0.calls = [] }
        let survey = try await UpgradeRun(try await machine.environment()) { _ in }.survey()
        #expect(survey.plan.steps == [.write([KubeletFiles.configurationPath]), .restart, .awaitNode])
        #expect(try machine.tree(leavingOut: journals) == before)
        #expect(machine.tenant.state.withLock { $0.calls.allSatisfy { $0.hasPrefix("GET ") } })
    }

    @Test func `a kubelet newer than its tenant is not restarted`() async throws {
        let machine = try await Self.joined()
        let before = try Self.contents(machine)
        try Self.next(machine, kubelet: "v1.38.0")
        let failure = await #expect(throws: UpgradeFailure.self) { try await machine.upgrade() }
        #expect(failure?.phase == .look && failure?.message.contains("newer than the tenant") == true)
        #expect(try Self.contents(machine) == before && Self.deeds(machine).isEmpty)
    }

    @Test func `a kubelet that does not come back gets its old configuration, and the cause is told`() async throws {
        let machine = try await Self.joined()
        let before = try Self.contents(machine)
        try Self.next(machine)
        machine.kubelet.refused.withLock { $0 = "maxPods" }
        let failure = await #expect(throws: UpgradeFailure.self) { try await machine.upgrade() }
        #expect(failure?.phase == .ready && failure?.message.contains("ends (exit-code)") == true)
        #expect(failure?.message.contains("The old configuration is back") == true, "\(failure?.message ?? "")")
        #expect(try Self.contents(machine) == before)
        #expect(machine.kubelet.unit.withLock { $0.active } == "active")
        #expect(try await !Self.isUnfinished(machine))
        // Nothing that the daemon would find fault with.
        let node = try #require(NodeName("edge-1"))
        let tenant = try #require(try await machine.environment().journal.fact("tenant").flatMap(JoinedTenant.init))
        let state = try await NodeRepair(try await machine.environment(), tenant, node).look(renewalPlace: 0)
        #expect(state.changedFiles.isEmpty && state.missingFiles.isEmpty)
    }

    @Test func `a configuration that was changed by hand comes back as it was`() async throws {
        let machine = try await Self.joined()
        let edited = (try machine.files.text(KubeletFiles.configurationPath) ?? "") + "podsPerCore: 3\n"
        try machine.files.write(NodeFile(KubeletFiles.configurationPath, mode: 0o600, edited))
        try Self.next(machine)
        machine.kubelet.refused.withLock { $0 = "maxPods" }
        let survey = try await UpgradeRun(try await machine.environment()) { _ in }.survey()
        #expect(survey.plan.warnings.contains { $0.contains("changed by hand") })
        await #expect(throws: UpgradeFailure.self) { try await machine.upgrade() }
        #expect(try machine.files.text(KubeletFiles.configurationPath) == edited)
        #expect(try machine.files.attributes(KubeletFiles.configurationPath)?.mode == 0o600)
    }

    @Test func `pods are evicted before the kubelet is touched, and budgets are waited for`() async throws {
        let machine = try await Self.joined()
        try Self.next(machine)
        machine.tenant.state.withLock { state in
            state.pods = [
                StandInTenant.pod("web"), StandInTenant.pod("db"), StandInTenant.pod("proxy", owner: "DaemonSet"),
            ]
            state.forbiddenEvictions = ["db": 3]
        }
        var options = UpgradeRun.Options()
        options.drains = true
        #expect(try await machine.upgrade(options).hasChanged)
        #expect(Self.deeds(machine) == ["cordon", "evict web", "evict db", "kubelet v1.37.0", "uncordon"])
        #expect(!Self.isCordoned(machine))
        // As the kubelet, for its own node.
        #expect(machine.tenant.state.withLock { $0.callers.last } == "system:node:edge-1")
    }

    @Test func `a budget that never allows leaves the node as it was, and is named`() async throws {
        let machine = try await Self.joined()
        try Self.next(machine)
        machine.tenant.state.withLock { state in
            state.pods = [StandInTenant.pod("db")]
            state.forbiddenEvictions = ["db": .max]
        }
        var options = UpgradeRun.Options()
        options.drains = true
        let failure = await #expect(throws: UpgradeFailure.self) { try await machine.upgrade(options) }
        #expect(failure?.phase == .drain && failure?.message.contains("The disruption budget few") == true)
        #expect(Self.deeds(machine) == ["cordon", "uncordon"])
        #expect(try await !Self.isUnfinished(machine))
    }

    @Test func `a node that somebody else has cordoned stays cordoned`() async throws {
        let machine = try await Self.joined()
        try Self.next(machine)
        machine.tenant.state.withLock { $0.nodes["edge-1"]?[path: "spec", "unschedulable"] = true }
        var options = UpgradeRun.Options()
        options.drains = true
        _ = try await machine.upgrade(options)
        #expect(Self.deeds(machine) == ["kubelet v1.37.0"])
        #expect(Self.isCordoned(machine))
    }

    // MARK: Interruptions

    /// Runs an upgrade that is cut at each of its places in turn, and another after it.
    ///
    /// - Parameter isRefused: whether the kubelet refuses the new configuration while the first one runs.
    private static func cutEverywhere(isRefused: Bool) async throws {
        var options = UpgradeRun.Options()
        options.drains = true
        func prepared() async throws -> StandInMachine {
            let machine = try await joined()
            try next(machine)
            machine.tenant.state.withLock { $0.pods = [StandInTenant.pod("web")] }
            if isRefused { machine.kubelet.refused.withLock { $0 = "maxPods" } }
            return machine
        }
        let whole = try await prepared()
        let places = Mutex(0)
        _ = try? await whole.upgrade(options) { _ in places.withLock { $0 += 1 } }
        if isRefused {
            whole.kubelet.refused.withLock { $0 = nil }
            _ = try await whole.upgrade(options)
        }
        let wanted = try contents(whole)
        let count = places.withLock { $0 }
        #expect(count > 12)
        for place in 0..<count {
            let machine = try await prepared()
            let seen = Mutex(0)
            _ = try? await machine.upgrade(options) { _ in
                try seen.withLock { seen in
                    seen += 1
                    if seen > place { throw PowerFailure() }
                }
            }
            machine.kubelet.refused.withLock { $0 = nil }
            _ = try await machine.upgrade()
            #expect(try contents(machine) == wanted, "cut at place \(place)")
            #expect(try await !isUnfinished(machine), "cut at place \(place)")
            let node = machine.tenant.state.withLock { $0.nodes["edge-1"] ?? .null }
            #expect(!isCordoned(machine), "cut at place \(place)")
            #expect(node[path: "status", "nodeInfo", "kubeletVersion"] == "v1.37.0", "cut at place \(place)")
            let journal = try await machine.environment().journal
            #expect(try await journal.fact("configuration")?["serverVersion"] == "v1.37.0", "cut at place \(place)")
        }
    }

    @Test func `an upgrade that is cut anywhere is completed by the next`() async throws {
        try await Self.cutEverywhere(isRefused: false)
    }

    @Test func `a return to the old configuration that is cut anywhere keeps nobody from the new one`() async throws {
        try await Self.cutEverywhere(isRefused: true)
    }

    @Test func `an old configuration is the one before the first of several runs that were cut`() async throws {
        let machine = try await Self.joined()
        let before = try Self.contents(machine)
        try Self.next(machine)
        let isOff = Mutex(false)
        await #expect(throws: UpgradeFailure.self) {
            try await machine.upgrade { what in
                if isOff.withLock({ isOff in
                    isOff = isOff || what == "restart kubelet"
                    return isOff
                }) {
                    throw PowerFailure()
                }
            }
        }
        #expect(try Self.contents(machine) != before)
        #expect(try await Self.isUnfinished(machine))
        machine.kubelet.refused.withLock { $0 = "maxPods" }
        await #expect(throws: UpgradeFailure.self) { try await machine.upgrade() }
        #expect(try Self.contents(machine) == before)
    }
}
