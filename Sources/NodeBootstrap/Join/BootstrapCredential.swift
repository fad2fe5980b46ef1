import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity

/// What a machine proves itself by to its tenant while it has no certificate yet. Descriptions do not say what it is.
package enum BootstrapCredential: Sendable, Hashable {
    case token(BootstrapToken)
    /// A discovery file's own token, which need not be a bootstrap token.
    case bearer(String)
    /// PEM, of a discovery file.
    case certificate([UInt8], key: [UInt8])

    /// The credentials of a kubeconfig's current user; nil when it has none.
    ///
    /// - Parameter read: the content of a file that the kubeconfig names.
    package init?(_ kubeconfig: Kubeconfig, read: (String) throws -> [UInt8]?) throws {
        guard let user = kubeconfig.currentUser else { return nil }
        func content(_ data: [UInt8]?, _ path: String?) throws -> [UInt8]? {
            if let data { return data }
            guard let path, !path.isEmpty else { return nil }
            guard let content = try read(path) else {
                throw BootstrapCredentialError(
                    description: "the discovery file names \(path), and there is no such file")
            }
            return content
        }
        let certificate = try content(user.clientCertificateData, user.clientCertificate)
        let key = try content(user.clientKeyData, user.clientKey)
        if let certificate, let key {
            self = .certificate(certificate, key: key)
            return
        }
        let token =
            try user.token
            ?? user.tokenFile.flatMap { try content(nil, $0) }
            .map { String(decoding: $0, as: UTF8.self) }
        if let text = token?.trimmingASCIISpace(), !text.isEmpty {
            self = BootstrapToken(text).map { BootstrapCredential.token($0) } ?? .bearer(text)
            return
        }
        guard user.exec == nil, user.username == nil, user.json["auth-provider"] == nil else {
            throw BootstrapCredentialError(
                description: "the discovery file's user has a password or a plugin, which a kubelet cannot start with: "
                    + "give it a token or a client certificate, or give --tls-bootstrap-token")
        }
        return nil
    }

    /// As the user of a kubeconfig.
    var user: JSON {
        switch self {
        case .token(let token): ["token": .string(token.text)]
        case .bearer(let text): ["token": .string(text)]
        case .certificate(let certificate, let key):
            [
                "client-certificate-data": .string(Base64.encode(certificate)),
                "client-key-data": .string(Base64.encode(key)),
            ]
        }
    }

    /// By whose name the tenant knows requests of its holder; nil where only the tenant can tell.
    var userName: String? {
        if case .token(let token) = self { return "system:bootstrap:\(token.id)" }
        return nil
    }
}

extension BootstrapCredential: CustomStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .token(let token): "bootstrap token \(token.id)"
        case .bearer: "a token"
        case .certificate: "a client certificate"
        }
    }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

package struct BootstrapCredentialError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}

extension JoinedTenant {
    /// Of its API, as whoever holds this.
    package func connection(_ credential: BootstrapCredential, _ proxies: ProxyRules) -> ClusterConnection {
        switch credential {
        case .token(let token): return connection(token, proxies)
        case .bearer(let text):
            return ClusterConnection(
                server: server, tls: TLSSettings(certificateAuthorities: authorityPEM), credential: .token(text),
                proxy: proxies.proxy(for: server))
        case .certificate(let certificate, let key):
            return ClusterConnection(
                server: server,
                tls: TLSSettings(
                    certificateAuthorities: authorityPEM, clientCertificate: certificate, clientKey: key),
                proxy: proxies.proxy(for: server))
        }
    }
}
