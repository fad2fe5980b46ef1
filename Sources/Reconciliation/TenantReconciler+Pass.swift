import Blueprint
import FoundationEssentials
import KubeClient
import KubeObjects
import Logging
import PKI
import TenantAPI

extension TenantReconciler {
    /// The pass itself. Returns when the first credential has to be renewed; nil while the address is awaited.
    func advance(_ tenant: TenantControlPlane, _ progress: inout TenantProgress) async throws -> Date? {
        if let complaint = tenant.keyAlgorithmComplaint {
            throw TenantFailure(.certificatesValid, "InvalidKeyAlgorithm", complaint)
        }
        if let complaint = tenant.complaints.first {
            throw TenantFailure(.controlPlaneAvailable, complaint.reason, complaint.message)
        }
        if tenant.spec.controlPlane.gateway != nil, try await !gateways.lookForRoutes(api) {
            throw TenantFailure(
                .controlPlaneAvailable, "GatewayAPIMissing",
                "spec.controlPlane.gateway needs TLSRoute of gateway.networking.k8s.io, which this cluster does not "
                    + "serve: install Gateway API, or take the field away")
        }
        let store = try resolveDatastore(of: tenant)
        let further = try overrideDatastores(of: tenant)
        try admit(tenant, to: store)
        progress.facts = store.facts
        var observation = try await observe(tenant)
        let leftovers = observation.leftovers(beside: tenant)
        guard leftovers.isEmpty else {
            // Adopted, they would give their keys to a tenant of which their holders know nothing.
            for (type, object) in leftovers {
                try await api.removeFinalizers([Keys.datastoreSecretFinalizer], from: object, type)
                try await api.delete(type, object.key, uid: object.uid)
            }
            log.info("waiting for what an earlier tenant of this name left", metadata: ["tenant": "\(tenant.key)"])
            throw LeftoversRemain()
        }
        progress.deployment = observation.objects[.deployment]
        tellStrayWishes(tenant, observation)

        // The finalizer stands before anything of the tenant's is made where no owner reference reaches.
        async let held: Void = holdTenant(tenant)
        let liveService = observation.objects[.service]
        async let applied = apply(tenant.service(), to: tenant, live: liveService)
        let service: KubeObject
        do {
            service = try await applied
        } catch let error as KubeError {
            throw tenant.nodePortFailure(error) ?? error
        }
        try await held
        progress.service = service
        observation.objects[.service] = service

        guard case .known(let exposure) = tenant.exposure(of: service) else {
            if case .waiting(let reason, let message) = tenant.exposure(of: service) {
                progress.waiting = (reason, message)
            }
            return nil
        }
        progress.exposure = exposure

        let password =
            TenantControlPlane.keptPassword(in: observation.objects[.datastoreConfiguration])
            ?? UUID().uuidString.lowercased()
        async let provisioned: Void = provision(tenant, store, further, password: password)
        let reach = await rotationReach(of: tenant, exposure, store.facts, observation)
        let issued = try issueCredentials(of: tenant, exposure, store, observation, reach)
        progress.credentials = issued.credentials
        progress.rotations = issued.rotations
        progress.refusal = await upgradeRefusal(of: tenant, progress)
        // All but what the refusal is about goes on as the spec says.
        let current = try progress.refusal.map { try tenant.keeping(version: $0.keptVersion) } ?? tenant
        let objects = current.objects(
            exposure, store.facts, credentials: issued.credentials, password: password, settings: settings.blueprint,
            replicasAreForeign: observation.replicasAreForeign(asked: current.spec.controlPlane.deployment.replicas),
            servesTLSRoutes: gateways.servesRoutes)

        // Roots first: a leaf that is stored while its authority is not would have to be issued again.
        try await applyAll(
            objects.filter { $0.component.isRoot }.map { $0.marked(issued.marks[$0.component]) }, to: current,
            observation, into: &progress)
        let material = objects.filter { !$0.component.isRoot && $0.component != .deployment }
        try await applyAll(material, to: current, observation, into: &progress)
        let named = progress.routes.values.reduce(into: Set()) { $0.formUnion(AccessPoints.gateways(of: $1)) }
        progress.gateways = gateways.use(named, by: tenant.key)
        for (component, reason) in issued.issued {
            log.info(
                "credential issued",
                metadata: ["tenant": "\(tenant.key)", "component": "\(component.rawValue)", "reason": "\(reason)"])
        }
        tell(tenant, issued: issued.issued)
        tell(tenant, steps: issued.steps)
        do {
            try await provisioned
        } catch {
            throw TenantFailure(.datastoreReady, "ProvisioningFailed", "\(error)", isOurs: true)
        }
        progress.isProvisioned = true

        try joinLine(current, observation, &progress)
        // Last, for its pods start at once: their Secrets are there and their user is known to the store.
        try await applyAll(
            objects.filter { $0.component == .deployment }, to: current, observation, into: &progress)
        try await removeAbsent(current)
        try await reconcileInterior(current, &progress)
        let renewal = issued.nextRenewal ?? now().addingTimeInterval(PassMemory.longest)
        guard try await isStillRollingOut(current, &progress) else { return renewal }
        return min(renewal, now().addingTimeInterval(Self.rolloutPeriod))
    }

    /// Waits for the tenant's turn where it has pods to start and none yet.
    private func joinLine(
        _ tenant: TenantControlPlane, _ observation: TenantObservation, _ progress: inout TenantProgress
    ) throws(StartQueued) {
        switch tenant.start(beside: observation.objects[.deployment]) {
        case .none: starts.leave(tenant.key, now: now())
        case .underWay: starts.occupy(tenant.key, now: now())
        case .wanted:
            let born = tenant.object.creationTimestamp ?? ""
            guard case .wait(let before) = starts.ask(tenant.key, born: born, now: now()) else { return }
            progress.queued = before
            throw StartQueued()
        }
    }

    private func issueCredentials(
        of tenant: TenantControlPlane, _ exposure: Exposure, _ store: ResolvedDatastore,
        _ observation: TenantObservation, _ reach: RotationReach
    ) throws(TenantFailure) -> CredentialIssuer.Result {
        let issuer = CredentialIssuer(
            tenant: tenant, exposure: exposure, facts: store.facts, datastoreAuthority: store.authority,
            existing: observation.secrets,
            judge: CredentialJudge(now: now(), renewBefore: settings.renewBefore, overlap: settings.rootOverlap),
            reach: reach)
        do {
            return try issuer.issue()
        } catch {
            throw TenantFailure(.certificatesValid, "IssueFailed", "\(error)", isOurs: true)
        }
    }
}
