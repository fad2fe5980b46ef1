import KubeObjects
import Prometheus
import Synchronization

/// Everything that is known of the fleet, and the page that is written from it. Watches and probes bring what they see;
/// each change writes the lines of one object anew.
package final class FleetPicture: Sendable {
    package struct Settings: Sendable {
        /// Seconds before its end at which the manager renews a certificate.
        package var rotationDeadline: Double
        /// Whether upstream's names are served too.
        package var isCompatible: Bool
        /// Tenants that a DataStore is meant for where it names no number itself.
        package var tenantLimit: Int?

        package init(rotationDeadline: Double = 86_400, isCompatible: Bool = true, tenantLimit: Int? = nil) {
            self.rotationDeadline = rotationDeadline
            self.isCompatible = isCompatible
            self.tenantLimit = tenantLimit
        }
    }

    /// One tenant. Parts may be known before the tenant itself is.
    struct Tenant: Sendable {
        var facts: TenantFacts?
        var deployment: DeploymentFacts?
        var memory = TenantMemory()
        var holdings = CertificateHoldings()
        var probes = ProbeHistory()
        var tunnel = TunnelHistory()
        var inspections = InspectionHistory()
        var ledger = AvailabilityLedger()
        /// When its credentials have to be judged again.
        var nextTurn: Double?
        /// Whose storage series are on the page.
        var storage: StorageUse?
        /// Addresses of its pods, by their names.
        var pods: [String: String] = [:]

        var isEmpty: Bool { facts == nil && deployment == nil && holdings.isEmpty && pods.isEmpty }
    }

    /// What a tenant uses of a store, as it was last counted.
    struct StorageUse: Sendable, Hashable {
        let store: String
        let schema: String
    }

    struct Store: Sendable {
        var facts: StoreFacts?
        var history = StoreHistory()
        var stored: [HeldCertificate] = []

        /// PEM of those that vouch for it; empty while they are not known.
        var authorities: [UInt8] { stored.first { $0.name == "ca" }?.trustedPEM ?? [] }
    }

    struct State: Sendable {
        var tenants: [ObjectKey: Tenant] = [:]
        var stores: [String: Store] = [:]
        var generators: Set<String> = []
        var counters = FleetCounters()
        /// Whether any konnectivity server ever answered, so that one that does not is to blame for it: pods may be where
        /// nobody gets from here.
        var reachesServers = false
        /// While watches are listing for the first time nothing is written: each object would be written many times.
        var isWriting = false
        var rotationDeadline = 0.0
        /// From former runs, by uid, until their tenants are seen.
        var remembered: [String: RememberedTenant] = [:]
    }

    package let page: MetricPage
    package let settings: Settings

    let state = Mutex(State())
    let now: @Sendable () -> Double

    package init(_ page: MetricPage, settings: Settings, now: @escaping @Sendable () -> Double) {
        self.page = page
        self.settings = settings
        self.now = now
        state.withLock { $0.rotationDeadline = settings.rotationDeadline }
    }

    /// Takes effect with the next `turn`, for which every certificate is due then.
    package func apply(rotationDeadline: Double) {
        state.withLock { state in
            guard state.rotationDeadline != rotationDeadline else { return }
            state.rotationDeadline = rotationDeadline
            for (key, tenant) in state.tenants where tenant.nextTurn != nil { state.tenants[key]?.nextTurn = now() }
        }
    }

    /// Whether `beginWriting` was called.
    package var isWriting: Bool { state.withLock { $0.isWriting } }

    /// Writes everything that was seen so far, and from now on each change as it comes.
    package func beginWriting() {
        state.withLock { state in
            state.isWriting = true
            for key in state.tenants.keys { writeAll(key, &state) }
            for name in state.stores.keys { write(store: name, state) }
        }
    }

    // MARK: Tenants

    /// Takes in a TenantControlPlane; tells whether it is new, or changed in a way that should be probed at once.
    package func show(_ object: KubeObject) -> Bool {
        let facts = TenantFacts(object)
        return state.withLock { state in
            var tenant = state.tenants[facts.key] ?? Tenant()
            let before = tenant.facts
            if let before, before.uid != facts.uid {
                tenant.forget()
                // What nothing below writes anew.
                let object = Self.object(facts.key)
                page.replace([SampleSource(object, "storage"): nil, SampleSource(object, "service level"): nil])
            }
            if before?.uid != facts.uid, let remembered = state.remembered.removeValue(forKey: facts.uid) {
                tenant.ledger = AvailabilityLedger(restoring: remembered.hours)
                tenant.memory.restore(
                    uid: facts.uid, provisioning: remembered.provisioning, hasServed: tenant.ledger.hasServed,
                    now: now())
            }
            tenant.facts = facts
            if !facts.hasTunnel { tenant.tunnel = TunnelHistory() }
            if facts.tunnelEndpoint != before?.tunnelEndpoint { tenant.holdings.servedToAgents = nil }
            let events = tenant.memory.see(facts, tenant.deployment, now: now())
            state.counters.count(events, isFirstSight: before == nil && !state.isWriting)
            state.tenants[facts.key] = tenant
            // Its keys are somewhere else now: what was counted there is not its storage any more.
            if let use = tenant.storage, use != StorageUse(store: facts.datastore, schema: facts.schema) {
                forgetStorage(facts.key, &state)
            }
            if before != facts { writeAll(facts.key, &state) }
            return before?.endpoint != facts.endpoint || before?.phase != facts.phase
        }
    }

    package func removeTenant(_ key: ObjectKey) {
        state.withLock { state in
            state.tenants[key]?.facts = nil
            state.tenants[key]?.forget()
            state.drop(key)
            page.remove(objects: [Self.object(key)])
        }
    }

    package var tenantKeys: Set<ObjectKey> {
        state.withLock { state in Set(state.tenants.filter { $0.value.facts != nil }.keys) }
    }

    package func show(deployment: KubeObject, of key: ObjectKey, isGone: Bool = false) {
        state.withLock { state in
            state.tenants[key, default: Tenant()].deployment = isGone ? nil : DeploymentFacts(deployment)
            state.drop(key)
            writeObject(key, state)
        }
    }

    package func show(pod name: String, address: String?, of key: ObjectKey) {
        state.withLock { state in
            state.tenants[key, default: Tenant()].pods[name] = address
            state.drop(key)
        }
    }

    /// Takes in the public halves of a Secret; nil when it is gone.
    package func show(secret name: String, _ certificates: [HeldCertificate]?, of key: ObjectKey) {
        state.withLock { state in
            let replaced = state.tenants[key, default: Tenant()].holdings.set(secret: name, certificates)
            for name in replaced { state.counters.rotations[name, default: 0] += 1 }
            state.drop(key)
            writeCertificates(key, &state)
        }
    }

    /// Judges the credentials whose time has come.
    package func turn() {
        state.withLock { state in
            let now = now()
            for (key, tenant) in state.tenants {
                if let next = tenant.nextTurn, next <= now { writeCertificates(key, &state) }
            }
        }
    }

    // MARK: Writing

    static func object(_ key: ObjectKey) -> String { "tenant \(key)" }
    static func object(store name: String) -> String { "store \(name)" }

    private func writeAll(_ key: ObjectKey, _ state: inout State) {
        writeObject(key, state)
        writeCertificates(key, &state)
        guard state.isWriting, let tenant = state.tenants[key], let facts = tenant.facts else { return }
        page.set(SampleSource(Self.object(key), "probe"), tenant.probes.samples(facts))
        page.set(
            SampleSource(Self.object(key), "tunnel"), tenant.tunnel.samples(facts, isReached: state.reachesServers))
        page.set(SampleSource(Self.object(key), "inspection"), tenant.inspections.samples(facts))
    }

    func writeObject(_ key: ObjectKey, _ state: State) {
        guard state.isWriting, let tenant = state.tenants[key], let facts = tenant.facts else { return }
        let object = Self.object(key)
        page.set(
            SampleSource(object, "object"),
            TenantSamples.object(facts, tenant.deployment, tenant.memory, servedVersion: tenant.probes.version))
        if settings.isCompatible { page.set(SampleSource(object, "upstream"), TenantSamples.upstream(facts)) }
    }

    func writeCertificates(_ key: ObjectKey, _ state: inout State) {
        guard state.isWriting, var tenant = state.tenants[key], let facts = tenant.facts else { return }
        let (object, now) = (Self.object(key), now())
        tenant.holdings.datastoreAuthorities = state.stores[facts.datastore]?.authorities ?? []
        page.set(
            SampleSource(object, "certificates"), CertificateSamples.tenant(facts, &tenant.holdings, now: now))
        if settings.isCompatible {
            page.set(
                SampleSource(object, "upstream certificates"),
                CertificateSamples.upstream(
                    facts, &tenant.holdings, now: now, deadline: state.rotationDeadline))
        }
        tenant.nextTurn = tenant.holdings.nextTurn(after: now, deadline: state.rotationDeadline)
        state.tenants[key] = tenant
    }
}

extension FleetPicture.State {
    /// Lets go of a tenant of which nothing is left.
    mutating func drop(_ key: ObjectKey) {
        if tenants[key]?.isEmpty == true { tenants[key] = nil }
    }
}

extension FleetPicture.Tenant {
    /// What belonged to another tenant of the same name.
    mutating func forget() {
        memory = TenantMemory()
        probes = ProbeHistory()
        tunnel = TunnelHistory()
        inspections = InspectionHistory()
        ledger = AvailabilityLedger()
        (holdings.served, holdings.servedToAgents) = (nil, nil)
        storage = nil
    }
}
