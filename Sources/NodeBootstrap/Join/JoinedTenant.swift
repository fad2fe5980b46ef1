import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI

/// The tenant that this machine has found and trusts. No secrets: it stands in the journal.
package struct JoinedTenant: Sendable, Hashable {
    /// `https://host:port`.
    package var server: String
    package var authorityPEM: [UInt8]

    package init(server: String, authorityPEM: [UInt8]) {
        self.server = server
        self.authorityPEM = authorityPEM
    }

    package init?(_ json: JSON) {
        guard let server = json["server"]?.string, let pem = json["authorities"]?.string else { return nil }
        self.server = server
        authorityPEM = Array(pem.utf8)
    }

    package var json: JSON {
        [
            "server": .string(server), "authorities": .string(String(decoding: authorityPEM, as: UTF8.self)),
            "pins": JSON(pins.map(\.description)),
        ]
    }

    package var pins: [AuthorityPin] {
        ((try? Certificate.chain(pem: authorityPEM)) ?? []).map { AuthorityPin(of: $0) }
    }

    /// Whether one authority at least is of both.
    package func isSame(as other: JoinedTenant) -> Bool { !Set(pins).isDisjoint(with: other.pins) }

    /// Of its API, as whoever holds this token.
    package func connection(_ token: BootstrapToken, _ proxies: ProxyRules) -> ClusterConnection {
        ClusterConnection(
            server: server, tls: TLSSettings(certificateAuthorities: authorityPEM), credential: .token(token.text),
            proxy: proxies.proxy(for: server))
    }

    /// Of its API, as the owner of this certificate and key, which are in one PEM as the kubelet keeps them.
    package func connection(certificateAndKey pem: [UInt8], _ proxies: ProxyRules) -> ClusterConnection {
        ClusterConnection(
            server: server,
            tls: TLSSettings(certificateAuthorities: authorityPEM, clientCertificate: pem, clientKey: pem),
            proxy: proxies.proxy(for: server))
    }
}

/// What the kubelet has got from the tenant.
package enum KubeletCertificate {
    package enum Finding: Sendable, Hashable {
        case valid(Certificate)
        case missing
        case wrong(String)
    }

    /// Judges the content of kubelet-client-current.pem.
    package static func judge(
        _ pem: [UInt8]?, node: NodeName, authorityPEM: [UInt8], now: Date
    ) -> Finding {
        guard let pem else { return .missing }
        let certificate: Certificate
        do {
            certificate = try Certificate(pem: pem)
            guard certificate.matches(try PrivateKey(pem: pem)) else {
                return .wrong("the kubelet's certificate and key do not belong together")
            }
        } catch {
            return .wrong("the kubelet's certificate cannot be read: \(error.message)")
        }
        guard certificate.commonName == node.kubeletUser else {
            return .wrong("the kubelet's certificate is for \"\(certificate.commonName)\", and this is node \(node)")
        }
        let authorities = (try? Certificate.chain(pem: authorityPEM)) ?? []
        guard authorities.contains(where: { certificate.isIssued(by: $0) }) else {
            return .wrong("the kubelet's certificate is of another cluster (\(certificate.issuerCommonName))")
        }
        guard certificate.isValid(at: now) else {
            return .wrong(
                "the kubelet's certificate is valid from \(Timestamp.format(certificate.notBefore)) to "
                    + "\(Timestamp.format(certificate.notAfter)), and it is \(Timestamp.format(now))")
        }
        return .valid(certificate)
    }
}
