import KubeObjects
import NodeIdentity

extension NodeTunnelSettings {
    /// Nil when this machine has not got so far in joining that it is somebody to its tenant.
    package static func read(_ journal: Journal) async throws -> NodeTunnelSettings? {
        guard let tenant = try await journal.fact("tenant").flatMap(JoinedTenant.init),
            let join = try await journal.fact("join"),
            try await journal.fact(JoinRun.enrolled)?.bool == true
        else { return nil }
        return NodeTunnelSettings(
            tenant: tenant, join: join, configuration: try await journal.fact("configuration"))
    }

    /// - Parameters:
    ///   - join: what was asked for, as `JoinConfiguration.json` writes it.
    ///   - configuration: what the tenant said, as `TenantConfiguration.json` writes it.
    init?(tenant: JoinedTenant, join: JSON, configuration: JSON?) {
        guard let join = JoinConfiguration(resuming: join, token: nil) else { return nil }
        self.init(
            node: join.nodeName, tenant: tenant, endpoints: join.tunnels, kubeletArguments: join.kubeletExtraArguments,
            configuration: configuration.flatMap(TenantConfiguration.init))
    }
}
