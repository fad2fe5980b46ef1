import HTTPTransport
import KubeObjects

/// How an API server is reached, and as whom.
package struct ClusterConnection: Sendable {
    /// `https://host:port`, with a path where there is one; no slash at the end.
    package var server: String
    /// Trust, and a client certificate that does not change.
    package var tls: TLSSettings
    package var credential: Credential
    package var proxy: String?
    /// The context's, or the service account's.
    package var namespace: String

    package enum Credential: Sendable {
        /// The client certificate in `tls`, or nobody.
        case none
        case token(String)
        /// Read again for requests after it may have changed.
        case tokenFile(String)
        case basic(user: String, password: String)
        case exec(ExecPlugin)
    }

    package init(
        server: String, tls: TLSSettings = .system, credential: Credential = .none, proxy: String? = nil,
        namespace: String = "default"
    ) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.tls = tls
        self.credential = credential
        self.proxy = proxy
        self.namespace = namespace
    }
}

extension ClusterConnection: CustomStringConvertible, CustomReflectable {
    package var description: String { "ClusterConnection(\(server))" }
    package var customMirror: Mirror { Mirror(self, children: ["server": server]) }
}

/// A credential plugin (client.authentication.k8s.io): a command that prints a token or a certificate.
package struct ExecPlugin: Sendable, Hashable {
    package let apiVersion: String
    /// An absolute path, a path relative to the kubeconfig's folder, or a name to be found in PATH.
    package let command: String
    package let arguments: [String]
    package let environment: [String: String]
    package let installHint: String?
    /// What the plugin is told of the cluster (`spec.cluster` of ExecCredential); nil when it did not ask for that.
    package let cluster: JSON?
}
