import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI

/// The phases that look and ask, and change nothing.
extension JoinRun {
    // MARK: Preflight

    func preflight() async throws -> PhaseOutput<Void> {
        try await refuseMissingPatches()
        if configuration.skippedPhases.contains(JoinPhase.preflight.rawValue) {
            return PhaseOutput(value: (), line: "skipped, as asked for", wasThere: true)
        }
        let results = configuration.judge(try await checks())
        for result in results where result.verdict != .ok { report(.check(result)) }
        let errors = results.filter { $0.verdict == .error }
        guard errors.isEmpty else {
            let diagnosis = Diagnosis(errors)
            throw JoinFailure(
                .preflight,
                "\(errors.count) check(s) fail: \(errors.map(\.name).joined(separator: ", ")). "
                    + (diagnosis?.text ?? "")
                    + " (--ignore-preflight-errors=NAME makes a warning of one)")
        }
        let warnings = results.filter { $0.verdict == .warning }.count
        return PhaseOutput(value: (), line: "\(results.count) checks, \(warnings) warning(s)")
    }

    var gathering: HostFactsGathering {
        HostFactsGathering(
            files: writer.files, thread: writer.thread, transport: environment.transport, units: environment.units,
            programs: environment.programs, proxies: environment.proxies, now: environment.now)
    }

    package func checks() async throws -> [CheckResult] {
        var endpoint: JoinEndpoint?
        if case .token(let token) = configuration.discovery { endpoint = token.endpoint }
        let traces = try await JoinTraces(journal)
        let subject = HostFactsGathering.Subject(
            nodeName: configuration.nodeName.text, criSocket: configuration.criSocket, endpoint: endpoint,
            writes: [
                KubeletFiles.kubeconfigPath, KubeletFiles.bootstrapKubeconfigPath, configuration.authorityPath,
            ], ours: traces.ours, isJoined: traces.hasWritten)
        let facts = try await gathering.gather(subject)
        return HostChecks.all(facts) + (facts.effectiveUser == 0 ? EdgeChecks.all(facts, .join) : [])
    }

    // MARK: Discovery

    /// In the journal: where the tenant was looked for, for whoever asks later why it was not found.
    static let soughtEndpoint = "endpoint"

    func noteEndpoint() async throws {
        switch configuration.discovery {
        case .resumed: return
        case .token(let discovery):
            try await journal.setFact(Self.soughtEndpoint, .string(discovery.endpoint.description))
        case .file(let place):
            // What is wrong with the file is said when the tenant is looked for by it.
            guard place.hasPrefix("/"), let content = try? await writer.read(place),
                let endpoint = try? ClusterInfo(kubeconfig: content).endpoint
            else { return }
            try await journal.setFact(Self.soughtEndpoint, .string(endpoint.description))
        }
    }

    /// - Returns: the tenant, and what this machine has to prove itself by to it; nil when nothing is left.
    func discover() async throws -> PhaseOutput<(JoinedTenant, BootstrapCredential?)> {
        let output = try await findTenant()
        if !output.wasThere {
            try writer.mark("note tenant")
            try await journal.setFact("tenant", output.json)
        }
        // Where its tunnel is may have been said anew.
        try await journal.setFact("join", configuration.json)
        return output
    }

    /// Finds and verifies it; notes nothing.
    func findTenant() async throws -> PhaseOutput<(JoinedTenant, BootstrapCredential?)> {
        let former = try await journal.fact("tenant").flatMap(JoinedTenant.init)
        let tenant: JoinedTenant
        var credential = configuration.bootstrapToken.map { BootstrapCredential.token($0) }
        var line = ""
        switch configuration.discovery {
        case .resumed:
            guard let former else {
                throw JoinFailure(.discovery, "the journal knows no tenant yet: say where to join and with what token")
            }
            if credential == nil { credential = try await leftCredential() }
            return PhaseOutput(
                value: (former, credential), line: "\(former.server), as found before", json: former.json,
                wasThere: true)
        case .token(let discovery):
            let transport = TenantDiscovery(
                transport: environment.transport, proxies: environment.proxies, pacing: environment.pacing
            ) { [report] error, end in
                report(.waiting(.discovery, "\(error.message). It is tried again until \(Timestamp.format(end))"))
            }
            let found = try await transport.find(
                discovery, within: configuration.timeouts.discovery, now: environment.now)
            try checkClock(found)
            tenant = JoinedTenant(server: found.info.server, authorityPEM: found.info.authorityPEM)
            line = discovery.pins.isEmpty ? "\(tenant.server), trusted unverified" : "\(tenant.server), pin verified"
            if let own = found.info.endpoint, own != discovery.endpoint {
                report(
                    .warning(
                        "the tenant calls itself \(own), and \(discovery.endpoint) was given: it goes on with its own word"
                    ))
            }
        case .file(let place):
            let text = try await discoveryFile(place)
            let folder = place.hasPrefix("/") ? HostFiles.folder(of: place) : "/"
            let info = try ClusterInfo(kubeconfig: Array(try await withAuthorities(text, folder, place).utf8))
            if credential == nil {
                credential = try await self.credential(of: text, in: folder)
            }
            guard credential != nil else {
                throw JoinFailure(
                    .discovery,
                    "the discovery file \(place) has no credentials of its own: give --tls-bootstrap-token too"
                )
            }
            tenant = JoinedTenant(server: info.server, authorityPEM: info.authorityPEM)
            line = "\(tenant.server), by \(place)"
        }
        if let former, !former.isSame(as: tenant) {
            throw JoinFailure(
                .discovery,
                "this machine belongs to \(former.server), which has another certificate authority than \(tenant.server): "
                    + "\"kamaji-agent reset\" first")
        }
        return PhaseOutput(value: (tenant, credential), line: line, json: tenant.json)
    }

    /// Of a kubeconfig; files that it names are this machine's.
    private func credential(of text: String, in folder: String) async throws -> BootstrapCredential? {
        let files = writer.files
        return try await writer.thread.run {
            try BootstrapCredential(Kubeconfig(yaml: text).resolvingFiles(against: folder)) { try files.read($0) }
        }
    }

    /// What an earlier run left for the kubelet.
    private func leftCredential() async throws -> BootstrapCredential? {
        let path = KubeletFiles.bootstrapKubeconfigPath
        guard let content = try await writer.read(path) else { return nil }
        return try? await credential(of: String(decoding: content, as: UTF8.self), in: HostFiles.folder(of: path))
    }

    /// Certificates start five minutes into the past; a clock that is further off makes every later step fail with
    /// something that does not say so.
    private func checkClock(_ found: TenantDiscovery.Found) throws {
        guard let ahead = found.serverAhead else { return }
        var facts = HostFacts()
        facts.now = environment.now()
        facts.serverAhead = ahead
        guard let result = configuration.judge(EdgeChecks.all(facts, .join)).first(where: { $0.name == "ClockSkew" })
        else {
            return
        }
        if result.verdict != .ok { report(.check(result)) }
        if result.verdict == .error { throw JoinFailure(.discovery, "\(result.finding). \(result.remedy)") }
    }

    private func discoveryFile(_ place: String) async throws -> String {
        if place.hasPrefix("https://") {
            return try await TenantDiscovery(
                transport: environment.transport, proxies: environment.proxies, pacing: environment.pacing
            ).fetchFile(place)
        }
        guard let content = try await writer.read(place) else {
            throw JoinFailure(.discovery, "there is no discovery file \(place)")
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// The content of a discovery file, with the authorities in it wherever it has them from.
    private func withAuthorities(_ text: String, _ folder: String, _ place: String) async throws -> String {
        let pem: [UInt8]
        switch try DiscoveryFileAuthorities(text, in: folder, place: place) {
        case .told: return text
        case .inFile(let path):
            guard let content = try await writer.read(path) else {
                throw JoinFailure(
                    .discovery,
                    "the discovery file \(place) names \(path) as certificate-authority, and there is no such file")
            }
            pem = content
        case .asked(let server):
            let discovery = TenantDiscovery(
                transport: environment.transport, proxies: environment.proxies, pacing: environment.pacing
            ) { [report] error, end in
                report(.waiting(.discovery, "\(error.message). It is tried again until \(Timestamp.format(end))"))
            }
            do {
                pem = try await discovery.authorities(
                    of: server, within: configuration.timeouts.discovery, now: environment.now)
            } catch let error as DiscoveryError {
                throw JoinFailure(
                    .discovery,
                    "the discovery file \(place) has no certificate-authority-data, and the tenant does not tell it: "
                        + "\(error.message). Write certificate-authority-data into the file")
            }
            report(
                .warning(
                    "the discovery file \(place) has no certificate-authority-data: \(server) was trusted as this "
                        + "machine trusts web servers, and told it"))
        }
        guard let complete = KubeletFiles.kubeconfig(text, trusting: pem) else {
            throw JoinFailure(.discovery, "the discovery file \(place) is no kubeconfig")
        }
        return complete
    }

    // MARK: Configuration

    func readConfiguration(
        _ tenant: JoinedTenant, _ credential: BootstrapCredential?
    ) async throws -> PhaseOutput<TenantConfiguration> {
        guard let credential else {
            guard let kept = try await journal.fact("configuration").flatMap(TenantConfiguration.init) else {
                throw JoinFailure(
                    .configuration, "a bootstrap token is needed once more: \"kamaji-manager token create\" makes one")
            }
            return PhaseOutput(value: kept, line: "cluster \(kept.clusterName), as read before", wasThere: true)
        }
        let client = environment.client(tenant.connection(credential, environment.proxies))
        do {
            let read = try await TenantConfiguration.read(client)
            try await refuseNamesake(client)
            try await journal.setFact("configuration", read.json)
            let version = read.serverVersion.map { ", Kubernetes \($0)" } ?? ""
            try await refuseVersion(read)
            return PhaseOutput(value: read, line: "cluster \(read.clusterName)\(version)")
        } catch {
            // A token lives for hours, a join that was interrupted may be gone on with later: what was read then, and
            // what was enrolled since, is enough.
            guard let kept = try await journal.fact("configuration").flatMap(TenantConfiguration.init),
                try await hasKubeletCertificate(tenant)
            else {
                // A token may end between two questions.
                guard (error as? KubeError)?.isUnauthorized == true else { throw error }
                throw TenantConfigurationError.tokenRefused
            }
            report(.warning("the tenant's configuration could not be read anew: \(error)"))
            return PhaseOutput(value: kept, line: "cluster \(kept.clusterName), as read before", wasThere: true)
        }
    }

    /// Preflight's check of the cgroup driver, made once it is known what the kubelet will be told, and before it is
    /// started.
    func refuseCgroupDriver(_ settings: TenantConfiguration) async throws {
        let socket = try await runtimeSocket()
        var facts = HostFacts()
        facts.kubeletCgroupDriver = try await kubeletConfiguration(settings, socket)
            .configuration["cgroupDriver"]?.string
        facts.runtime = await gathering.runtime(socket)
        guard let result = EdgeChecks.cgroupDriver(facts).flatMap({ configuration.judge([$0]).first }) else { return }
        if result.verdict != .ok { report(.check(result)) }
        guard result.verdict == .error else { return }
        throw JoinFailure(
            .files,
            "\(result.finding). \(result.remedy) (--ignore-preflight-errors=\(result.name) makes a warning of it)")
    }

    func refuseVersion(_ tenant: TenantConfiguration) async throws {
        let programs = environment.programs
        guard let server = tenant.serverVersion,
            let path = try await writer.thread.run({ programs.find("kubelet") }),
            let text = await environment.programs.output(path, ["--version"]).flatMap(KubeletVersion.parse),
            let kubelet = KubernetesVersion("v\(text)"),
            let complaint = KubeletVersion.complaint(kubelet: kubelet, server: server)
        else { return }
        guard configuration.ignores("KubeletVersion") else { throw JoinFailure(.configuration, complaint) }
        report(.warning(complaint))
    }

    /// A Ready node of this name is somebody else's machine, unless it is this one.
    func refuseNamesake(_ client: KubeClient) async throws {
        let name = configuration.nodeName
        guard let node = try await client.find(.nodes, ObjectKey(namespace: nil, name: name.text)), node.isReadyNode
        else { return }
        let machine = try await writer.read("/etc/machine-id").map { String(decoding: $0, as: UTF8.self) }
        let theirs = node[path: "status", "nodeInfo", "machineID"]?.string ?? ""
        if let machine = machine?.trimmingASCIISpace(), !machine.isEmpty, machine == theirs { return }
        if try await journal.phase(JoinPhase.registered.rawValue)?.state == .done { return }
        throw JoinFailure(
            .configuration,
            "a node \(name) is Ready in the tenant already, and it is another machine (machine id "
                + "\(theirs.isEmpty ? "unknown" : theirs)): choose another --node-name, or delete that Node first")
    }

    func hasKubeletCertificate(_ tenant: JoinedTenant) async throws -> Bool {
        let pem = try await writer.read(KubeletFiles.clientCertificatePath)
        if case .valid = KubeletCertificate.judge(
            pem, node: configuration.nodeName, authorityPEM: tenant.authorityPEM, now: environment.now())
        {
            return true
        }
        return false
    }
}

extension KubeObject {
    /// Of a Node: whether its kubelet says that it is fine.
    package var isReadyNode: Bool {
        (self[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
        }
    }
}
