import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI

/// A CertificateSigningRequest of a tenant, as far as a decision on it needs: what is asked for, and who asks. The
/// requester is what the tenant's API server wrote down, not what the request says.
package struct NodeRequest: Sendable {
    package enum Signer: String, Sendable {
        case client = "kubernetes.io/kube-apiserver-client"
        case kubeletServing = "kubernetes.io/kubelet-serving"
        /// What kubelets join with. The tenant's own controllers decide on those; ours are the requests of agents, whose
        /// kubelet was off for longer than its certificate lived.
        case kubeletClient = "kubernetes.io/kube-apiserver-client-kubelet"
    }

    package struct Requester: Sendable, Hashable {
        package var name: String
        package var groups: Set<String>
        /// SHA-256 of the client certificate that was shown, lower-case hexadecimal; nil where the API server, before
        /// 1.32, does not note it.
        package var certificate: String?

        /// Of `system:bootstrap:ID`.
        var tokenID: String? {
            let prefix = "system:bootstrap:"
            return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
        }
    }

    package enum Content: Sendable {
        case readable(CertificateSigningRequest)
        /// Why it cannot be read, or its key not be used.
        case unreadable(String)
    }

    package let name: String
    package let signer: Signer
    package let content: Content
    package let requester: Requester
    package let usages: [String]
    /// Nil is what the signer gives by itself.
    package let expirationSeconds: Int64?
    package let created: Date

    /// Nil for signers whose certificates are none of ours to decide on.
    package init?(_ object: KubeObject) {
        let spec = object["spec"] ?? .null
        guard let signer = spec["signerName"]?.string.flatMap(Signer.init) else { return nil }
        self.signer = signer
        name = object.name
        requester = Requester(
            name: spec["username"]?.string ?? "", groups: Set(spec["groups"]?.strings ?? []),
            certificate: Self.certificate(spec[path: "extra", Self.credentialID]?[0]?.string))
        usages = spec["usages"]?.strings ?? []
        expirationSeconds = spec["expirationSeconds"]?.integer
        created = object.creationTimestamp.flatMap(Timestamp.parse) ?? .distantPast
        content = Self.read(spec["request"]?.string.flatMap(Base64.decode) ?? [])
    }

    /// Of user.Info's extra (k8s.io/apiserver/pkg/authentication/user); for certificates `X509SHA256=` and hexadecimal.
    private static let credentialID = "authentication.kubernetes.io/credential-id"

    private static func certificate(_ credential: String?) -> String? {
        let prefix = "X509SHA256="
        guard let credential, credential.hasPrefix(prefix) else { return nil }
        return String(credential.dropFirst(prefix.count))
    }

    /// The request has to be the one canonical PEM of what was understood: the signer reads it with another parser, and
    /// two parsers may find two requests in one text.
    private static func read(_ pem: [UInt8]) -> Content {
        do {
            let request = try CertificateSigningRequest(pem: pem)
            func withoutBreaks(_ bytes: [UInt8]) -> [UInt8] { bytes.filter { $0 != 0x0A && $0 != 0x0D } }
            guard withoutBreaks(pem) == withoutBreaks(request.pem) else {
                return .unreadable("spec.request is not one plain PEM block of a DER request")
            }
            return .readable(request)
        } catch {
            return .unreadable("spec.request: \(error.message)")
        }
    }

    /// The node whose agent the subject names, or whose kubelet asks; what is known of it has to be looked up.
    package var node: NodeName? {
        guard case .readable(let request) = content else { return nil }
        return signer == .client ? NodeName(ofAgent: request.commonName) : NodeName(ofKubelet: request.commonName)
    }
}
