import Sockets

/// Where the servers are, who this agent is, and how much it may hold. Defaults are fit for a node at the edge.
package struct TunnelConfiguration: Sendable, Hashable {
    /// Where to connect to: most often one address with a load balancer behind it. Several are tried in turn.
    package var servers: [HostPort]
    /// The name that servers' certificates must carry; nil wants the host that was connected to.
    package var serverName: String?
    /// An HTTP proxy through which servers are reached (CONNECT); nil connects straight.
    package var proxy: HostPort?
    /// The start of this agent's identity, best the node's name. Something random is added for each process and each
    /// connection: servers take two connections of one identity for one.
    package var agentName: String
    package var identifiers: AgentIdentifiers
    /// Connections to hold to each server. With two, dials that servers place at random go on when a client of the
    /// server's own lets one connection stand still.
    package var connectionsPerServer: Int = 1
    package var serverCountSource = ServerCountSource.default
    /// How often to look for servers that were added since all known ones were met.
    package var rediscovery = Duration.seconds(60)
    package var reconnect = ReconnectBackoff()
    /// Between two pings on an idle connection. Servers older than 2023 allow one in five minutes; when one of them
    /// complains, the pause is doubled.
    package var keepaliveInterval = Duration.seconds(30)
    /// On a connection in use: silence after which the server is asked whether it is there.
    package var silence = Duration.seconds(5)
    /// Within which a ping must be answered, and what was sent be acknowledged by the server's kernel.
    package var keepaliveTimeout = Duration.seconds(10)
    /// From the first byte to the server's answer with its headers. A load balancer without servers accepts and then
    /// says nothing.
    package var connectTimeout = Duration.seconds(15)
    /// For a dial on the node.
    package var dialTimeout = Duration.seconds(5)
    /// How long connections may go on after a graceful stop was asked for.
    package var drainTimeout = Duration.seconds(20)
    /// How long what was sent to a target may take to be read after the connection was closed.
    package var lingerTimeout = Duration.seconds(5)
    /// Connections to targets, dials under way included, for each connection to a server.
    package var maxConnections = 512
    /// Bytes that may wait for one target; a connection with more is reset.
    package var bufferPerConnection = 8 * 1024 * 1024
    /// Bytes that may wait for all targets, over all connections to servers and all tunnels of the process.
    package var bufferTotal = 32 * 1024 * 1024

    package init(servers: [HostPort], agentName: String, identifiers: AgentIdentifiers = AgentIdentifiers()) {
        self.servers = servers
        self.agentName = agentName
        self.identifiers = identifiers
    }

    /// Throws for what cannot work, and names it.
    func validate() throws(TunnelError) {
        guard !servers.isEmpty else {
            throw TunnelError(.invalidConfiguration, "no server: give at least one host:port to connect to")
        }
        guard !agentName.isEmpty, agentName.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw TunnelError(
                .invalidConfiguration, "agent name \"\(agentName)\": it travels in a header, so printable ASCII only")
        }
        let durations: [(String, Duration)] = [
            ("keepaliveInterval", keepaliveInterval), ("silence", silence), ("keepaliveTimeout", keepaliveTimeout),
            ("connectTimeout", connectTimeout), ("dialTimeout", dialTimeout), ("rediscovery", rediscovery),
            ("drainTimeout", drainTimeout), ("lingerTimeout", lingerTimeout),
            ("reconnect.initial", reconnect.initial), ("reconnect.cap", reconnect.cap),
        ]
        if let (name, value) = durations.first(where: { $0.1 <= .zero || $0.1 > .seconds(86_400) }) {
            throw TunnelError(
                .invalidConfiguration, "\(name) is \(value); it must be more than nothing, and a day at most")
        }
        guard connectionsPerServer <= 64 else {
            throw TunnelError(
                .invalidConfiguration, "connectionsPerServer is \(connectionsPerServer); 64 are more than enough")
        }
        let counts = [
            ("connectionsPerServer", connectionsPerServer), ("maxConnections", maxConnections),
            ("bufferPerConnection", bufferPerConnection), ("bufferTotal", bufferTotal),
        ]
        if let (name, value) = counts.first(where: { $0.1 < 1 }) {
            throw TunnelError(.invalidConfiguration, "\(name) is \(value); it must be at least 1")
        }
    }

    var linkPlan: LinkPlan.Settings {
        LinkPlan.Settings(
            linksPerServer: connectionsPerServer, source: serverCountSource, rediscovery: rediscovery,
            failures: reconnect)
    }

    var receiveLimits: ReceiveBudget.Limits {
        ReceiveBudget.Limits(
            comfortable: min(256 * 1024, bufferPerConnection / 2), perConnection: bufferPerConnection,
            total: bufferTotal)
    }
}

/// Whom to trust and who we are, for one connection. Descriptions say what is set, never what it is.
package struct TunnelCredentials: Sendable, Hashable {
    /// PEM: the authorities that servers' certificates must come from. Nil trusts what the system trusts.
    package var certificateAuthorities: [UInt8]?
    /// Sent as `authorization: Bearer`; white space around it does not count.
    package var token: String?
    /// PEM, leaf first; with `clientKey`, for servers that ask for a certificate.
    package var clientCertificate: [UInt8]?
    /// PEM.
    package var clientKey: [UInt8]?

    package init(
        certificateAuthorities: [UInt8]?, token: String? = nil, clientCertificate: [UInt8]? = nil,
        clientKey: [UInt8]? = nil
    ) {
        self.certificateAuthorities = certificateAuthorities
        self.token = token
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
    }
}

extension TunnelCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        "TunnelCredentials(ca: \(certificateAuthorities != nil), token: \(token != nil),"
            + " certificate: \(clientCertificate != nil))"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
