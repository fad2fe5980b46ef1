import Logging
import PKI

extension EmbeddedAPIServer {
    /// Everything an embedded API server is told at its start. Its description shows no key and no token.
    package struct Configuration: Sendable {
        package var bindAddress = "127.0.0.1"
        /// 0 takes a free port; `ready()` tells which.
        package var port = 6443
        /// The port that is listened on where that is another than `port`, at which somebody else takes connections for
        /// this server; 0 takes a free one.
        package var innerPort: Int?
        /// Awaited at the end, before connections are refused.
        package var leave: @Sendable () async -> Void = {}
        /// The address that the API names to clients in /api; empty is the bound one.
        package var advertiseAddress = ""
        /// PEM: the chain, leaf first, and its key.
        package var servingCertificate: [UInt8]
        package var servingKey: [UInt8]
        /// PEM of the authorities whose client certificates are accepted; nil accepts none.
        package var clientAuthorities: [UInt8]?
        package var sqlitePath: String
        package var serviceCIDR = "127.96.0.0/16"
        package var nodePorts: ClosedRange<Int> = 30000...32767
        /// Who stands behind each token.
        package var tokens = StaticTokens()
        package var serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local"
        package var apiAudiences: [String] = []
        /// PEM of the key that signs service-account tokens; nil issues none.
        package var serviceAccountSigningKey: [UInt8]?
        /// PEM of further keys that verify them, private, or public and then any number in one.
        package var serviceAccountKeys: [[UInt8]] = []
        /// PEM for the ConfigMap kube-root-ca.crt of every namespace; nil makes none.
        package var rootCertificateAuthority: [UInt8]?
        package var acceptsBootstrapTokens = false
        /// Lets anybody read kube-public/cluster-info.
        package var exposesClusterInfo = false
        /// What a cluster's controller-manager does for joining nodes; nil does nothing of it.
        package var nodeControllers: NodeControllers?
        package var version = ServerVersion("v1.36.0")
        package var historyLimit = 10_000
        /// How many requests and watches one HTTP/2 connection may carry at a time; 0 speaks HTTP/1.1 alone, where each
        /// watch takes a connection. kube-apiserver's own default.
        package var http2Streams = 250
        /// What becomes of the workloads in this cluster.
        package var runtime = WorkloadRuntime.none
        /// The flag that gave `port`, for an error that it cannot be had.
        package var portFlag = "--secure-port"

        package init(servingCertificate: [UInt8], servingKey: [UInt8], sqlitePath: String) {
            self.servingCertificate = servingCertificate
            self.servingKey = servingKey
            self.sqlitePath = sqlitePath
        }
    }

    /// CSR approval and signing, expiry of bootstrap tokens, signing of cluster-info.
    package struct NodeControllers: Sendable {
        /// PEM: the authority that signs for kubelets and clients, and its key.
        package var signingCertificate: [UInt8]
        package var signingKey: [UInt8]
        /// Validity of what is signed, in seconds.
        package var signingDuration: Int64 = 365 * 24 * 3600

        package init(signingCertificate: [UInt8], signingKey: [UInt8]) {
            self.signingCertificate = signingCertificate
            self.signingKey = signingKey
        }
    }
}

extension EmbeddedAPIServer.Configuration: CustomStringConvertible, CustomReflectable {
    package var description: String { "embedded API server on \(bindAddress):\(port), objects in \(sqlitePath)" }

    package var customMirror: Mirror {
        Mirror(self, children: ["bindAddress": bindAddress, "port": port, "sqlitePath": sqlitePath])
    }
}

extension EmbeddedAPIServer.NodeControllers: CustomStringConvertible, CustomReflectable {
    package var description: String { "node controllers" }
    package var customMirror: Mirror { Mirror(self, children: ["signingDuration": signingDuration]) }
}
