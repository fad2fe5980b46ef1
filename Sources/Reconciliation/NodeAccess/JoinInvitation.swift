import KubeObjects
import NodeIdentity
import PKI

/// What a machine has to be told so that it finds a tenant and knows it when it sees it.
package struct JoinInvitation: Sendable, Hashable {
    /// `host:port`, an IPv6 host in brackets.
    package let endpoint: String
    /// `sha256:` and the hexadecimal SHA-256 of each trusted authority's DER subject public key info. There are two
    /// while the authority is being replaced.
    package let authorityPins: [String]
    private let tunnelEndpoint: String?

    /// Reads both off the administrator's kubeconfig.
    ///
    /// Whether the one word says where the tenant's tunnel is.
    package var namesTunnel: Bool { tunnelEndpoint != nil }

    /// - Parameter tunnelEndpoint: `host:port` of the tenant's tunnel server; nil when it has none.
    package init(_ kubeconfig: Kubeconfig, tunnelEndpoint: String? = nil) throws(JoinInvitationError) {
        self.tunnelEndpoint = tunnelEndpoint
        guard let context = kubeconfig.currentContext.flatMap({ kubeconfig.context($0) }),
            let cluster = kubeconfig.cluster(context.cluster)
        else { throw JoinInvitationError(description: "the tenant's kubeconfig names no cluster") }
        guard let endpoint = Self.endpoint(ofServer: cluster.server) else {
            throw JoinInvitationError(
                description:
                    "the tenant's kubeconfig has server \"\(cluster.server)\", and machines join https://HOST:PORT")
        }
        self.endpoint = endpoint
        guard let pem = cluster.certificateAuthorityData, let authorities = try? Certificate.chain(pem: pem) else {
            throw JoinInvitationError(
                description: "the tenant's kubeconfig holds no certificate authority that a joining machine could pin")
        }
        var pins: [String] = []
        for authority in authorities {
            let pin = "sha256:\(authority.publicKeySHA256Hex)"
            if !pins.contains(pin) { pins.append(pin) }
        }
        authorityPins = pins
    }

    private static func endpoint(ofServer server: String) -> String? {
        guard server.hasPrefix("https://") else { return nil }
        var host = server.dropFirst("https://".count)
        while host.hasSuffix("/") { host = host.dropLast() }
        // kubeadm takes a host and a port, and no path.
        guard !host.isEmpty, !host.contains("/") else { return nil }
        let afterAddress = host.hasPrefix("[") ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
        return afterAddress.hasPrefix(":") ? String(host) : "\(host):443"
    }

    package enum Joiner: String, Sendable, CaseIterable {
        case kubeadm
        case agent = "kamaji-agent"
    }

    /// The one line to type on the machine. It holds the token.
    package func command(_ joiner: Joiner, _ token: BootstrapToken) -> String {
        let pins = authorityPins.map { " --discovery-token-ca-cert-hash \($0)" }.joined()
        return "\(joiner.rawValue) join \(endpoint) --token \(token.text)\(pins)"
    }

    /// The same for kamaji-agent, with the tunnel's address, as one word. It holds the token.
    package func joinString(_ token: BootstrapToken) throws -> JoinString {
        try JoinString(
            endpoint: JoinEndpoint(endpoint), pins: authorityPins.map { try AuthorityPin($0) }, token: token,
            tunnel: tunnelEndpoint.map { try JoinEndpoint($0) })
    }
}

/// Why a kubeconfig invites nobody.
package struct JoinInvitationError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}
