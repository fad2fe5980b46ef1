import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI
import Systemd

/// The phases that change this machine.
extension JoinRun {
    /// Folders in which the kubelet makes files of its own.
    static let territories = [
        "/etc/kubernetes", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers", "/usr/libexec/kubernetes",
        "/var/log/kubernetes",
    ]

    // MARK: Files

    /// - Parameters:
    ///   - credential: what the kubelet asks for its certificate with; nil when it has one, or nothing is left.
    ///   - only: the paths that may be written; nil is all.
    /// - Returns: the paths of the files that belong there, whether they were written or not.
    func writeFiles(
        _ tenant: JoinedTenant, _ settings: TenantConfiguration, _ credential: BootstrapCredential? = nil,
        only: Set<String>? = nil
    ) async throws -> PhaseOutput<Set<String>> {
        try await noteTerritories()
        let (files, health) = try await intendedFiles(tenant, settings, credential)
        try await writer.folder("/etc/kubernetes", mode: 0o755)
        try await writer.folder("/var/lib/kubelet", mode: 0o700)
        try await writer.folder(KubeletFiles.manifestsPath, mode: 0o755)
        var changed = 0
        for file in files where only?.contains(file.path) != false {
            if try await writer.put(file) { changed += 1 }
        }
        try await journal.setFact("health", health.map { .string($0) } ?? .null)
        let line = changed == 0 ? "all \(files.count) are as they should be" : "\(changed) of \(files.count) written"
        return PhaseOutput(
            value: Set(files.map(\.path)), line: line, json: ["changed": JSON(changed)], wasThere: changed == 0)
    }

    /// The files that a kubelet starts from, as they should be, in the order they are to be written; and where it will
    /// answer whether it is well.
    func intendedFiles(
        _ tenant: JoinedTenant, _ settings: TenantConfiguration, _ credential: BootstrapCredential? = nil
    ) async throws -> (files: [NodeFile], health: String?) {
        let socket = try await runtimeSocket()
        let configured = try await kubeletConfiguration(settings, socket)
        for warning in configured.warnings { report(.warning(warning)) }
        var files = [
            KubeletFiles.authorities(tenant.authorityPEM, path: configuration.authorityPath),
            KubeletFiles.instanceConfiguration(criSocket: socket),
            KubeletFiles.configuration(configured.configuration),
            KubeletFiles.flags(
                KubeletFlags.arguments(
                    nodeName: configuration.nodeName.text, hostName: HostNetwork.hostName,
                    taints: configuration.taints, criSocket: settings.keepsSocketInFile ? nil : socket,
                    extra: configuration.kubeletExtraArguments)),
        ]
        var bootstrap: NodeFile?
        // A kubelet with a certificate has no use for a token.
        if let credential, try await !hasKubeletCertificate(tenant) {
            bootstrap = KubeletFiles.bootstrapKubeconfig(
                clusterName: settings.clusterName, server: tenant.server, authorityPEM: tenant.authorityPEM,
                credential: credential)
        }
        if environment.units != nil, let dropIn = try await missingDropIn() { files.append(dropIn) }
        // Last: with it a kubelet that is tried again and again has all that it needs.
        if let bootstrap { files.append(bootstrap) }
        return (files, KubeletConfigurationMerge.healthURL(configured.configuration))
    }

    private func noteTerritories() async throws {
        let known = Set(try await journal.territories().map(\.path))
        let files = writer.files
        for path in Self.territories where !known.contains(path) {
            let (existed, entries) = try await writer.thread.run { () throws -> (Bool, [String]) in
                (files.exists(path), try files.walk(path).map(\.path))
            }
            try writer.mark("note territory \(path)")
            try await journal.record(territory: path, existed: existed, bystanders: entries)
        }
    }

    func runtimeSocket() async throws -> String {
        if let socket = configuration.criSocket { return socket }
        let files = writer.files
        return try await writer.thread.run {
            try RuntimeSocket.choose(
                reachable: RuntimeSocket.candidates.filter {
                    HostNetwork.answers(unixSocket: files.place(RuntimeSocket.path(of: $0)))
                })
        }
    }

    func kubeletConfiguration(
        _ settings: TenantConfiguration, _ socket: String
    ) async throws -> KubeletConfigurationMerge {
        var usesResolved = false
        if let units = environment.units {
            usesResolved = (try? await units.state(of: "systemd-resolved.service").isRunning) ?? false
        }
        var merge = try KubeletConfigurationMerge(
            cluster: settings.kubelet, authorityPath: configuration.authorityPath,
            serviceSubnet: settings.serviceSubnet, dnsDomain: settings.dnsDomain, usesResolved: usesResolved)
        try merge.apply(try await patches(), criSocket: settings.keepsSocketInFile ? socket : nil)
        return merge
    }

    /// Nil where kubeadm's drop-in does the same.
    private func missingDropIn() async throws -> NodeFile? {
        let (files, programs) = (writer.files, environment.programs)
        let (hasKubeadms, kubelet) = try await writer.thread.run {
            (KubeletFiles.kubeadmDropInPaths.contains { files.exists($0) }, programs.find("kubelet"))
        }
        return hasKubeadms ? nil : KubeletFiles.dropIn(kubelet: kubelet ?? "/usr/bin/kubelet")
    }

    // MARK: Enrolment

    /// In the journal: that this machine is somebody to its tenant. A fact of its own, for every run does the phase anew and
    /// may fail in it.
    static let enrolled = "enrolled"

    func enrol(_ tenant: JoinedTenant, _ credential: BootstrapCredential?) async throws -> PhaseOutput<Void> {
        let node = configuration.nodeName
        let store = AgentStore(writer)
        let key = try await store.key()
        if let identity = try await store.identity(node), identity.certificate.isValid(at: environment.now()),
            try await isOf(tenant, identity.certificate)
        {
            try await storeCredential(store, tenant, identity)
            try await journal.setFact(Self.enrolled, true)
            return PhaseOutput(value: (), line: "agent certificate is there", wasThere: true)
        }
        // Without a token the node comes back with its own, as it does when it was off for long.
        let own = try? await store.credential(node, key)
        guard let credential = credential ?? own.map({ .token($0) }) else {
            throw JoinFailure(
                .enrolment, "a bootstrap token is needed once more: \"kamaji-manager token create\" makes one")
        }
        let client = environment.client(tenant.connection(credential, environment.proxies))
        let certificate = try await AgentEnrolment(client: client, pacing: environment.pacing).certificate(
            for: node, key: key, within: configuration.timeouts.tlsBootstrap
        ) { [report] why in report(.waiting(.enrolment, why)) }
        try await store.keep(certificate, authorityPEM: tenant.authorityPEM)
        let identity = AgentIdentity(node: node, key: key, certificate: certificate)
        try await storeCredential(store, tenant, identity)
        try await journal.setFact(Self.enrolled, true)
        return PhaseOutput(
            value: (), line: "\(node.agentUser), until \(Timestamp.format(certificate.notAfter))")
    }

    private func isOf(_ tenant: JoinedTenant, _ certificate: Certificate) async throws -> Bool {
        ((try? Certificate.chain(pem: tenant.authorityPEM)) ?? []).contains { certificate.isIssued(by: $0) }
    }

    /// What the node comes back with after a long time off. A tenant that gives none is told of, and joined all the same.
    private func storeCredential(_ store: AgentStore, _ tenant: JoinedTenant, _ identity: AgentIdentity) async throws {
        guard try await !store.hasCredential(identity) else { return }
        let client = environment.client(
            identity.connection(tenant.server, authorityPEM: tenant.authorityPEM, proxies: environment.proxies))
        // Rights follow approval, and the API server learns of them a moment later.
        let token = try await environment.pacing.poll(within: .seconds(10), every: .milliseconds(500)) {
            try await ReturnCredential.read(identity.node, client)
        }
        guard let token else {
            report(
                .warning(
                    "the tenant keeps no credential for this node's return: after "
                        + "\(CertificateRequest.lifetimeSeconds / 86_400) days off it needs a new token"))
            return
        }
        try await store.keep(token, identity)
    }

    // MARK: Kubelet

    static let kubeletUnit = "kubelet.service"

    func startKubelet(
        _ tenant: JoinedTenant, _ credential: BootstrapCredential?
    ) async throws -> PhaseOutput<Void> {
        let began = environment.now()
        let health = try await journal.fact("health")?.string
        let hasCertificate = try await hasKubeletCertificate(tenant)
        if !hasCertificate, credential == nil {
            // Nothing is left for the kubelet to ask with: the agent asks for it.
            try await NodeRepair(environment, tenant, configuration.nodeName).fetchKubeletCertificate()
        }
        if let units = environment.units {
            // One that runs with a certificate that has ended does so until it notices.
            if hasCertificate, try await isRunningAsWritten(units) {
                return PhaseOutput(value: (), line: "kubelet runs with these files", wasThere: true)
            }
            try await awaitTunnel()
            try await warnOfCgroups()
            try await start(units)
        } else if try await !answers(health) {
            try await warnOfCgroups()
            report(
                .waiting(
                    .kubeletStart,
                    "nobody starts services here: run kubelet --bootstrap-kubeconfig=\(KubeletFiles.bootstrapKubeconfigPath) "
                        + "--kubeconfig=\(KubeletFiles.kubeconfigPath) --config=\(KubeletFiles.configurationPath) and what "
                        + "\(KubeletFiles.flagsPath) says"))
        }
        try await awaitHealth(health, tenant, credential, since: began)
        let digest = try await writtenDigest()
        try await journal.setFact("started", .string(digest))
        return PhaseOutput(value: (), line: health.map { "kubelet is well (\($0))" } ?? "kubelet started")
    }

    /// The agent's daemon holds the tunnel as soon as there is an enrolment: where it runs, a node is reached from its
    /// kubelet's first moment. A tunnel that leads nowhere does not keep the node from working.
    private func awaitTunnel() async throws {
        guard !configuration.tunnels.isEmpty else { return }
        var request = HTTPRequest("GET", "http://localhost/status", timeout: .seconds(2))
        request.unixSocket = writer.files.place(StandingListener.path)
        let transport = environment.transport
        var isTold = false
        _ = try await environment.pacing.poll(within: .seconds(5), every: .milliseconds(200)) { () -> Bool? in
            guard let answer = try? await transport.send(request), let standing = try? JSON(parsing: answer.body)
            else { return false }
            if standing[path: "tunnel", "connected"]?.bool == true { return true }
            if !isTold { report(.waiting(.kubeletStart, "the tunnel to the tenant is not up yet")) }
            isTold = true
            return nil
        }
    }

    /// Of the files that the kubelet reads at its start alone.
    func writtenDigest() async throws -> String {
        let startFiles = [KubeletFiles.configurationPath, KubeletFiles.flagsPath, KubeletFiles.dropInPath]
        let records = try await journal.files().filter { startFiles.contains($0.path) }
        return NodeWriter.sha256(Array(records.map(\.sha256).joined(separator: " ").utf8))
    }

    private func isRunningAsWritten(_ units: any UnitControl) async throws -> Bool {
        let started = try await journal.fact("started")?.string
        guard let started, try await writtenDigest() == started else { return false }
        return try await units.state(of: Self.kubeletUnit).isRunning
    }

    private func start(_ units: any UnitControl) async throws {
        let state = try await units.state(of: Self.kubeletUnit)
        guard state.isInstalled else {
            throw JoinFailure(.kubeletStart, "there is no kubelet.service: install the kubelet package")
        }
        guard !state.isMasked else {
            throw JoinFailure(.kubeletStart, "kubelet.service is masked: \"systemctl unmask kubelet\" if that is over")
        }
        try await journal.record(
            UnitRecord(name: Self.kubeletUnit, wasEnabled: state.isEnabled, wasRunning: state.isRunning))
        try writer.mark("reload units")
        try await units.reload()
        if !state.isEnabled {
            try writer.mark("enable kubelet")
            try await units.setEnabled(true, Self.kubeletUnit)
        }
        try writer.mark("start kubelet")
        try await units.restart(Self.kubeletUnit)
    }

    /// Whoever ignores a check's error is told once more where it is certain what comes of it.
    private func warnOfCgroups() async throws {
        guard let refusal = try await gathering.cgroupRefusal() else { return }
        report(.warning("\(refusal.finding). \(refusal.remedy)"))
    }

    private func answers(_ url: String?) async throws -> Bool {
        guard let url else { return true }
        let response = try? await environment.transport.send(HTTPRequest("GET", url, timeout: .seconds(2)))
        return response?.status == 200
    }

    private func awaitHealth(
        _ url: String?, _ tenant: JoinedTenant, _ credential: BootstrapCredential?, since began: Date
    ) async throws {
        guard let url else { return }
        let limit = configuration.timeouts.kubeletHealthCheck
        let isWell: Bool? = try await environment.pacing.poll(within: limit, every: .milliseconds(100)) {
            if try await answers(url) { return true }
            if let state = try await environment.units?.state(of: Self.kubeletUnit), state.result != "success",
                !state.result.isEmpty, !state.isRunning
            {
                report(.waiting(.kubeletStart, "kubelet ended (\(state.result)) and is started again"))
            }
            return nil
        }
        guard isWell == true else {
            let log = await UnitLog(environment).appendix(of: Self.kubeletUnit, since: began)
            let cgroups = try await gathering.cgroupRefusal().map { "\($0.finding). \($0.remedy)" }
            let local = "\(cgroups ?? "\"journalctl -u kubelet\" says why")\(log)"
            let why = try await refusal(tenant, credential) ?? local
            throw JoinFailure(
                .kubeletStart, "the kubelet was not well within \(DurationText.text(limit)) (\(url)): \(why)")
        }
    }
}
