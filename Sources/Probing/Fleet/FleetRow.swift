import KubeObjects
import Synchronization

/// One tenant at a glance.
package struct FleetRow: Sendable, Hashable {
    package let key: ObjectKey
    package let phase: String
    package let version: String
    package let endpoint: String?
    package let datastore: String
    /// Nil where no probe has ended yet, or there is nobody to ask.
    package let isLive: Bool?
    package let isReady: Bool?
    package let failure: ProbeFailure?
    /// Seconds of the last probes, oldest first; nil where one was not answered well.
    package let latencies: [Double?]
    /// The earliest end of a leaf certificate, and of an authority.
    package let leafEnd: Double?
    package let authorityEnd: Double?
    package let problemCount: Int
    /// Agents on the server that has the fewest; nil where that is not known or not asked for.
    package let agents: Int?
    package let usesKonnectivity: Bool
    /// As the manager says, or as we found it.
    package let isTunnelBroken: Bool
    package let tunnelAddresses: [String: String]
}

extension FleetPicture {
    /// Every tenant, by namespace and name.
    package var rows: [FleetRow] {
        let (tenants, now) = (state.withLock { $0.tenants }, now())
        return tenants.sorted { $0.key < $1.key }.compactMap { key, tenant in
            tenant.facts.map { row(key, $0, tenant, now) }
        }
    }

    private func row(_ key: ObjectKey, _ facts: TenantFacts, _ tenant: Tenant, _ now: Double) -> FleetRow {
        var holdings = tenant.holdings
        let certificates = holdings.all.filter(\.hasCertificate)
        let ready = tenant.probes.last(.readyz)
        return FleetRow(
            key: key, phase: facts.phase,
            version: tenant.probes.version.isEmpty ? facts.specVersion : tenant.probes.version,
            endpoint: facts.endpoint, datastore: facts.datastore, isLive: tenant.probes.last(.livez)?.isSuccess,
            isReady: ready?.isSuccess, failure: ready?.failure ?? tenant.probes.last(.livez)?.failure,
            latencies: tenant.probes.latencies,
            leafEnd: certificates.filter { !$0.isAuthority }.map(\.notAfter).min(),
            authorityEnd: certificates.filter(\.isAuthority).map(\.notAfter).min(),
            problemCount: holdings.findings(facts, now: now).count, agents: tenant.tunnel.leastAgents.map { Int($0) },
            usesKonnectivity: facts.usesKonnectivity,
            isTunnelBroken: facts.isTunnelBroken
                || facts.hasTunnel && tenant.inspections.last.dial?.isAnswered == false,
            tunnelAddresses: facts.usesKonnectivity ? tenant.pods : [:])
    }
}
