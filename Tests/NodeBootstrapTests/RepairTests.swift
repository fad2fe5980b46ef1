import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Systemd
import Testing

@testable import NodeBootstrap

@Suite struct RepairPlanTests {
    private static func certificate(_ age: TimeInterval, life: Int = 86_400) throws -> Certificate {
        let authority = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "a", isAuthority: true, validity: .seconds(86_400 * 3650)),
            key: .generate(.ecdsaP256), now: Date(timeIntervalSinceNow: -86_400 * 1000))
        return try authority.issue(
            CertificateProfile(commonName: "kamaji:agent:edge-1", validity: .seconds(life)), to: .generate(.ecdsaP256),
            now: Date(timeIntervalSinceNow: -age))
    }

    private static func plan(
        _ backoff: RepairBackoff = RepairBackoff(), _ change: (inout NodeState) throws -> Void
    ) throws -> RepairPlan {
        let certificate = try certificate(60)
        var state = NodeState(
            now: Date(), kubeletCertificate: .valid(certificate), agentCertificate: certificate,
            renewal: Date(timeIntervalSinceNow: 3600), hasReturnCredential: true)
        state.kubelet = UnitState(load: "loaded", active: "active", sub: "running", result: "success")
        state.isKubeletWell = true
        try change(&state)
        return RepairPlan(state, backoff: backoff)
    }

    @Test func `a node that is well is left alone`() throws {
        let plan = try Self.plan { _ in }
        #expect(plan.actions.isEmpty && plan.complaints.isEmpty)
    }

    @Test func `each thing that drifts has its repair`() throws {
        #expect(try Self.plan { $0.missingFiles = ["/a"] }.actions == [.rewriteFiles(["/a"])])
        #expect(try Self.plan { $0.hasKubeconfig = false }.actions == [.writeKubeconfig])
        #expect(try Self.plan { $0.renewal = Date(timeIntervalSinceNow: -1) }.actions == [.renewAgent])
        #expect(try Self.plan { $0.kubeletCertificate = .missing }.actions == [.renewKubelet(why: "it has none")])
        let failed = UnitState(load: "loaded", active: "failed", sub: "failed", result: "exit-code")
        #expect(
            try Self.plan { $0.kubelet = failed }.actions == [.startUnit("kubelet.service", why: "exit-code")])
    }

    @Test func `after a year off the agent comes back first, and then gets the kubelet a certificate`() throws {
        let plan = try Self.plan {
            $0.agentCertificate = try Self.certificate(86_400 * 400)
            $0.kubeletCertificate = .wrong("it ended")
        }
        #expect(plan.actions == [.comeBack, .renewKubelet(why: "it ended")])
    }

    @Test func `what cannot be mended from here is said with its way out`() throws {
        let ended = try Self.plan {
            $0.agentCertificate = try Self.certificate(86_400 * 400)
            $0.hasReturnCredential = false
        }
        #expect(ended.actions.isEmpty && ended.complaints.first?.contains("new token") == true)
        let masked = try Self.plan { $0.kubelet = UnitState(load: "masked") }
        #expect(masked.actions.isEmpty && masked.complaints.first?.contains("unmask") == true)
        let early = try Self.plan { $0.now = Date(timeIntervalSinceNow: -86_400 * 365 * 20) }
        #expect(early.complaints.contains { $0.contains("set the clock") })
        let changed = try Self.plan { $0.changedFiles = ["/a"] }
        #expect(changed.actions.isEmpty && changed.complaints.count == 1)
    }

    @Test func `what does not help is tried more and more seldom, and anew once it was not needed for a while`() throws
    {
        var backoff = RepairBackoff()
        var now = Date(timeIntervalSince1970: 0)
        var pauses: [TimeInterval] = []
        for index in 0..<10 {
            // Over a restart of the agent too.
            if index == 4 { backoff = RepairBackoff(backoff.json { $0 == "u" }) }
            backoff.note("u", at: now, longest: 600, chance: 0)
            var pause: TimeInterval = 0
            while !backoff.mayTry("u", at: now.addingTimeInterval(pause)) { pause += 10 }
            pauses.append(pause)
            now = now.addingTimeInterval(index == 8 ? 1200 : pause)
        }
        #expect(pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600, 10])
        // A clock that was set back does not keep it down.
        #expect(backoff.mayTry("u", at: Date(timeIntervalSince1970: -100)))
        // No two nodes of a fleet at one moment.
        backoff.note("v", at: now, longest: 600, chance: 1)
        #expect(try #require(backoff.nextTry("v")).timeIntervalSince(now) == 12)
        #expect(RepairBackoff(backoff.json { $0 == "u" }).mayTry("v", at: now))
    }

    @Test func `a repair that did not help waits, and is complained of`() throws {
        var backoff = RepairBackoff()
        backoff.note(RepairPlan.Action.renewKubelet(why: "").key, at: Date(), longest: 600)
        let plan = try Self.plan(backoff) { $0.kubeletCertificate = .missing }
        #expect(plan.actions.isEmpty)
        #expect(plan.complaints.first?.contains("was tried and did not help, and again at") == true)
    }

    @Test func `the condition's time of change stays while its verdict does`() throws {
        let node = try #require(NodeName("edge-1"))
        let well = NodeReport(node: node, version: "1", plan: try Self.plan { _ in })
        let first = well.conditions([["type": "Ready", "status": "True"]], now: Date(timeIntervalSince1970: 0))
        #expect(first.count == 2 && first[1]["type"] == "KamajiAgentHealthy" && first[1]["status"] == "True")
        let second = well.conditions(first, now: Date(timeIntervalSince1970: 60))
        #expect(second[1]["lastTransitionTime"] == first[1]["lastTransitionTime"])
        #expect(second[1]["lastHeartbeatTime"] != first[1]["lastHeartbeatTime"])
        let ill = NodeReport(node: node, version: "1", plan: try Self.plan { $0.kubelet = UnitState(load: "masked") })
        let third = ill.conditions(second, now: Date(timeIntervalSince1970: 120))
        #expect(third[1]["status"] == "False" && third[1]["reason"] == "NeedsAttention")
        #expect(third[1]["lastTransitionTime"] != second[1]["lastTransitionTime"])
    }
}

@Suite struct NodeRepairTests {
    private static func joined() async throws -> (StandInMachine, NodeRepair) {
        let tenant = try StandInTenant()
        let id = try #require(NodeName("edge-1")).reenrolmentTokenIDs[0]
        tenant.state.withLock { $0.credential = BootstrapToken(id: id, secret: "abcdefghijklmnop") }
        let machine = try StandInMachine(tenant)
        _ = try await machine.join()
        let joinedTenant = JoinedTenant(
            server: StandInTenant.server, authorityPEM: tenant.authority.certificate.pem)
        let repair = NodeRepair(
            try await machine.environment(), joinedTenant, try #require(NodeName("edge-1")))
        return (machine, repair)
    }

    private static func settle(_ repair: NodeRepair) async throws -> [RepairPlan.Action] {
        let plan = RepairPlan(try await repair.look(renewalPlace: 0.5), backoff: RepairBackoff())
        for action in plan.actions { try await repair.perform(action) }
        return plan.actions
    }

    @Test func `a node that has just joined needs nothing`() async throws {
        let (machine, repair) = try await Self.joined()
        #expect(try await Self.settle(repair) == [])
        withExtendedLifetime(machine) {}
    }

    @Test func `files that are gone come back as they were`() async throws {
        let (machine, repair) = try await Self.joined()
        let paths = [KubeletFiles.configurationPath, "/etc/kubernetes/pki/ca.crt", KubeletFiles.flagsPath]
        let before = try paths.map { try machine.files.text($0) }
        for path in paths { try machine.files.remove(path) }
        #expect(try await Self.settle(repair) == [.rewriteFiles(paths.sorted())])
        #expect(try paths.map { try machine.files.text($0) } == before)
        #expect(try await Self.settle(repair) == [])
    }

    @Test func `only the file that is gone is written, and what a join writes no more is not missed for ever`()
        async throws
    {
        let (machine, repair) = try await Self.joined()
        let mine = "kind: KubeletConfiguration\nmine: true\n"
        try machine.files.write(NodeFile(KubeletFiles.configurationPath, mode: 0o644, mine))
        try machine.files.remove(KubeletFiles.flagsPath)
        #expect(try await Self.settle(repair) == [.rewriteFiles([KubeletFiles.flagsPath])])
        #expect(try machine.files.text(KubeletFiles.configurationPath) == mine)
        #expect(machine.files.exists(KubeletFiles.flagsPath))
        // kubeadm's package has come, with a drop-in of its own.
        let theirs = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"
        try machine.files.write(NodeFile(theirs, mode: 0o644, "[Service]\n"))
        try machine.files.remove(KubeletFiles.dropInPath)
        let restarts = machine.kubelet.log.withLock { $0.count }
        #expect(try await Self.settle(repair) == [.rewriteFiles([KubeletFiles.dropInPath])])
        #expect(try await Self.settle(repair) == [])
        #expect(machine.kubelet.log.withLock { $0.count } == restarts)
    }

    @Test func `a token that a killed join left behind its certificate is removed`() async throws {
        struct Kill: Error {}
        let machine = try StandInMachine(try StandInTenant())
        await #expect(throws: JoinFailure.self) {
            try await machine.join { if $0.hasPrefix("retire") { throw Kill() } }
        }
        #expect(machine.files.exists(KubeletFiles.bootstrapKubeconfigPath))
        let tenant = JoinedTenant(
            server: StandInTenant.server, authorityPEM: machine.tenant.authority.certificate.pem)
        let repair = NodeRepair(try await machine.environment(), tenant, try #require(NodeName("edge-1")))
        #expect(try await Self.settle(repair) == [.retireBootstrapToken])
        #expect(!machine.files.exists(KubeletFiles.bootstrapKubeconfigPath))
        #expect(try await Self.settle(repair) == [])
    }

    @Test func `looking makes no key`() async throws {
        let (machine, repair) = try await Self.joined()
        for path in [AgentFiles.key, AgentFiles.certificate] { try machine.files.remove(path) }
        let state = try await repair.look(renewalPlace: 0.5)
        #expect(state.agentCertificate == nil && !state.hasReturnCredential)
        #expect(!machine.files.exists(AgentFiles.key))
        await #expect(throws: RepairError.self) { try await repair.perform(.comeBack) }
        #expect(!machine.files.exists(AgentFiles.key))
    }

    @Test func `a node whose certificates have ended comes back by itself`() async throws {
        let (machine, repair) = try await Self.joined()
        let key = try PrivateKey(pem: try #require(try machine.files.read(AgentFiles.key)))
        func ended(_ user: String, _ group: String, _ key: PrivateKey) throws -> [UInt8] {
            let profile = CertificateProfile(commonName: user, organizations: [group], validity: .seconds(3600))
            return try machine.tenant.authority.issue(profile, to: key, now: Date()).pem
        }
        // As if they had been issued long ago: an hour's life, seen two hours later.
        try machine.files.write(
            NodeFile(AgentFiles.certificate, mode: 0o644, try ended("kamaji:agent:edge-1", "kamaji:agents", key)))
        let kubeletKey = try PrivateKey.generate(.ecdsaP256)
        try machine.files.write(
            NodeFile(
                KubeletFiles.clientCertificatePath, mode: 0o600,
                try ended("system:node:edge-1", "system:nodes", kubeletKey) + kubeletKey.pem))
        var environment = try await machine.environment()
        environment.now = { Date(timeIntervalSinceNow: 7200) }
        let tenant = JoinedTenant(
            server: StandInTenant.server, authorityPEM: machine.tenant.authority.certificate.pem)
        let later = NodeRepair(environment, tenant, try #require(NodeName("edge-1")))
        let actions = try await Self.settle(later)
        #expect(actions.first == .comeBack && actions.count == 2)
        #expect(try await Self.settle(later) == [])
        let attributes = try machine.files.attributes(KubeletFiles.clientCertificatePath)
        #expect(attributes?.kind == .link)
        withExtendedLifetime(repair) {}
    }

    @Test func `an agent renews with its own key before its certificate ends`() async throws {
        let (machine, repair) = try await Self.joined()
        let before = try Certificate(pem: try #require(try machine.files.read(AgentFiles.certificate)))
        try await repair.perform(.renewAgent)
        let after = try Certificate(pem: try #require(try machine.files.read(AgentFiles.certificate)))
        #expect(before != after && before.publicKeySHA256Hex == after.publicKeySHA256Hex)
    }
}
