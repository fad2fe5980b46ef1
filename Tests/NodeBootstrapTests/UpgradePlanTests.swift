import KubeObjects
import Systemd
import Testing

@testable import NodeBootstrap

@Suite struct UpgradePlanTests {
    private static func facts(
        server: String? = "v1.36.2", configured: String? = "v1.36.2", installed: String? = "v1.36.2",
        running: String? = "v1.36.2", changes: [String] = []
    ) -> UpgradePlan.Facts {
        var facts = UpgradePlan.Facts()
        func version(_ text: String?) -> KubernetesVersion? { text.flatMap { KubernetesVersion($0) } }
        facts.server = version(server)
        facts.configured = version(configured)
        facts.installed = version(installed)
        facts.running = version(running)
        facts.changes = changes
        facts.unit = UnitState(load: "loaded", active: "active")
        return facts
    }

    @Test func `a node that is where its tenant is has nothing done to it`() {
        let plan = UpgradePlan(Self.facts(), drains: true)
        #expect(plan.steps.isEmpty && plan.refusals.isEmpty && plan.warnings.isEmpty)
    }

    @Test(arguments: [
        ("v1.36.2", "v1.36.2", "v1.37.0", "v1.36.2", "newer than the tenant"),
        ("v1.37.0", "v1.36.2", "v1.33.9", "v1.33.9", "more than three minor versions older"),
        ("v1.36.2", "v1.37.0", "v1.36.2", "v1.36.2", "a configuration does not go back"),
        ("v1.37.0", "v1.37.0", "v1.36.9", "v1.37.0", "does not go back over minor versions"),
    ])
    func `versions that do not go together are refused`(
        server: String, configured: String, installed: String, running: String, why: String
    ) throws {
        let plan = UpgradePlan(
            Self.facts(server: server, configured: configured, installed: installed, running: running, changes: ["/x"]),
            drains: false)
        #expect(plan.steps.isEmpty)
        #expect(plan.refusals.count == 1 && plan.refusals.first?.contains(why) == true, "\(plan.refusals)")
    }

    @Test func `three minors behind is allowed and told of, and a patch back is nobody's business`() {
        let old = UpgradePlan(
            Self.facts(server: "v1.39.0", installed: "v1.36.2", changes: ["/x"]), drains: false)
        #expect(old.refusals.isEmpty && old.warnings.first?.contains("stays behind") == true)
        let back = UpgradePlan(Self.facts(installed: "v1.36.1"), drains: false)
        #expect(back.refusals.isEmpty && back.steps == [.restart, .awaitNode])
    }

    @Test func `without a kubelet, its unit or a tenant's version there is no upgrade`() {
        #expect(UpgradePlan(Self.facts(installed: nil), drains: false).refusals.count == 1)
        #expect(UpgradePlan(Self.facts(server: nil), drains: false).refusals.count == 1)
        for unit in [UnitState(load: "not-found"), UnitState(load: "masked")] {
            var facts = Self.facts(changes: ["/x"])
            facts.unit = unit
            let plan = UpgradePlan(facts, drains: false)
            #expect(plan.refusals.count == 1 && plan.steps.isEmpty)
        }
    }

    @Test func `pods go before anything is changed, and come back only where we kept them away`() {
        var facts = Self.facts(changes: ["/x"])
        #expect(
            UpgradePlan(facts, drains: true).steps
                == [.cordon, .drain, .write(["/x"]), .restart, .awaitNode, .uncordon])
        facts.isCordoned = true
        #expect(UpgradePlan(facts, drains: true).steps == [.drain, .write(["/x"]), .restart, .awaitNode])
        // An earlier run cordoned it: this one, asked to drain or not, uncordons it.
        #expect(UpgradePlan(facts, drains: false, hasCordoned: true).steps.last == .uncordon)
    }

    @Test func `an upgrade that did not come to its end is gone on with though nothing differs`() {
        var facts = Self.facts()
        facts.isUnfinished = true
        #expect(UpgradePlan(facts, drains: false).steps == [.restart, .awaitNode])
    }

    // MARK: Draining

    private static func drain(_ pods: [JSON], _ permission: DrainPlan.Permission = .init()) -> DrainPlan {
        DrainPlan(pods.map { KubeObject($0) }, permission)
    }

    @Test func `pods of DaemonSets, static ones and finished ones stay, and ending ones are waited for`() {
        var ending = StandInTenant.pod("ending")
        ending[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let plan = Self.drain([
            StandInTenant.pod("web"), StandInTenant.pod("proxy", owner: "DaemonSet"),
            StandInTenant.pod("static", owner: "Node", ["kubernetes.io/config.mirror": "x"]),
            StandInTenant.pod("job", owner: nil, phase: "Succeeded"), ending,
        ])
        #expect(plan.evictions.map(\.text) == ["default/web"])
        #expect(plan.ending.map(\.text) == ["default/ending"])
        #expect(plan.refusals.isEmpty)
    }

    @Test func `what would be lost is lost with permission only`() {
        let pods = [
            StandInTenant.pod("bare", owner: nil), StandInTenant.pod("cache", volumes: [["emptyDir": [:]]]),
        ]
        let plan = Self.drain(pods)
        #expect(plan.evictions.isEmpty && plan.refusals.count == 2)
        #expect(plan.refusals[0].contains("--force") && plan.refusals[1].contains("--delete-emptydir-data"))
        #expect(Self.drain(pods, .init(losesPods: true, losesEmptyDirs: true)).evictions.count == 2)
    }

    // MARK: Coming back

    private static func node(_ heartbeat: String, version: String = "v1.37.0", ready: Bool = true) -> KubeObject {
        KubeObject([
            "metadata": ["name": "edge-1"],
            "status": [
                "nodeInfo": ["kubeletVersion": .string(version)],
                "conditions": [
                    [
                        "type": "Ready", "status": ready ? "True" : "False", "message": "cni",
                        "lastHeartbeatTime": .string(heartbeat),
                    ]
                ],
            ],
        ])
    }

    @Test func `a kubelet is back when the Node tells so anew, with its version, and Ready if it was`() {
        let wanted = KubeletReturn(version: KubernetesVersion("v1.37.0"), before: Self.node("1"))
        func isBack(_ node: KubeObject?, isWell: Bool? = true) -> Bool {
            wanted.verdict(.init(isWell: isWell, node: node)) == .back
        }
        #expect(isBack(Self.node("2")) && isBack(Self.node("2"), isWell: nil))
        #expect(!isBack(Self.node("1")), "that was the kubelet before")
        #expect(!isBack(Self.node("2", version: "v1.36.2")))
        #expect(!isBack(Self.node("2", ready: false)))
        #expect(!isBack(Self.node("2"), isWell: false))
        #expect(!isBack(nil))
        let unready = KubeletReturn(
            version: KubernetesVersion("v1.37.0"), before: Self.node("1", ready: false))
        #expect(unready.verdict(.init(isWell: true, node: Self.node("2", ready: false))) == .back)
    }

    @Test func `a kubelet that ends again and again is not waited for`() {
        let wanted = KubeletReturn(version: nil, before: nil, restarts: 4)
        func verdict(_ active: String, restarts: UInt32) -> KubeletReturn.Verdict {
            wanted.verdict(
                .init(
                    unit: UnitState(load: "loaded", active: active, result: "exit-code", restarts: restarts),
                    isWell: false, node: nil))
        }
        for (active, restarts) in [("activating", UInt32(7)), ("failed", 4)] {
            guard case .lost(let why) = verdict(active, restarts: restarts) else {
                Issue.record("\(active) after \(restarts) restarts is waited for")
                continue
            }
            #expect(why.contains("exit-code"))
        }
        guard case .waiting = verdict("activating", restarts: 6) else {
            Issue.record("two ends are given up already")
            return
        }
    }
}
