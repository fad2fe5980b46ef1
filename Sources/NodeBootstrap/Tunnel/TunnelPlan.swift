import Konnectivity
import KubeObjects
import NodeIdentity
import Sockets

/// How this machine looks from within, as far as its tunnel asks.
package struct TunnelVantage: Sendable, Hashable {
    package var hostName: String
    /// Of its interfaces.
    package var addresses: [KubeObjects.IPAddress]
    /// Those that it speaks to its tenant from.
    package var sources: [KubeObjects.IPAddress]

    package init(hostName: String, addresses: [KubeObjects.IPAddress], sources: [KubeObjects.IPAddress]) {
        self.hostName = hostName
        self.addresses = addresses
        self.sources = sources
    }
}

/// Where the tunnel leads, as whom, and what may be dialled through it. What follows from the node and its tenant;
/// everything else keeps the tunnel's own defaults.
package struct TunnelPlan: Sendable, Hashable {
    package var configuration: TunnelConfiguration
    package var policy: DialPolicy

    /// Within which connections end when the agent stops. API servers keep theirs to kubelets open, so that it takes as
    /// long most times; the agent as a whole ends within `StopBound.limit`.
    static let drainTimeout = Duration.seconds(3)

    /// - Parameters:
    ///   - endpoints: of the tunnel's servers; at least one.
    ///   - wishes: the administrator's.
    ///   - node: as the tenant has it; nil before it is there, or while the tenant is not reached.
    ///   - proxy: the URL of an HTTP proxy that leads to the tenant's tunnel.
    package init(
        _ settings: NodeTunnelSettings, endpoints: [JoinEndpoint], wishes: AgentSettings.Tunnel = .init(),
        vantage: TunnelVantage, node: KubeObject?, proxy: String?
    ) throws(TunnelPlanError) {
        let own = Self.own(settings, vantage, node)
        let nodeNames = [settings.node.text] + Self.addresses(node, ["Hostname"])
        var identifiers = AgentIdentifiers(hosts: Self.distinct(nodeNames.map { $0.lowercased() }))
        identifiers.ipv4 = own.primary.filter(\.isIPv4).map(\.description)
        identifiers.ipv6 = own.primary.filter { !$0.isIPv4 }.map(\.description)
        // Checked when it was read: 1 to 65535.
        let servers = endpoints.map { HostPort(host: $0.host, port: UInt16(clamping: $0.port)) }
        configuration = TunnelConfiguration(
            servers: servers, agentName: settings.node.text, identifiers: identifiers)
        configuration.connectionsPerServer = wishes.connectionsPerServer
        configuration.drainTimeout = Self.drainTimeout
        if let proxy { configuration.proxy = try Self.proxy(proxy) }
        var names = Set(nodeNames + Self.addresses(node, ["InternalDNS", "ExternalDNS"]))
        if !vantage.hostName.isEmpty { names.insert(vantage.hostName) }
        policy = DialPolicy(
            nodeNames: names,
            nodeAddresses: own.all.compactMap { Sockets.IPAddress($0.description) },
            ranges: Self.ranges(settings.configuration, node) + wishes.allowed)
    }

    /// The machine's addresses, those first that the tenant's control plane dials it by: what the kubelet was told to
    /// use, else what it has registered, else what this machine speaks to its tenant from.
    private static func own(
        _ settings: NodeTunnelSettings, _ vantage: TunnelVantage, _ node: KubeObject?
    ) -> (primary: [KubeObjects.IPAddress], all: [KubeObjects.IPAddress]) {
        let told = settings.kubeletArguments.last { $0.name == "node-ip" }?.value.split(separator: ",") ?? []
        let candidates = [
            told.compactMap { KubeObjects.IPAddress(String($0)) },
            addresses(node, ["InternalIP", "ExternalIP"]).compactMap { KubeObjects.IPAddress($0) },
            vantage.sources,
        ]
        // What a tenant writes into a Node does not make an address this machine's.
        let primary = candidates.map { $0.filter(vantage.addresses.contains) }.first { !$0.isEmpty } ?? []
        return (primary, distinct(primary + vantage.addresses))
    }

    private static func addresses(_ node: KubeObject?, _ types: Set<String>) -> [String] {
        (node?[path: "status", "addresses"]?.array ?? []).filter { types.contains($0["type"]?.string ?? "") }
            .compactMap { $0["address"]?.string }.filter { !$0.isEmpty }
    }

    /// Pods and services. A range so wide that it holds half of what there is names no cluster, and is left out.
    private static func ranges(_ configuration: TenantConfiguration?, _ node: KubeObject?) -> [AddressRange] {
        var texts = [configuration?.podSubnet, configuration?.serviceSubnet, configuration?.kubelet["podCIDR"]?.string]
            .compactMap { $0 }.flatMap { $0.split(separator: ",") }.map { String($0.filter { $0 != " " }) }
        texts += node?[path: "spec", "podCIDRs"]?.strings ?? []
        return distinct(texts).filter { text in
            CIDR(text).map { $0.prefixLength >= ($0.isIPv4 ? 8 : 16) } ?? false
        }.compactMap { AddressRange($0) }
    }

    /// The tunnel asks proxies to CONNECT, in plain text and without a password.
    private static func proxy(_ url: String) throws(TunnelPlanError) -> HostPort {
        guard url.hasPrefix("http://") else {
            throw TunnelPlanError("the tunnel goes through http:// proxies only, and HTTPS_PROXY is of another kind")
        }
        let authority = url.dropFirst("http://".count).prefix { $0 != "/" }
        guard !authority.contains("@") else {
            throw TunnelPlanError("the tunnel cannot give the proxy of HTTPS_PROXY a password: exempt it by NO_PROXY")
        }
        let text = String(authority)
        guard let proxy = HostPort(text) ?? HostPort("\(text):80") else {
            throw TunnelPlanError("HTTPS_PROXY is \"\(text)\": write http://HOST:PORT")
        }
        return proxy
    }

    private static func distinct<Element: Hashable>(_ elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }
}

/// Why no tunnel can be made of what the node is told.
package struct TunnelPlanError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
