import Blueprint
import FoundationEssentials
import KubeClient
import KubeObjects
import Logging
import PKI
import TenantAPI

/// What the manager's flags say about tenants.
package struct TenantSettings: Sendable {
    /// `--datastore`: where tenants go that name none.
    package var defaultDatastore: String?
    package var blueprint = BlueprintSettings()
    /// `--certificate-expiration-deadline`.
    package var renewBefore: Duration = .seconds(24 * 3600)
    /// `--certificate-authority-overlap`: for how long an authority, or a key of service accounts, is trusted after
    /// another took its place.
    package var rootOverlap: Duration = .seconds(720 * 3600)
    /// Whether the admin cluster serves Gateway API's TLSRoute.
    package var servesTLSRoutes = false
    /// `--max-concurrent-tcp-reconciles`: what a tenant waits for is mostly the API server and the datastore.
    package var workers = 32
    /// `--max-starting-control-planes`; nil is one for each CPU of the admin cluster.
    package var startingLimit: Int?

    package init() {}
}

/// Moves one tenant control plane from what is observed to what its spec asks for, in one pass.
///
/// Safe to repeat and to interrupt at any `await`: the queue never runs one tenant twice at once, every write is
/// idempotent, and what was made but not stored is simply made again.
package struct TenantReconciler: Sendable {
    let api: KubeClient
    let versions: ManagedVersions
    let datastores: DatastoreRegistry
    let users: DatastoreUsers
    let events: EventRecorder
    let settings: TenantSettings
    let passes: PassMemory
    let provisions: ProvisionMemory
    let sessions: TenantSessions
    let starts: StartingQueue
    let gateways: GatewayRegistry
    /// Asks for a DataStore to be looked at, when who uses it changed.
    let datastoreChanged: @Sendable (String) -> Void
    let now: @Sendable () -> Date
    let log: Logger

    /// Between two looks at what the cluster is collecting.
    static let collectionPeriod = Duration.milliseconds(250)
    /// Between two tries at a new tenant's API, which is ready a moment before it has all it starts with.
    static let startPeriod = Duration.milliseconds(250)

    package enum Result: Sendable, Equatable {
        case settled
        case again(after: Duration)
    }

    func reconcile(_ key: ObjectKey) async throws -> Result {
        if let until = passes.settledUntil(key, at: now()), !versions.hasForeignWrites(key),
            !sessions.versions.hasForeignWrites(key)
        {
            return .again(after: .seconds(max(1, until.timeIntervalSince(now()))))
        }
        guard let object = try await api.find(.tenantControlPlanes, key) else {
            forget(key)
            return .settled
        }
        let tenant = try TenantControlPlane(object)
        acknowledge(tenant, version: object.resourceVersion)
        if tenant.isPaused {
            starts.leave(key, now: now())
            return .settled
        }
        for name in users.set(tenant.storageClaim(default: settings.defaultDatastore)) { datastoreChanged(name) }
        let pass = passes.begin(key)
        if object.isBeingDeleted {
            starts.leave(key, now: now())
            return try await teardown(tenant)
        }

        var progress = TenantProgress()
        var failure: (any Error)?
        var renewal: Date?
        var wait: Duration?
        do {
            renewal = try await advance(tenant, &progress)
        } catch is DatastorePending {
            // Its first look at the store wakes its tenants; until then what their status says still stands.
            return .settled
        } catch is LeftoversRemain {
            return .again(after: Self.collectionPeriod)
        } catch is InteriorPending {
            wait = Self.startPeriod
        } catch is StartQueued {
            // Its turn wakes it; this is for a place that was never given back.
            wait = .seconds(30)
        } catch let error as TenantFailure {
            progress.failure = (error.condition, error.reason, error.message)
            // Nothing here gets better by trying again at once; what it waits for wakes the tenant up.
            if error.isOurs { failure = error }
        } catch {
            progress.failure = (.controlPlaneAvailable, "ReconcileFailed", "\(error)")
            failure = error
        }
        if progress.failure != nil { starts.leave(key, now: now()) }
        let written = try await writeStatus(of: tenant, progress)
        tell(object, written, progress)
        if let failure { throw failure }
        // Somebody wrote between our reading and our writing, and the version we now know hides it.
        if written.asks(otherThan: object) { return .again(after: .zero) }
        if let wait { return .again(after: wait) }
        guard progress.failure == nil else { return .again(after: .seconds(30)) }
        if let wait = rotationWait(tenant, progress) { return .again(after: wait) }
        passes.settle(key, until: renewal ?? now().addingTimeInterval(PassMemory.longest), pass)
        guard let renewal else { return .settled }
        return .again(after: .seconds(max(1, renewal.timeIntervalSince(now()))))
    }

    private func forget(_ key: ObjectKey) {
        versions.forget(key)
        passes.forget(key)
        provisions.forget(key)
        sessions.forget(key)
        starts.leave(key, now: now())
        gateways.forget(key)
        for name in users.remove(key) { datastoreChanged(name) }
    }

    /// The pass itself. Returns when the first credential has to be renewed; nil while the address is awaited.
    private func advance(_ tenant: TenantControlPlane, _ progress: inout TenantProgress) async throws -> Date? {
        if let complaint = tenant.keyAlgorithmComplaint {
            throw TenantFailure(.certificatesValid, "InvalidKeyAlgorithm", complaint)
        }
        if let complaint = tenant.complaints.first {
            throw TenantFailure(.controlPlaneAvailable, complaint.reason, complaint.message)
        }
        if tenant.spec.controlPlane.gateway != nil, !settings.servesTLSRoutes {
            throw TenantFailure(
                .controlPlaneAvailable, "GatewayAPIMissing",
                "spec.controlPlane.gateway needs TLSRoute of gateway.networking.k8s.io, which this cluster does not "
                    + "serve: install Gateway API, then restart the manager")
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
            replicasAreForeign: observation.replicasAreForeign, servesTLSRoutes: settings.servesTLSRoutes)

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

    private func resolveDatastore(of tenant: TenantControlPlane) throws -> ResolvedDatastore {
        guard let name = tenant.spec.dataStore ?? settings.defaultDatastore, !name.isEmpty else {
            throw TenantFailure(
                .datastoreReady, "NoDataStore",
                "spec.dataStore is empty and the manager has no --datastore: name a DataStore in spec.dataStore")
        }
        if let recorded = tenant.object[path: "status", "storage", "dataStoreName"]?.string, !recorded.isEmpty,
            recorded != name
        {
            // Anything else would start the tenant anew on an empty store and lose sight of its data.
            throw TenantFailure(
                .datastoreReady, "MigrationUnavailable",
                "spec.dataStore asks for \"\(name)\", but the tenant's data is in \"\(recorded)\" and this version moves "
                    + "no data: set it back to \"\(recorded)\"; the tenant runs on meanwhile")
        }
        var overrides: [String] = []
        for entry in tenant.spec.dataStoreOverrides {
            let store = try resolve(entry.dataStore, field: "spec.dataStoreOverrides")
            guard store.facts.driver == .etcd else {
                throw TenantFailure(
                    .datastoreReady, "OverrideNotEtcd",
                    "spec.dataStoreOverrides names DataStore \"\(entry.dataStore)\", whose driver is "
                        + "\(store.facts.driver.rawValue): only etcd can take single resources")
            }
            let endpoints = store.facts.endpoints.map { "https://\($0)" }.joined(separator: ";")
            overrides.append("\(entry.resource)#\(endpoints)")
        }
        let store = try resolve(name, field: tenant.spec.dataStore.map { _ in "spec.dataStore" })
        var facts = store.facts
        facts.overrides = overrides
        var resolved = ResolvedDatastore(facts: facts, authority: store.authority, driver: store.driver)
        resolved.appearance = store.appearance
        return resolved
    }

    /// The stores that single resources of the tenant go to: it needs its user and its right there too.
    func overrideDatastores(of tenant: TenantControlPlane) throws -> [ResolvedDatastore] {
        let names = Set(tenant.spec.dataStoreOverrides.map(\.dataStore))
        return try names.sorted().map { try resolve($0, field: "spec.dataStoreOverrides") }
    }

    /// - Parameter field: what of the tenant names it; nil when the manager's default does.
    private func resolve(_ name: String, field: String?) throws -> ResolvedDatastore {
        switch datastores.state(of: name) {
        case .ready(let store): return store
        case .pending: throw DatastorePending()
        case .notReady(let reason, let message):
            throw TenantFailure(.datastoreReady, reason, "DataStore \"\(name)\" is not ready: \(message)")
        case nil:
            throw TenantFailure(
                .datastoreReady, "DataStoreNotFound",
                field.map { "\($0) names DataStore \"\(name)\", which does not exist: create it, or name another" }
                    ?? "the manager's default DataStore \"\(name)\" does not exist: create it, or name one in "
                    + "spec.dataStore")
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

extension KubeObject {
    /// Whether a user asks for something else here than in `earlier`, the same object read before.
    fileprivate func asks(otherThan earlier: KubeObject) -> Bool {
        generation != earlier.generation || annotations != earlier.annotations
            || isBeingDeleted != earlier.isBeingDeleted
    }
}

/// A pass has to wait until the cluster has collected what an earlier tenant of this name left.
struct LeftoversRemain: Error {}

/// The control plane may not start yet, for others are starting.
struct StartQueued: Error {}

/// A pass has to wait for the first look at its DataStore.
struct DatastorePending: Error {}

/// Why a pass could not go on, in the words of a condition.
struct TenantFailure: Error, CustomStringConvertible {
    let condition: TenantCondition
    let reason: String
    let message: String
    /// Whether trying again soon may help, though nothing outside changed.
    let isOurs: Bool

    init(_ condition: TenantCondition, _ reason: String, _ message: String, isOurs: Bool = false) {
        self.condition = condition
        self.reason = reason
        self.message = message
        self.isOurs = isOurs
    }

    var description: String { message }
}
