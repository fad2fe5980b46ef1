import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Testing

@testable import NodeBootstrap

/// A node that has joined, and what its daemon would do about what its tenant says.
private struct Member {
    let machine: StandInMachine
    let environment: NodeEnvironment
    let node: NodeName

    init() async throws {
        machine = try StandInMachine(try StandInTenant())
        _ = try await machine.join()
        environment = try await machine.environment()
        node = try #require(NodeName("edge-1"))
    }

    var tenant: StandInTenant { machine.tenant }

    func trusted() async throws -> JoinedTenant {
        try #require(try await NodeTunnelSettings.read(environment.journal)).tenant
    }

    func news() async throws -> TenantNews { try await TenantInquiry(environment, try await trusted(), node).news() }

    func plan(_ backoff: RepairBackoff = RepairBackoff()) async throws -> (NodeRepair, RepairPlan) {
        let (tenant, news) = (try await trusted(), try await news())
        let repair = NodeRepair(environment, tenant, node)
        if let wishes = news.restarts { try await repair.takeNote(of: wishes) }
        return (repair, RepairPlan(try await repair.look(renewalPlace: 0.5, news: news), backoff: backoff))
    }

    /// One look and what follows from it.
    func settle() async throws -> [RepairPlan.Action] {
        let (repair, plan) = try await plan()
        for action in plan.actions { try await repair.perform(action) }
        return plan.actions
    }

    var starts: Int { machine.kubelet.log.withLock { $0.count { $0 == "start" } } }

    static func authority() throws -> CertificateAuthority {
        try .selfSigned(
            CertificateProfile(commonName: "kubernetes", isAuthority: true, validity: .seconds(86_400 * 3650)),
            key: .generate(.ecdsaP256), now: Date())
    }

    /// What the files of the node that name authorities hold.
    func named() throws -> [[UInt8]?] {
        let kubeconfig = try machine.files.text(KubeletFiles.kubeconfigPath).map { try Kubeconfig(yaml: $0) }
        return [
            try machine.files.read("/etc/kubernetes/pki/ca.crt"),
            kubeconfig?.cluster("default-cluster")?.certificateAuthorityData,
            try machine.files.read(AgentFiles.authorities),
        ]
    }

    func kubeletCertificate() throws -> Certificate {
        try Certificate(pem: try #require(try machine.files.read(KubeletFiles.clientCertificatePath)))
    }
}

@Suite struct TenantNewsTests {
    @Test func `a clock that differs from the tenant's is told of, also by a tenant that tells nothing else`()
        async throws
    {
        let member = try await Member()
        #expect(abs(try #require(try await member.news().serverAhead)) < 30)
        #expect(try await member.plan().1.complaints.isEmpty)
        for isHidden in [false, true] {
            member.tenant.state.withLock {
                ($0.date, $0.hidesClusterInfo) = (StandInMachine.httpDate(-400), isHidden)
            }
            let ahead = try #require(try await member.news().serverAhead)
            #expect((-430 ... -370).contains(ahead))
            #expect(try await member.plan().1.complaints.contains { $0.contains("the clock is ahead of the tenant's") })
        }
    }

    @Test func `a rotation of the tenant's authority is followed through its three stages`() async throws {
        let member = try await Member()
        let (old, new) = (member.tenant.authority, try Member.authority())
        #expect(try await member.settle() == [])
        // Both are trusted, and the old one signs.
        let both = old.certificate.pem + new.certificate.pem
        member.tenant.state.withLock { ($0.bundle, $0.root) = (both, old.certificate) }
        let starts = member.starts
        #expect(try await member.settle() == [.takeAuthorities(both)])
        #expect(try member.named() == [both, both, both] && member.starts == starts + 1)
        #expect(try await member.settle() == [])
        // The new one signs.
        let turned = new.certificate.pem + old.certificate.pem
        member.tenant.state.withLock { ($0.bundle, $0.root, $0.signer) = (turned, new.certificate, new) }
        #expect(try await member.settle() == [.takeAuthorities(turned)])
        #expect(try await member.settle() == [.renewOfAuthority(agent: true, kubelet: true)])
        #expect(try member.kubeletCertificate().isIssued(by: new.certificate))
        let agent = try await AgentStore(member.environment.writer).identity(member.node)
        #expect(agent?.certificate.isIssued(by: new.certificate) == true)
        #expect(try await member.settle() == [])
        // The old one is trusted no more.
        member.tenant.state.withLock { $0.bundle = new.certificate.pem }
        #expect(try await member.settle() == [.takeAuthorities(new.certificate.pem)])
        #expect(try member.named() == [new.certificate.pem, new.certificate.pem, new.certificate.pem])
        #expect(try await member.settle() == [])
        // A join by hand finds nothing to do, and a reset leaves nothing of it.
        let former = try #require(try await member.environment.journal.fact("join"))
        let configuration = try #require(JoinConfiguration(resuming: former, token: nil))
        #expect(try await member.machine.join(configuration).isReady)
        #expect(try await member.machine.reset() == [])
        #expect(!member.machine.files.exists("/etc/kubernetes"))
    }

    @Test func `what the kubelet serves with is renewed with its other certificate, or after it`() async throws {
        let member = try await Member()
        let (old, new) = (member.tenant.authority, try Member.authority())
        func serve(_ authority: CertificateAuthority) throws {
            let key = try PrivateKey.generate(.ecdsaP256)
            let certificate = try authority.issue(
                CertificateProfile(commonName: "system:node:edge-1", validity: .seconds(3600)), to: key, now: Date())
            try member.machine.files.write(
                NodeFile(KubeletFiles.servingCertificatePath, mode: 0o600, certificate.pem + key.pem))
        }
        func isServing() -> Bool { member.machine.files.exists(KubeletFiles.servingCertificatePath) }
        try serve(old)
        #expect(try await member.settle() == [])
        // The new one is named first, and the old one still signs: what the kubelet has stays.
        let turned = new.certificate.pem + old.certificate.pem
        member.tenant.state.withLock { $0.bundle = turned }
        #expect(try await member.settle() == [.takeAuthorities(turned)])
        let (repair, plan) = try await member.plan()
        #expect(plan.actions == [.renewOfAuthority(agent: true, kubelet: true)])
        await #expect(throws: RepairError.self) { try await repair.perform(plan.actions[0]) }
        #expect(isServing())
        member.tenant.state.withLock { ($0.root, $0.signer) = (new.certificate, new) }
        let starts = member.starts
        #expect(try await member.settle() == [.renewOfAuthority(agent: true, kubelet: true)])
        #expect(!isServing() && member.starts == starts + 1)
        // One that a kubelet got late of the old one.
        try serve(old)
        #expect(try await member.settle() == [.renewServing])
        #expect(!isServing() && member.starts == starts + 2)
        try serve(new)
        #expect(try await member.settle() == [])
    }

    @Test func `authorities that the tenant's own server is not of are not taken`() async throws {
        let member = try await Member()
        let (old, forged) = (member.tenant.authority, try Member.authority())
        member.tenant.state.withLock { ($0.bundle, $0.root) = (forged.certificate.pem, old.certificate) }
        await #expect(throws: TenantNewsError.self) { try await member.news() }
        // Nor is what is no authority.
        let leaf = try old.issue(
            CertificateProfile(commonName: "x", validity: .seconds(3600)), to: .generate(.ecdsaP256), now: Date())
        member.tenant.state.withLock { $0.bundle = old.certificate.pem + leaf.pem }
        await #expect(throws: TenantNewsError.self) { try await member.news() }
    }

    @Test func `where nobody may read cluster-info the agent reads what pods are given`() async throws {
        let member = try await Member()
        let both = member.tenant.authority.certificate.pem + (try Member.authority()).certificate.pem
        member.tenant.state.withLock { ($0.hidesClusterInfo, $0.publishedBundle) = (true, both) }
        #expect(try await member.news().authorityPEM == both)
        member.tenant.state.withLock { $0.publishedBundle = nil }
        #expect(try await member.news().authorityPEM == member.tenant.authority.certificate.pem)
    }

    @Test func `a tenant that names an authority and signs with another is not asked at each look`() async throws {
        let member = try await Member()
        let (old, new) = (member.tenant.authority, try Member.authority())
        let turned = new.certificate.pem + old.certificate.pem
        member.tenant.state.withLock { $0.bundle = turned }
        #expect(try await member.settle() == [.takeAuthorities(turned)])
        let starts = member.starts
        let (repair, plan) = try await member.plan()
        let action = try #require(plan.actions.first)
        #expect(plan.actions == [.renewOfAuthority(agent: true, kubelet: true)])
        await #expect(throws: RepairError.self) { try await repair.perform(action) }
        #expect(member.starts == starts)
        var backoff = RepairBackoff()
        backoff.note(action.key, at: Date(), longest: action.longestPause)
        let next = try await member.plan(backoff).1
        #expect(next.actions.isEmpty && next.complaints.first?.contains("did not help") == true)
    }

    @Test func `a node whose certificate is of an authority that is trusted no more comes back`() async throws {
        let tenant = try StandInTenant()
        let node = try #require(NodeName("edge-1"))
        tenant.state.withLock {
            $0.credential = BootstrapToken(id: node.reenrolmentTokenIDs[0], secret: "abcdefghijklmnop")
        }
        let machine = try StandInMachine(tenant)
        _ = try await machine.join()
        let environment = try await machine.environment()
        let new = try Member.authority()
        tenant.state.withLock { $0.signer = new }
        let repair = NodeRepair(
            environment, JoinedTenant(server: StandInTenant.server, authorityPEM: new.certificate.pem), node)
        let plan = RepairPlan(try await repair.look(renewalPlace: 0.5), backoff: RepairBackoff())
        #expect(plan.actions.map(\.kind) == ["come-back", "renew-kubelet"])
        for action in plan.actions { try await repair.perform(action) }
        #expect(RepairPlan(try await repair.look(renewalPlace: 0.5), backoff: RepairBackoff()).actions.isEmpty)
    }

    @Test func `the tenant is asked every few minutes, and at once when the agent is told to reload`() async throws {
        let member = try await Member()
        var listening = TenantListening(place: 0.5)
        func listen(_ reloads: Int) async throws -> Int {
            let before = member.tenant.state.withLock { $0.clusterInfoReads }
            await listening.listen(member.environment, try await member.trusted(), member.node, reloads: reloads)
            return member.tenant.state.withLock { $0.clusterInfoReads } - before
        }
        #expect(try await listen(0) == 1)
        #expect(try await listen(0) == 0)
        #expect(try await listen(1) == 1)
        #expect(try await listen(1) == 0)
        try await member.environment.pacing.sleep(.seconds(299))
        #expect(try await listen(1) == 0)
        try await member.environment.pacing.sleep(.seconds(2))
        #expect(try await listen(1) == 1)
        // What a join by hand has learned meanwhile makes what was said before old.
        let pem = try Member.authority().certificate.pem
        try await member.environment.journal.setFact(
            "tenant", JoinedTenant(server: StandInTenant.server, authorityPEM: pem).json)
        #expect(try await listen(1) == 1)
    }

    @Test func `a wish that the kubelet be restarted is followed once, and those from before the node not at all`()
        async throws
    {
        let member = try await Member()
        let restart = NodeAgentFields.restartAnnotation
        member.tenant.state.withLock { $0.annotations = [restart: "moved to etcd-2"] }
        #expect(try await member.settle() == [])
        let starts = member.starts
        member.tenant.state.withLock { $0.annotations = [restart: "moved to etcd-3"] }
        #expect(
            try await member.settle() == [.restartKubelet(RestartWishes(everybody: "moved to etcd-3", node: ""))])
        #expect(member.starts == starts + 1)
        #expect(try await member.settle() == [])
        // For this node alone, and one that is taken back.
        member.tenant.state.withLock { $0.nodes["edge-1"]?[path: "metadata", "annotations"] = [restart: .string("1")] }
        #expect(try await member.settle().map(\.kind) == ["restart-kubelet"])
        #expect(try await member.settle() == [])
        member.tenant.state.withLock {
            $0.annotations = [:]
            $0.nodes["edge-1"]?[path: "metadata", "annotations"] = [:]
        }
        #expect(try await member.settle() == [])
    }
}
