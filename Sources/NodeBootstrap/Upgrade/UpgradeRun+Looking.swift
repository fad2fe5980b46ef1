import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import Systemd

/// What an upgrade finds out, changing nothing.
extension UpgradeRun {
    /// The files that an upgrade makes anew. The others follow the tenant's authorities, which the daemon sees to.
    static let paths = [
        KubeletFiles.configurationPath, KubeletFiles.instanceConfigurationPath, KubeletFiles.flagsPath,
        KubeletFiles.dropInPath,
    ]

    /// - Throws: `UpgradeFailure` when the node cannot be upgraded by anybody.
    package func survey() async throws -> Survey {
        guard try await journal.phase(JoinPhase.registered.rawValue)?.state == .done,
            let tenant = try await journal.fact("tenant").flatMap(JoinedTenant.init),
            let former = try await journal.fact("join"),
            var configuration = JoinConfiguration(resuming: former, token: nil)
        else { throw UpgradeFailure(.look, "this machine has not joined to the end: \"kamaji-agent join\"") }
        // What the kubelet has now stays, whatever answers at this moment.
        if configuration.criSocket == nil { configuration.criSocket = try await presentSocket() }
        let node = configuration.nodeName
        let client = environment.client(try await kubeletConnection(tenant, node))
        let settings = try await TenantConfiguration.read(client, as: .kubelet)
        let object = try await client.find(.nodes, ObjectKey(namespace: nil, name: node.text))
        let record = UpgradeRecord(try await journal.fact(UpgradeRecord.fact))

        var facts = UpgradePlan.Facts()
        facts.server = settings.serverVersion
        facts.configured = try await journal.fact("configuration").flatMap(TenantConfiguration.init)?.serverVersion
        facts.installed = await installedVersion()
        facts.running = object?[path: "status", "nodeInfo", "kubeletVersion"]?.string.flatMap { KubernetesVersion($0) }
        facts.isCordoned = object?[path: "spec", "unschedulable"]?.bool ?? false
        facts.isUnfinished = record != nil
        if let units = environment.units { facts.unit = try await units.state(of: JoinRun.kubeletUnit) }
        let looking = JoinRun(environment, configuration) { [report] event in
            if case .warning(let text) = event { report(.warning(text)) }
        }
        (facts.changes, facts.edited) = try await differences(looking, tenant, settings)

        let plan = UpgradePlan(facts, drains: options.drains, hasCordoned: record?.hasCordoned ?? false)
        var survey = Survey(
            plan: plan, node: node, facts: facts, tenant: tenant, settings: settings,
            join: JoinRun(environment, configuration) { _ in }, object: object, record: record ?? UpgradeRecord())
        if plan.steps.contains(.drain) { survey.drain = try await drainPlan(survey) }
        return survey
    }

    private func presentSocket() async throws -> String? {
        try await writer.read(KubeletFiles.instanceConfigurationPath)
            .flatMap { try? YAML.parse(String(decoding: $0, as: UTF8.self)).first }?["containerRuntimeEndpoint"]?.string
    }

    func kubeletConnection(_ tenant: JoinedTenant, _ node: NodeName) async throws -> ClusterConnection {
        let pem = try await writer.read(KubeletFiles.clientCertificatePath)
        switch KubeletCertificate.judge(pem, node: node, authorityPEM: tenant.authorityPEM, now: environment.now()) {
        case .valid: return tenant.connection(certificateAndKey: pem ?? [], environment.proxies)
        case .missing:
            throw UpgradeFailure(.look, "the kubelet has no certificate to ask with: \"kamaji-agent doctor\"")
        case .wrong(let why): throw UpgradeFailure(.look, "\(why): \"kamaji-agent doctor\"")
        }
    }

    private func installedVersion() async -> KubernetesVersion? {
        let programs = environment.programs
        guard let path = try? await writer.thread.run({ programs.find("kubelet") }),
            let text = await environment.programs.output(path, ["--version"]).flatMap(KubeletVersion.parse)
        else { return nil }
        return KubernetesVersion("v\(text)")
    }

    /// Of the files that are made anew: those that are not as they should be, and those that are not as they were written.
    private func differences(
        _ join: JoinRun, _ tenant: JoinedTenant, _ settings: TenantConfiguration
    ) async throws -> (changes: [String], edited: [String]) {
        let intended = try await join.intendedFiles(tenant, settings).files.filter { Self.paths.contains($0.path) }
        let records = try await journal.files()
        let files = writer.files
        return try await writer.thread.run {
            var (changes, edited): ([String], [String]) = ([], [])
            for file in intended {
                let present = try files.read(file.path)
                let mode = try files.attributesFollowingLinks(file.path)?.mode
                guard present != file.content || mode != file.mode else { continue }
                changes.append(file.path)
                if let present, let record = records.first(where: { $0.path == file.path }),
                    NodeWriter.sha256(present) != record.sha256
                {
                    edited.append(file.path)
                }
            }
            return (changes, edited)
        }
    }
}
