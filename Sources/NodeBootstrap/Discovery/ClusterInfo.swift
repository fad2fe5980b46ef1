import KubeObjects
import NodeIdentity
import PKI

/// What kube-public/cluster-info says about a tenant: where its API is and who signs its certificates.
package struct ClusterInfo: Sendable, Hashable {
    /// The bytes of `data.kubeconfig`, over which signatures and comparisons go.
    package let kubeconfig: [UInt8]
    /// `https://host:port`: the tenant's own word, which may not be what the user typed.
    package let server: String
    /// `certificate-authority-data`, decoded and otherwise as it came.
    package let authorityPEM: [UInt8]
    package let authorities: [Certificate]

    /// Reads the ConfigMap for a token's holder: verifies the signature first, and looks at nothing before.
    package init(_ configMap: JSON, token: BootstrapToken) throws(DiscoveryError) {
        guard let text = configMap[path: "data", "kubeconfig"]?.string, !text.isEmpty else {
            throw DiscoveryError(
                .incomplete,
                "cluster-info has no kubeconfig yet: the tenant is still being set up, or its kube-public is "
                    + "not of kubeadm's making")
        }
        guard let signature = configMap[path: "data", ClusterInfoSignature.keyPrefix + token.id]?.string else {
            throw DiscoveryError(
                .notSigned,
                "cluster-info is not signed for token \(token.id): it does not exist, has expired, is not for signing, "
                    + "or the tenant's bootstrapsigner has not come to it yet")
        }
        let content = Array(text.utf8)
        guard ClusterInfoSignature.verifies(signature, over: content, tokenID: token.id, secret: token.secret) else {
            throw DiscoveryError(
                .badSignature,
                "cluster-info's signature for token \(token.id) is wrong: the token's secret half is mistyped, or "
                    + "somebody stands between this machine and the tenant")
        }
        try self.init(kubeconfig: content)
    }

    /// Reads a kubeconfig of exactly one cluster, whose signature somebody else has seen to.
    package init(kubeconfig content: [UInt8]) throws(DiscoveryError) {
        let kubeconfig: Kubeconfig
        do {
            kubeconfig = try Kubeconfig(yaml: String(decoding: content, as: UTF8.self))
        } catch {
            throw DiscoveryError(.malformed, "cluster-info's \(error)")
        }
        let entries = kubeconfig.json["clusters"]?.array ?? []
        // Upstream takes one of several by chance.
        guard entries.count == 1, let cluster = kubeconfig.cluster(entries.first?["name"]?.string ?? "") else {
            throw DiscoveryError(
                .malformed, "cluster-info's kubeconfig has \(entries.count) clusters; it has to have one")
        }
        guard cluster.server.hasPrefix("https://"),
            (try? JoinEndpoint(Self.authority(of: cluster.server))) != nil
        else {
            throw DiscoveryError(.malformed, "cluster-info names server \"\(cluster.server)\": no https://HOST:PORT")
        }
        guard let pem = cluster.certificateAuthorityData else {
            throw DiscoveryError(.malformed, "cluster-info's kubeconfig has no certificate-authority-data")
        }
        do throws(PKIError) {
            authorities = try Certificate.chain(pem: pem)
        } catch {
            throw DiscoveryError(.malformed, "cluster-info's certificate-authority-data: \(error.message)")
        }
        self.kubeconfig = content
        server = cluster.server
        authorityPEM = pem
    }

    private static func authority(of server: String) -> String {
        var host = server.dropFirst("https://".count)
        while host.hasSuffix("/") { host = host.dropLast() }
        let hasPort = host.hasPrefix("[") ? host.contains("]:") : host.contains(":")
        return hasPort ? String(host) : "\(host):443"
    }

    /// Host and port of `server`.
    package var endpoint: JoinEndpoint? { try? JoinEndpoint(Self.authority(of: server)) }

    package var pins: [AuthorityPin] { authorities.map { AuthorityPin(of: $0) } }

    /// Any of the authorities may be any of the pinned ones: there are two of either while one is being replaced.
    package func check(_ pinned: [AuthorityPin]) throws(DiscoveryError) {
        guard !Set(pinned).isDisjoint(with: pins) else {
            throw DiscoveryError(
                .notPinned,
                "the tenant's certificate authority is \(pins.map(\.description).joined(separator: ", ")), and the pin is "
                    + "\(pinned.map(\.description).joined(separator: ", ")): the token is of another tenant, its authority "
                    + "was replaced since, or somebody stands between. This is not tried again")
        }
    }
}

/// Why a tenant was not found, or not trusted.
package struct DiscoveryError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case nameNotResolved, connectionRefused, timedOut, connectionLost, tlsFailed
        /// By this machine's clock no certificate could be valid; it may be set while that is waited for.
        case wrongClock
        /// No ConfigMap, or none that is complete.
        case incomplete
        case notSigned, badSignature, malformed, notPinned
        /// The second reading, over a verified connection, gave something else than the first.
        case changed
        case unauthorized, forbidden, throttled, serverFailing, unexpectedAnswer
    }

    package let code: Code
    package let message: String
    /// What the server asked to wait before the next try.
    package var retryAfter: Duration?

    package init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    package var description: String { message }

    /// Whether time alone may mend it. A pin that does not fit is never tried again: that would be asking the man in the
    /// middle once more. A wrong signature is: the signer needs a moment when cluster-info itself changes.
    package var isWorthWaiting: Bool {
        switch code {
        case .malformed, .notPinned, .changed: false
        default: true
        }
    }
}
