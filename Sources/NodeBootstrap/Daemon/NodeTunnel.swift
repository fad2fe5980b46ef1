import FoundationEssentials
import Konnectivity
import KubeObjects
import NodeIdentity

/// The tunnel as the daemon sees it: something that runs for as long as it is let, and says how it fares.
package protocol NodeTunnel: Sendable {
    /// Runs until it is cancelled, and then lets what goes through it come to an end for a while. Losing its servers is
    /// no reason to return.
    func run() async throws
    /// Where it leads and how it fares.
    var standing: TunnelStanding { get async }
}

/// Makes the tunnel once this machine has an identity.
package protocol NodeTunnelMaker: Sendable {
    /// Whether there is anything that a tunnel could lead to.
    func leads(_ node: NodeTunnelSettings) -> Bool
    /// Nil when the tenant has no tunnel.
    func tunnel(for node: NodeTunnelSettings) async throws -> (any NodeTunnel)?
}

/// What a tunnel needs to know of its node.
package struct NodeTunnelSettings: Sendable {
    package var node: NodeName
    package var tenant: JoinedTenant
    /// Of the tunnel's servers; none where neither the join string nor `--tunnel` named one.
    package var endpoints: [JoinEndpoint] = []
    /// `KubeletFlags` that were asked for at the join.
    package var kubeletArguments: [KubeletArgument] = []
    /// What the tenant said when it was joined; nil when the journal does not say.
    package var configuration: TenantConfiguration?
}

/// Where the tunnel leads and how it fares, at one moment.
package struct TunnelStanding: Sendable {
    /// `host:port` of the servers.
    package var endpoint: String
    package var status: TunnelStatus
    /// What servers find the node by.
    package var identifiers: String = ""
    /// When the token in use ends; nil before there was one.
    package var tokenEnd: Date?
    /// Why the last attempt to get a token or to learn of the node failed; nil when it did not.
    package var trouble: String?

    package init(endpoint: String, status: TunnelStatus) {
        self.endpoint = endpoint
        self.status = status
    }

    /// For a status line: "tunnel 2/3".
    package var line: String {
        let connected = Set(status.links.filter { $0.state == .connected }.map { $0.serverID ?? "\($0.number)" }).count
        let line = "tunnel \(connected)/\(max(status.knownServers, connected))"
        guard !status.isConnected else { return line }
        return (trouble ?? status.lastError).map { "\(line) (\($0))" } ?? line
    }
}
