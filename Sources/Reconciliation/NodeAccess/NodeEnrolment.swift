import Blueprint
import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI

/// That one machine, known by its key, is one node of a tenant. It is kept in the tenant as the Secret of a bootstrap
/// token without an expiration, with which the node comes back when its certificate has ended: the token may only ask
/// for certificates, and only a request made with the recorded key is granted one.
package struct NodeEnrolment: Sendable, Hashable {
    package let node: NodeName
    /// SHA-256 of the key's DER subject public key info, lower-case hexadecimal.
    package var keySHA256Hex: String
    /// The id of the token it comes back with.
    package let tokenID: String
    /// Whole seconds.
    package let enrolled: Date
    /// SHA-256 of the certificates that its agent was given last, the newest at the end; empty before the first.
    package var certificates: [String] = []

    static let nodeAnnotation = "kamaji.clastix.io/node"
    static let keyAnnotation = "kamaji.clastix.io/node-key"
    static let enrolledAnnotation = "kamaji.clastix.io/node-enrolled"
    static let certificatesAnnotation = "kamaji.clastix.io/node-certificates"
    /// An agent that ends between a certificate and its storage renews itself with the one before.
    private static let mostCertificates = 3
    static let componentLabel = "kamaji.clastix.io/component"
    static let component = "node-enrolment"
    /// Finds the Secrets of all enrolments.
    package static let selector = LabelSelector(equals: [componentLabel: component])

    package init(node: NodeName, keySHA256Hex: String, tokenID: String, enrolled: Date) {
        self.node = node
        self.keySHA256Hex = keySHA256Hex
        self.tokenID = tokenID
        self.enrolled = enrolled
    }

    /// Nil when the Secret is no enrolment, or a damaged one.
    package init?(_ secret: KubeObject) {
        guard let token = BootstrapTokenSecret(secret), token.isNodeCredential,
            let node = secret.annotations[Self.nodeAnnotation].flatMap({ NodeName($0) }),
            let key = secret.annotations[Self.keyAnnotation], key.utf8.count == 64
        else { return nil }
        self.node = node
        keySHA256Hex = key
        tokenID = token.token.id
        enrolled = secret.annotations[Self.enrolledAnnotation].flatMap(Timestamp.parse) ?? .distantPast
        certificates = (secret.annotations[Self.certificatesAnnotation] ?? "").split(separator: ",").map(String.init)
    }

    /// The value of the annotation once this certificate was given too.
    func certificates(with fingerprint: String) -> String {
        (certificates + [fingerprint]).suffix(Self.mostCertificates).joined(separator: ",")
    }

    /// Where a node's enrolment may stand, first choice first.
    package static func tokenIDs(of node: NodeName) -> [String] { node.reenrolmentTokenIDs }

    /// A Secret with a fresh token for it; nil when `tokenID` is no id.
    func secret() -> KubeObject? {
        guard let token = BootstrapToken.generate(id: tokenID) else { return nil }
        var secret = BootstrapTokenSecret(
            token: token, lifetime: nil, now: enrolled, usages: [.authentication],
            groups: [BootstrapTokenSecret.reenrolmentGroup],
            text: "Lets node \(node) come back with the key it was enrolled with."
        ).object
        secret.labels = [Self.componentLabel: Self.component, "kamaji.clastix.io/project": "kamaji"]
        secret.annotations = [
            Self.nodeAnnotation: node.text, Self.keyAnnotation: keySHA256Hex,
            Self.enrolledAnnotation: Timestamp.format(enrolled),
        ]
        return secret
    }
}
