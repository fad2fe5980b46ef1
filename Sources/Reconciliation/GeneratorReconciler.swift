import Blueprint
import FoundationEssentials
import KubeClient
import KubeObjects
import Logging
import PKI
import TenantAPI

/// Keeps the Secrets of one KubeconfigGenerator: one for each tenant that its selectors match, in the tenant's
/// namespace, renewed ahead of its expiry and removed when the tenant is not meant any more.
package struct GeneratorReconciler: Sendable {
    let api: KubeClient
    let memory: GeneratorMemory
    let events: EventRecorder
    let renewBefore: Duration
    let now: @Sendable () -> Date
    let log: Logger

    /// Tenants that are served at once.
    static let concurrency = 8
    /// A tenant that the API server refused is tried again after this long.
    static let retryPeriod = Duration.seconds(30)

    package init(
        api: KubeClient, memory: GeneratorMemory, events: EventRecorder, renewBefore: Duration,
        now: @escaping @Sendable () -> Date, log: Logger
    ) {
        self.api = api
        self.memory = memory
        self.events = events
        self.renewBefore = renewBefore
        self.now = now
        self.log = log
    }

    package func reconcile(_ name: String) async throws -> WorkOutcome {
        let key = ObjectKey(namespace: nil, name: name)
        guard let object = try await api.find(.kubeconfigGenerators, key), !object.isBeingDeleted else {
            // What it made is the tenants', and stays with them.
            memory.forget(name)
            return .settled
        }
        memory.expect(name)
        let generator = try KubeconfigGenerator(object)
        if generator.isPaused { return .settled }

        var report = GenerationReport()
        var pass = Pass()
        do {
            let targets = try await targets(of: generator)
            report.resources = targets.count
            pass = try await serve(targets, generator)
            report.failures = pass.failures
        } catch let error as SelectorError {
            report.failures[name] = "a selector is invalid: \(error)"
        }
        try await publish(report, of: generator)
        tell(pass, report, generator)
        if pass.wantsRetry { return .again(after: Self.retryPeriod) }
        let next = min(pass.renewal ?? .distantFuture, now().addingTimeInterval(PassMemory.longest))
        return .again(after: .seconds(max(1, next.timeIntervalSince(now()))))
    }

    /// What one pass over all tenants came to.
    private struct Pass {
        var failures: [String: String] = [:]
        /// Whether a failure may pass by itself.
        var wantsRetry = false
        var issued: [String] = []
        var renewal: Date?

        mutating func note(_ date: Date) { renewal = renewal.map { min($0, date) } ?? date }
    }

    /// The tenants that are meant. One on its way out keeps what it has, and is given nothing.
    private func targets(of generator: KubeconfigGenerator) async throws -> [KubeObject] {
        let tenantSelector = try LabelSelector(generator.spec.tenantControlPlaneSelector)
        let namespaceSelector = try LabelSelector(generator.spec.namespaceSelector)
        let tenants = try await api.list(.tenantControlPlanes, namespace: nil, labelSelector: tenantSelector).items
        if namespaceSelector.isEverything { return tenants }
        let namespaces = try await api.list(
            .namespaces, namespace: nil, labelSelector: namespaceSelector, metadataOnly: true)
        let names = Set(namespaces.items.map(\.name))
        return tenants.filter { names.contains($0.namespace ?? "") }
    }

    private func serve(_ targets: [KubeObject], _ generator: KubeconfigGenerator) async throws -> Pass {
        let made = try await api.list(
            .secrets, namespace: nil, labelSelector: LabelSelector(equals: [Keys.managedBy: generator.name]),
            metadataOnly: true
        ).items
        let versions = Dictionary(made.map { ($0.key, $0.resourceVersion) }, uniquingKeysWith: { first, _ in first })
        let meant = Set(targets.map(\.key))
        memory.keep(generator.name, meant)

        var pass = Pass()
        var remaining = targets.filter { !$0.isBeingDeleted }[...]
        try await withThrowingTaskGroup(of: (ObjectKey, Outcome).self) { group in
            func addNext() {
                guard let tenant = remaining.popFirst() else { return }
                let version = versions[generator.secretKey(for: tenant.key)]
                group.addTask { (tenant.key, try await outcome(of: tenant, generator, version: version)) }
            }
            for _ in 0..<Self.concurrency { addNext() }
            while let (tenant, outcome) = try await group.next() {
                switch outcome {
                case .served(let renewal, let reason):
                    pass.note(renewal)
                    if let reason { pass.issued.append("\(tenant): \(reason)") }
                case .failed(let message, let mayPass):
                    pass.failures[tenant.description] = message
                    if mayPass { pass.wantsRetry = true }
                case .leftAlone: break
                }
                addNext()
            }
        }
        for secret in made { try await removeUnlessMeant(secret, meant, generator) }
        return pass
    }

    private enum Outcome: Sendable {
        /// The reason is there when something was written.
        case served(renewal: Date, reason: String?)
        case failed(message: String, mayPass: Bool)
        case leftAlone
    }

    /// Serves one tenant; what goes wrong with it stays its own.
    private func outcome(
        of tenant: KubeObject, _ generator: KubeconfigGenerator, version: String?
    ) async throws -> Outcome {
        do {
            return try await serve(TenantControlPlane(tenant), generator, version: version)
        } catch let error as GenerationFailure {
            return .failed(message: error.description, mayPass: false)
        } catch let error as InvalidObject {
            return .failed(message: error.description, mayPass: false)
        } catch let error as KubeError {
            return .failed(message: error.description, mayPass: true)
        }
    }

    private func serve(
        _ tenant: TenantControlPlane, _ generator: KubeconfigGenerator, version: String?
    ) async throws -> Outcome {
        let subject = try generator.subject(in: tenant.object)
        let status = tenant.object["status"]
        guard let adminName = status?[path: "kubeconfig", "admin", "secretName"]?.string, !adminName.isEmpty,
            let authorityName = status?[path: "certificates", "ca", "secretName"]?.string, !authorityName.isEmpty
        else { throw GenerationFailure("the admin kubeconfig is not yet generated") }
        func inputs(_ version: String) -> GeneratorMemory.Inputs {
            GeneratorMemory.Inputs(
                generator: generator.object.generation, tenant: tenant.object.uid, subject: subject.hashValue,
                checksums: [
                    status?[path: "kubeconfig", "admin", "checksum"]?.string,
                    status?[path: "certificates", "ca", "checksum"]?.string,
                ], version: version)
        }
        if let version, let renewal = memory.renewal(generator.name, tenant.key, inputs(version)), renewal > now() {
            return .served(renewal: renewal, reason: nil)
        }

        let key = generator.secretKey(for: tenant.key)
        async let foundLive = api.find(.secrets, key)
        async let foundAdmin = api.find(.secrets, ObjectKey(namespace: tenant.namespace, name: adminName))
        async let foundAuthority = api.find(.secrets, ObjectKey(namespace: tenant.namespace, name: authorityName))
        guard let admin = try await foundAdmin, let signer = try await foundAuthority else {
            throw GenerationFailure("the tenant's Secrets \(adminName) and \(authorityName) are not both there")
        }
        let live = try await foundLive
        if let live {
            try generator.claim(live, for: tenant.key)
            if live.annotations[Keys.paused] != nil { return .leftAlone }
        }
        let template = try generator.template(in: admin)
        let authority = try generator.authority(in: signer)
        let judge = CredentialJudge(now: now(), renewBefore: renewBefore)

        let kubeconfig: Kubeconfig
        let renewal: Date
        var reason: String?
        switch generator.decide(live, subject, template: template, authority: authority.certificate, judge: judge) {
        case .keep(let date):
            // Labels and owner may still have been changed.
            guard let live else { return .leftAlone }
            let text = String(decoding: live.secretData["value"] ?? [], as: UTF8.self)
            (kubeconfig, renewal) = (try Kubeconfig(yaml: text), date)
        case .rewrite(let rewritten, let date, let why):
            (kubeconfig, renewal, reason) = (rewritten, date, why)
        case .issue(let subject, let why):
            (kubeconfig, renewal) = try generator.issue(
                subject, template: template, authority: authority, algorithm: tenant.keyAlgorithm, judge: judge)
            reason = why
        }
        let wanted = generator.secret(for: tenant, kubeconfig)
        let written = try await apply(wanted, over: live)
        memory.record(generator.name, tenant.key, inputs(written.resourceVersion), renewal: renewal)
        if let reason {
            log.info(
                "kubeconfig generated",
                metadata: [
                    "generator": "\(generator.name)", "tenant": "\(tenant.key)", "secret": "\(key.name)",
                    "reason": "\(reason)",
                ])
        }
        return .served(renewal: renewal, reason: reason)
    }

    private func apply(_ wanted: KubeObject, over live: KubeObject?) async throws -> KubeObject {
        var object = wanted
        if let live {
            if live.asksForRotation {
                object.annotations[Keys.rotate] = Timestamp.format(now())
            } else if let rotated = live.annotations[Keys.rotate] {
                object.annotations[Keys.rotate] = rotated
            }
            if live.isAsWanted(object) { return live }
        }
        return try await api.apply(object, .secrets)
    }

    /// A kubeconfig of a tenant that is not meant any more would open it for as long as its certificate lives.
    private func removeUnlessMeant(
        _ secret: KubeObject, _ meant: Set<ObjectKey>, _ generator: KubeconfigGenerator
    ) async throws {
        guard let name = secret.labels[Keys.managedFor] else { return }
        let tenant = ObjectKey(namespace: secret.namespace, name: name)
        // Its name and owner say that it was made here, and not only labelled so.
        guard !meant.contains(tenant), secret.key == generator.secretKey(for: tenant),
            secret.annotations[Keys.paused] == nil,
            secret.ownerReferences.contains(where: {
                $0.kind == ResourceType.tenantControlPlanes.kind && $0.name == name
            })
        else { return }
        try await api.delete(.secrets, secret.key, uid: secret.uid)
        log.info(
            "kubeconfig removed",
            metadata: ["generator": "\(generator.name)", "tenant": "\(tenant)", "secret": "\(secret.name)"])
    }

    private func publish(_ report: GenerationReport, of generator: KubeconfigGenerator) async throws {
        let status = report.status(generation: generator.object.generation)
        guard status != generator.object["status"] else { return }
        var object = ResourceType.kubeconfigGenerators.object(ObjectKey(namespace: nil, name: generator.name))
        object[path: "metadata", "uid"] = .string(generator.object.uid)
        object["status"] = status
        do {
            _ = try await api.apply(object, .kubeconfigGenerators, subresource: "status")
        } catch let error as KubeError where error.isNotFound || error.isConflict {
            // It is gone, or another took its name; its watch says so.
            return
        }
    }

    private func tell(_ pass: Pass, _ report: GenerationReport, _ generator: KubeconfigGenerator) {
        if !pass.issued.isEmpty {
            events.record(
                .normal, on: generator.object, reason: "KubeconfigsGenerated", action: "Generate",
                note: pass.issued.sorted().joined(separator: "; "))
        }
        if !report.failures.isEmpty {
            let failures = report.failures.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            events.record(
                .warning, on: generator.object, reason: "KubeconfigsMissing", action: "Generate",
                note: failures.joined(separator: "; "))
        }
    }
}
