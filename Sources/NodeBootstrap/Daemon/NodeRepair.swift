import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI
import Systemd

/// Does what a `RepairPlan` says, on a node that has joined.
package struct NodeRepair: Sendable {
    private let environment: NodeEnvironment
    private let tenant: JoinedTenant
    private let node: NodeName
    private let store: AgentStore

    package init(_ environment: NodeEnvironment, _ tenant: JoinedTenant, _ node: NodeName) {
        self.environment = environment
        self.tenant = tenant
        self.node = node
        store = AgentStore(environment.writer)
    }

    // MARK: Looking

    /// - Parameter news: what the tenant said last.
    package func look(renewalPlace: Double, news: TenantNews? = nil) async throws -> NodeState {
        let (writer, journal) = (environment.writer, environment.journal)
        let now = environment.now()
        let pem = try await writer.read(KubeletFiles.clientCertificatePath)
        let finding = KubeletCertificate.judge(pem, node: node, authorityPEM: tenant.authorityPEM, now: now)
        let noted = try await journal.files()
        let records = noted.filter { $0.path != KubeletFiles.bootstrapKubeconfigPath }
        let files = writer.files
        let contents = try await writer.thread.run { try records.map { ($0, try files.read($0.path)) } }
        let identity = try await store.identity(node)
        var state = NodeState(
            now: now, kubeletCertificate: finding,
            hasKubeconfig: try await writer.thread.run { files.exists(KubeletFiles.kubeconfigPath) },
            missingFiles: contents.filter { $0.1 == nil }.map(\.0.path),
            changedFiles: contents.compactMap { record, content in
                content.flatMap { NodeWriter.sha256($0) == record.sha256 ? nil : record.path }
            },
            agentCertificate: identity?.certificate,
            renewal: identity.map { RenewalMoment.moment(of: $0.certificate, place: renewalPlace) })
        let hasBootstrap = try await writer.thread.run { files.exists(KubeletFiles.bootstrapKubeconfigPath) }
        state.holdsBootstrapToken = hasBootstrap && noted.count != records.count
        (state.news, state.authorityPEM, state.serverAhead) = (news, tenant.authorityPEM, news?.serverAhead)
        state.followedRestarts = try await journal.fact(Self.followedRestarts).flatMap(RestartWishes.init)
        state.isUpgradeUnfinished = UpgradeRecord(try await journal.fact(UpgradeRecord.fact)) != nil
        let authorities = (try? Certificate.chain(pem: tenant.authorityPEM)) ?? []
        if let identity { state.agentStanding = .init(of: identity.certificate, authorities) }
        if case .valid(let certificate) = finding { state.kubeletStanding = .init(of: certificate, authorities) }
        state.servingCertificate = try await writer.read(KubeletFiles.servingCertificatePath)
            .flatMap { try? Certificate(pem: $0) }
        state.servingStanding = state.servingCertificate.map { .init(of: $0, authorities) }
        state.authority = authorities.first
        if let identity {
            state.hasReturnCredential = try await store.hasCredential(identity)
        } else if let key = try? await store.storedKey() {
            state.hasReturnCredential = (try? await store.credential(node, key)) != nil
        }
        if let units = environment.units {
            state.kubelet = try await units.state(of: RepairPlan.kubeletUnit)
            if let unit = try await runtimeUnit() {
                state.runtimeUnit = unit
                state.runtime = try await units.state(of: unit)
            }
        }
        if let health = try await journal.fact("health")?.string {
            let response = try? await environment.transport.send(HTTPRequest("GET", health, timeout: .seconds(5)))
            state.isKubeletWell = response?.status == 200
        }
        return state
    }

    private static let followedRestarts = "followed-restarts"

    /// What was wished before anybody looked is none of this node's: its kubelet started later than that.
    package func takeNote(of wishes: RestartWishes) async throws {
        guard try await environment.journal.fact(Self.followedRestarts) == nil else { return }
        try await environment.journal.setFact(Self.followedRestarts, wishes.json)
    }

    /// By the socket that the kubelet was told.
    private func runtimeUnit() async throws -> String? {
        let text = try await environment.writer.read(KubeletFiles.instanceConfigurationPath)
        let socket = text.map { String(decoding: $0, as: UTF8.self) } ?? ""
        if socket.contains("/containerd/containerd.sock") { return "containerd.service" }
        if socket.contains("/crio/") { return "crio.service" }
        return nil
    }

    // MARK: Doing

    package func perform(_ action: RepairPlan.Action) async throws {
        switch action {
        case .startUnit(let unit, _): try await environment.units?.restart(unit)
        case .rewriteFiles(let paths): try await rewriteFiles(Set(paths))
        case .writeKubeconfig:
            try await writeKubeconfig()
            try await environment.units?.restart(RepairPlan.kubeletUnit)
        case .retireBootstrapToken: try await environment.writer.retire(KubeletFiles.bootstrapKubeconfigPath)
        case .takeAuthorities(let pem): try await takeAuthorities(pem)
        case .renewOfAuthority(let agent, let kubelet):
            let present = try Certificate.chain(pem: tenant.authorityPEM).first
            if agent { try await renewAgent(of: present) }
            if kubelet { try await renewKubelet(of: present) }
        case .renewServing:
            // A kubelet that starts without one asks for the next.
            try await environment.writer.removeOwn(KubeletFiles.servingCertificatePath)
            try await environment.units?.restart(RepairPlan.kubeletUnit)
        case .restartKubelet(let wishes):
            // Before it: a restart that ends this machine's power is not asked for a second time.
            try await environment.journal.setFact(Self.followedRestarts, wishes.json)
            try await environment.units?.restart(RepairPlan.kubeletUnit)
        case .renewAgent: try await renewAgent()
        case .comeBack: try await comeBack()
        case .renewKubelet: try await renewKubelet()
        }
    }

    /// Those of `paths` alone, from what the tenant said when it was joined: a node that is cut off mends itself too.
    private func rewriteFiles(_ paths: Set<String>) async throws {
        guard let settings = try await environment.journal.fact("configuration").flatMap(TenantConfiguration.init),
            let former = try await environment.journal.fact("join"),
            let configuration = JoinConfiguration(resuming: former, token: nil)
        else { throw RepairError(description: "the journal does not say what the files held: \"kamaji-agent join\"") }
        let run = JoinRun(environment, configuration) { _ in }
        let written = try await run.writeFiles(tenant, settings, only: paths)
        // What a join would write no more, as a drop-in that a package has brought meanwhile, is missing no more.
        for path in paths.subtracting(written.value) {
            guard try await environment.journal.files().contains(where: { $0.path == path && $0.prior == nil }) else {
                continue
            }
            try await environment.journal.forget(file: path)
        }
        guard !written.wasThere else { return }
        try await environment.units?.reload()
        try await environment.units?.restart(RepairPlan.kubeletUnit)
    }

    /// Everything that names the tenant's authorities names these from now on. What is noted of the tenant is changed
    /// last: until then this is done anew.
    private func takeAuthorities(_ pem: [UInt8]) async throws {
        let (writer, journal) = (environment.writer, environment.journal)
        let path = try await journal.fact("join")?["authorityPath"]?.string ?? JoinConfiguration.defaultAuthorityPath
        try await writer.put(KubeletFiles.authorities(pem, path: path))
        if let file = try await with(pem, KubeletFiles.bootstrapKubeconfigPath) { try await writer.put(file) }
        // The kubelet's own, which the journal does not know.
        if let file = try await with(pem, KubeletFiles.kubeconfigPath) { try await writer.putOwn(file) }
        try await writer.putOwn(NodeFile(AgentFiles.authorities, mode: 0o644, pem))
        // It reads its kubeconfig when it starts, and only then.
        var failure: (any Error)?
        do {
            try await environment.units?.restart(RepairPlan.kubeletUnit)
        } catch {
            failure = error
        }
        try await journal.setFact("tenant", JoinedTenant(server: tenant.server, authorityPEM: pem).json)
        if let failure { throw failure }
    }

    /// The kubeconfig of that path with other authorities; nil when there is none.
    private func with(_ pem: [UInt8], _ path: String) async throws -> NodeFile? {
        guard let content = try await environment.writer.read(path) else { return nil }
        guard let text = KubeletFiles.kubeconfig(String(decoding: content, as: UTF8.self), trusting: pem) else {
            throw RepairError(description: "\(path) is no kubeconfig any more: \"kamaji-agent join\" puts it right")
        }
        return NodeFile(path, mode: 0o600, text)
    }

    private func agentClient(_ identity: AgentIdentity) -> KubeClient {
        environment.client(
            identity.connection(tenant.server, authorityPEM: tenant.authorityPEM, proxies: environment.proxies))
    }

    /// With the same key: the tenant knows the machine by it, and the credential is sealed with it.
    ///
    /// - Parameter authority: whose certificate it has to be; nil takes any.
    private func renewAgent(of authority: Certificate? = nil) async throws {
        guard let identity = try await store.identity(node) else {
            throw RepairError(description: "the agent's certificate is gone")
        }
        let certificate = try await AgentEnrolment(client: agentClient(identity), pacing: environment.pacing)
            .certificate(for: node, key: identity.key, within: .seconds(120))
        try Self.require(certificate, of: authority)
        try await store.keep(certificate, authorityPEM: tenant.authorityPEM)
    }

    private static func require(_ certificate: Certificate, of authority: Certificate?) throws {
        guard let authority, !certificate.isIssued(by: authority) else { return }
        throw RepairError(
            description:
                "the tenant still signs with \(certificate.issuerCommonName), and not with the authority that it "
                + "names first")
    }

    private func comeBack() async throws {
        guard let key = try await store.storedKey() else {
            throw RepairError(description: "the agent's key is gone: \"kamaji-agent join\" with a new token")
        }
        guard let token = try await store.credential(node, key) else {
            throw RepairError(description: "there is no credential to come back with")
        }
        let client = environment.client(tenant.connection(token, environment.proxies))
        let certificate = try await AgentEnrolment(client: client, pacing: environment.pacing)
            .certificate(for: node, key: key, within: .seconds(120))
        try await store.keep(certificate, authorityPEM: tenant.authorityPEM)
    }

    private func writeKubeconfig() async throws {
        try await environment.writer.put(
            KubeletFiles.kubeconfig(server: tenant.server, authorityPEM: tenant.authorityPEM))
        // Written by the kubelet itself otherwise: it is not for a reset to treat it as ours alone.
        try await environment.journal.forget(file: KubeletFiles.kubeconfigPath)
    }

    private func renewKubelet(of authority: Certificate? = nil) async throws {
        try await fetchKubeletCertificate(of: authority)
        try await environment.units?.restart(RepairPlan.kubeletUnit)
    }

    /// A certificate for the kubelet, asked for as the agent and put where kubelets keep theirs, with a kubeconfig that
    /// names it. A kubelet that runs has to be started anew with it.
    func fetchKubeletCertificate(of authority: Certificate? = nil) async throws {
        guard let identity = try await store.identity(node), identity.certificate.isValid(at: environment.now()) else {
            throw RepairError(description: "the agent has no valid certificate to ask with yet")
        }
        let key = try PrivateKey.generate(.ecdsaP256)
        let certificate = try await AgentEnrolment(client: agentClient(identity), pacing: environment.pacing)
            .kubeletCertificate(for: node, key: key, within: .seconds(120))
        try Self.require(certificate, of: authority)
        let writer = environment.writer
        let folder = HostFiles.folder(of: KubeletFiles.clientCertificatePath)
        let stamp = Timestamp.format(environment.now()).map { "T:".contains($0) ? "-" : $0 }.filter { $0 != "Z" }
        let name = "kubelet-client-\(String(stamp)).pem"
        let files = writer.files
        try await writer.folder(folder, mode: 0o755)
        try await writer.thread.run {
            try files.write(NodeFile("\(folder)/\(name)", mode: 0o600, certificate.pem + key.pem))
            // By its name alone, so that it leads there whatever the root is called.
            try files.link(KubeletFiles.clientCertificatePath, to: name)
        }
        // With the restart that follows it asks for the next one, of the authority that has just shown that it signs.
        if let authority, let pem = try await writer.read(KubeletFiles.servingCertificatePath),
            let serving = try? Certificate(pem: pem), !serving.isIssued(by: authority)
        {
            try await writer.removeOwn(KubeletFiles.servingCertificatePath)
        }
        if !files.exists(KubeletFiles.kubeconfigPath) { try await writeKubeconfig() }
    }
}

package struct RepairError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}
