import Blueprint
import FoundationEssentials
import KubeObjects
import NodeIdentity

/// The Secret kube-system/bootstrap-token-ID, in which a tenant keeps a bootstrap token.
package struct BootstrapTokenSecret: Sendable, Hashable {
    package static let namespace = "kube-system"
    package static let type = "bootstrap.kubernetes.io/token"
    /// The group that kubeadm's RBAC objects let join.
    package static let joiningGroup = "system:bootstrappers:kubeadm:default-node-token"

    /// The group of tokens that nodes come back with; RBAC lets it ask for certificates and nothing else.
    package static let reenrolmentGroup = NodeName.returningGroup

    package enum Usage: String, Sendable, Hashable, CaseIterable {
        /// It signs in as `system:bootstrap:ID`.
        case authentication
        /// kube-public/cluster-info is signed with it.
        case signing
    }

    package var token: BootstrapToken
    /// Nil is never.
    package var expiration: Date?
    package var usages: Set<Usage>
    /// Beside `system:bootstrappers`, which every token has.
    package var groups: [String]
    package var text: String

    /// - Parameter lifetime: nil is for ever.
    package init(
        token: BootstrapToken, lifetime: Duration?, now: Date, usages: Set<Usage> = [.authentication, .signing],
        groups: [String] = [joiningGroup], text: String
    ) {
        self.token = token
        expiration = lifetime.map { now.addingTimeInterval(TimeInterval($0.components.seconds)) }
        self.usages = usages
        self.groups = groups
        self.text = text
    }

    /// Nil when the Secret is no whole bootstrap token in its place. An expiration that cannot be read has passed, as
    /// Kubernetes has it.
    package init?(_ secret: KubeObject) {
        let data = secret.secretData
        func text(_ field: String) -> String? { data[field].map { String(decoding: $0, as: UTF8.self) } }
        guard secret["type"]?.string == Self.type, secret.namespace == Self.namespace,
            let token = BootstrapToken(id: text("token-id") ?? "", secret: text("token-secret") ?? ""),
            secret.name == Self.key(ofID: token.id).name
        else { return nil }
        self.token = token
        expiration = text("expiration").map { Timestamp.parse($0) ?? .distantPast }
        usages = Set(Usage.allCases.filter { text("usage-bootstrap-\($0.rawValue)") == "true" })
        groups = (text("auth-extra-groups") ?? "").split(separator: ",").map(String.init)
        self.text = text("description") ?? ""
    }

    package static func key(ofID id: String) -> ObjectKey {
        ObjectKey(namespace: namespace, name: "bootstrap-token-\(id)")
    }

    package var object: KubeObject {
        var secret = ResourceType.secrets.object(Self.key(ofID: token.id))
        secret["type"] = .string(Self.type)
        var fields = ["token-id": token.id, "token-secret": token.secret]
        if let expiration { fields["expiration"] = Timestamp.format(expiration) }
        for usage in usages { fields["usage-bootstrap-\(usage.rawValue)"] = "true" }
        if !groups.isEmpty { fields["auth-extra-groups"] = groups.joined(separator: ",") }
        if !text.isEmpty { fields["description"] = text }
        secret["data"] = JSON(fields.mapValues { Base64.encode(Array($0.utf8)) })
        return secret
    }

    /// Whether it is what a node comes back with, and no invitation to join.
    package var isNodeCredential: Bool { groups.contains(Self.reenrolmentGroup) }

    package func isExpired(at now: Date) -> Bool { expiration.map { $0 <= now } ?? false }
}
