/// The tunnel as the daemon sees it: something that runs for as long as it is let, with a line about how it fares.
package protocol NodeTunnel: Sendable {
    /// Runs until it is cancelled. Losing its servers is no reason to return.
    func run() async throws
    /// For the status line: "tunnel 2/3".
    var statusLine: String { get }
}

/// Makes the tunnel once this machine has an identity.
package protocol NodeTunnelMaker: Sendable {
    /// Nil when the tenant has no tunnel.
    func tunnel(for node: NodeTunnelSettings) async throws -> (any NodeTunnel)?
}

/// What a tunnel needs to know of its node.
package struct NodeTunnelSettings: Sendable {
    package var nodeName: String
    /// `https://host:port` of the API.
    package var server: String
    package var authorityPEM: [UInt8]
    /// `host:port` of the tunnel's server; nil where the join string named none.
    package var endpoint: String?
    /// The agent as it is now, for requesting tokens; asked each time, for it is renewed.
    package var identity: @Sendable () async throws -> AgentIdentity?
}
