import KubeObjects
import PKI
import Prometheus
import Synchronization

/// What probes bring.
extension FleetPicture {
    /// Whom to ask; nil where there is nobody to be asked: no address yet, or asleep.
    package func target(_ key: ObjectKey) -> ProbeTarget? {
        state.withLock { state in
            guard let tenant = state.tenants[key], let facts = tenant.facts, let endpoint = facts.endpoint,
                !facts.isAsleep
            else { return nil }
            return ProbeTarget(endpoint: endpoint, authorities: tenant.holdings.stored("ca")?.trustedPEM ?? [])
        }
    }

    /// Whether the API server last showed another certificate than is stored: it is looked at closely until it does not.
    package func showsAnother(_ key: ObjectKey) -> Bool { shows(key, another: \.served) }

    /// The same of its konnectivity server.
    package func showsAgentsAnother(_ key: ObjectKey) -> Bool { shows(key, another: \.servedToAgents) }

    private func shows(_ key: ObjectKey, another: (CertificateHoldings) -> HeldCertificate?) -> Bool {
        state.withLock { state in
            guard let holdings = state.tenants[key]?.holdings, let stored = holdings.stored("apiserver"),
                let served = another(holdings)
            else { return false }
            return stored.fingerprint != served.fingerprint
        }
    }

    /// - Parameter longestGap: seconds since the visit before, beyond which nobody watched.
    package func add(_ visit: ProbeVisit, of key: ObjectKey, longestGap: Double) {
        state.withLock { state in
            guard var tenant = state.tenants[key], let facts = tenant.facts else { return }
            let version = tenant.probes.version
            tenant.probes.add(visit, now: now())
            if let ready = visit.results.first(where: { $0.check == .readyz }) {
                tenant.ledger.add(isReady: ready.isSuccess, now: now(), longestGap: longestGap)
            }
            let isOther = visit.served != nil && visit.served?.fingerprint != tenant.holdings.served?.fingerprint
            if let served = visit.served { tenant.holdings.served = served }
            state.tenants[key] = tenant
            for result in visit.results { state.counters.probes[result.check]?.observe(result.duration) }
            guard state.isWriting else { return }
            page.set(SampleSource(Self.object(key), "probe"), tenant.probes.samples(facts))
            if tenant.probes.version != version { writeObject(key, state) }
            if isOther { writeCertificates(key, &state) }
        }
    }

    /// A tenant that is not asked any more has no last answer.
    package func endProbing(_ key: ObjectKey) {
        state.withLock { state in
            guard state.tenants[key]?.probes.isEmpty == false else { return }
            state.tenants[key]?.probes = ProbeHistory()
            state.tenants[key]?.holdings.served = nil
            writeCertificates(key, &state)
            page.set(SampleSource(Self.object(key), "probe"), SampleSet())
        }
    }

    /// Where its konnectivity servers are, how many there should be, and where agents reach them; nil where the addon is
    /// not asked for.
    package func tunnel(_ key: ObjectKey) -> (addresses: [String: String], expected: Int, endpoint: String?)? {
        state.withLock { state in
            guard let tenant = state.tenants[key], let facts = tenant.facts, facts.hasTunnel else { return nil }
            return (tenant.pods, Int(facts.desiredReplicas), facts.tunnelEndpoint)
        }
    }

    /// What a konnectivity server showed at the place where agents come.
    package func add(servedToAgents certificate: Certificate, at endpoint: String, of key: ObjectKey) {
        let served = HeldCertificate("konnectivity", .served, certificate)
        state.withLock { state in
            // It may have moved, or have fallen asleep, while it was asked.
            guard let tenant = state.tenants[key], tenant.facts?.tunnelEndpoint == endpoint,
                tenant.holdings.servedToAgents?.fingerprint != served.fingerprint
            else { return }
            state.tenants[key]?.holdings.servedToAgents = served
            writeCertificates(key, &state)
        }
    }

    package func add(_ reports: [String: TunnelServerReport], expected: Int, of key: ObjectKey) {
        state.withLock { state in
            // It may have fallen asleep while it was asked.
            guard var tenant = state.tenants[key], let facts = tenant.facts, facts.hasTunnel else { return }
            if !reports.isEmpty { state.reachesServers = true }
            tenant.tunnel.add(reports, among: Set(tenant.pods.keys), expected: expected)
            state.tenants[key] = tenant
            guard state.isWriting else { return }
            page.set(
                SampleSource(Self.object(key), "tunnel"),
                tenant.tunnel.samples(facts, isReached: state.reachesServers))
        }
    }

    /// Whose API to look into; nil where that cannot be: asleep, without an address, or before its kubeconfig is made.
    package func inspection(_ key: ObjectKey) -> InspectionTarget? {
        state.withLock { state in
            guard let facts = state.tenants[key]?.facts, let endpoint = facts.endpoint, !facts.isAsleep,
                let name = facts.namedSecrets["admin.conf"]
            else { return nil }
            return InspectionTarget(
                endpoint: endpoint, secret: ObjectKey(namespace: key.namespace, name: name),
                usesKonnectivity: facts.usesKonnectivity)
        }
    }

    /// - Parameter inspection: nil where the tenant is not asked any more.
    package func add(_ inspection: TenantInspection?, of key: ObjectKey) {
        state.withLock { state in
            guard var tenant = state.tenants[key], let facts = tenant.facts else { return }
            if let inspection { tenant.inspections.add(inspection) } else { tenant.inspections = InspectionHistory() }
            state.tenants[key] = tenant
            guard state.isWriting else { return }
            page.set(SampleSource(Self.object(key), "inspection"), tenant.inspections.samples(facts))
        }
    }

    /// How many of those that can be asked have been.
    package var coverage: (tenants: Int, probed: Int, stores: Int, asked: Int) {
        state.withLock { state in
            let tenants = state.tenants.values.lazy.filter {
                $0.facts.map { $0.endpoint != nil && !$0.isAsleep } ?? false
            }
            let stores = state.stores.values.lazy.filter { $0.facts.map { !$0.isLocal } ?? false }
            return (
                tenants.count, tenants.count { !$0.probes.isEmpty }, stores.count, stores.count { !$0.history.isEmpty }
            )
        }
    }

    /// The collectors that have anybody to ask.
    package var asked: Set<CollectorHealth.Collector> {
        state.withLock { state in
            var asked: Set<CollectorHealth.Collector> = []
            for facts in state.tenants.values.lazy.compactMap(\.facts) where !facts.isAsleep {
                if facts.endpoint != nil { asked.insert(.probe) }
                if facts.endpoint != nil, facts.namedSecrets["admin.conf"] != nil { asked.insert(.tenant) }
                if facts.usesKonnectivity { asked.insert(.konnectivity) }
            }
            for facts in state.stores.values.lazy.compactMap(\.facts) {
                if !facts.isLocal { asked.insert(.storeHealth) }
                if facts.isEtcd { asked.insert(.storageUsage) }
            }
            return asked
        }
    }
}
