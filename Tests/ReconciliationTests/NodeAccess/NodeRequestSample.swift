import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI
import Testing

@testable import Reconciliation

/// A request as an API server would hold it, right until a test spoils it, and what the tenant knows beside it.
struct NodeRequestSample: Sendable {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let node = "edge-1.site-a"
    static let tokenID = "abcdef"

    var signer = "kubernetes.io/kube-apiserver-client"
    var commonName = "kamaji:agent:\(node)"
    var organizations = ["kamaji:agents"]
    var dnsNames: [String] = []
    var ipAddresses: [String] = []
    var key: PrivateKey
    var username = "system:bootstrap:\(tokenID)"
    /// As the API server notes it.
    var credential: String?
    var groups = ["system:bootstrappers", BootstrapTokenSecret.joiningGroup, "system:authenticated"]
    var usages = ["digital signature", "client auth"]
    var expirationSeconds: Int64? = 86_400
    var created = now
    /// Instead of one made of the above.
    var pem: [UInt8]?
    var known: NodeKnowledge

    /// An agent that is enrolled for the first time, with an invitation.
    static func enrolling(_ algorithm: KeyAlgorithm = .ecdsaP256) throws -> NodeRequestSample {
        let token = BootstrapTokenSecret(
            token: try #require(BootstrapToken("abcdef.0123456789abcdef")), lifetime: .seconds(3600), now: now, text: ""
        )
        return NodeRequestSample(key: try .generate(algorithm), known: NodeKnowledge(token: token))
    }

    /// An agent with a certificate that asks for the next one.
    static func renewing() throws -> NodeRequestSample {
        var sample = try enrolling()
        sample.username = "kamaji:agent:\(node)"
        sample.groups = ["kamaji:agents", "system:authenticated"]
        sample.known = NodeKnowledge(enrolment: try sample.enrolment())
        return sample
    }

    /// A node that was off for longer than its certificate lived.
    static func returning() throws -> NodeRequestSample {
        var sample = try enrolling()
        let enrolment = try sample.enrolment()
        let secret = try #require(enrolment.secret())
        sample.username = "system:bootstrap:\(enrolment.tokenID)"
        sample.groups = ["system:bootstrappers", BootstrapTokenSecret.reenrolmentGroup, "system:authenticated"]
        sample.known = NodeKnowledge(
            token: BootstrapTokenSecret(secret), tokenEnrolment: NodeEnrolment(secret), enrolment: enrolment)
        return sample
    }

    static func serving(_ algorithm: KeyAlgorithm = .ecdsaP256) throws -> NodeRequestSample {
        NodeRequestSample(
            signer: "kubernetes.io/kubelet-serving", commonName: "system:node:\(node)", organizations: ["system:nodes"],
            dnsNames: [node], ipAddresses: ["192.0.2.7", "fd00::7"], key: try .generate(algorithm),
            username: "system:node:\(node)", groups: ["system:nodes", "system:authenticated"],
            usages: ["digital signature", "server auth"], expirationSeconds: nil,
            known: NodeKnowledge(
                addresses: NodeAddress.all(
                    of: KubeObject([
                        "status": [
                            "addresses": [
                                ["type": "InternalIP", "address": "192.0.2.7"],
                                ["type": "InternalIP", "address": "fd00:0::0007"],
                                ["type": "Hostname", "address": .string(node)],
                            ]
                        ]
                    ]))))
    }

    /// The certificate of a kubelet that was off for too long, asked for by the agent of its node.
    static func kubeletByAgent() throws -> NodeRequestSample {
        var sample = try renewing()
        sample.signer = "kubernetes.io/kube-apiserver-client-kubelet"
        sample.commonName = "system:node:\(node)"
        sample.organizations = ["system:nodes"]
        sample.expirationSeconds = nil
        return sample
    }

    /// Of this sample's key.
    func enrolment(_ node: String = Self.node) throws -> NodeEnrolment {
        let name = try #require(NodeName(node))
        return NodeEnrolment(
            node: name,
            keySHA256Hex: try CertificateSigningRequest.make(commonName: "any", key: key).publicKeySHA256Hex,
            tokenID: try #require(NodeEnrolment.tokenIDs(of: name).first), enrolled: Self.now)
    }

    var object: KubeObject {
        get throws {
            let request =
                try pem
                ?? CertificateSigningRequest.make(
                    commonName: commonName, organizations: organizations, dnsNames: dnsNames, ipAddresses: ipAddresses,
                    key: key
                ).pem
            var object = ResourceType.certificateSigningRequests.object(ObjectKey(namespace: nil, name: "csr-1"))
            object[path: "metadata", "creationTimestamp"] = .string(Timestamp.format(created))
            object["spec"] = [
                "signerName": .string(signer), "request": .string(Base64.encode(request)),
                "username": .string(username), "groups": JSON(groups), "usages": JSON(usages),
            ]
            if let credential {
                object[path: "spec", "extra", "authentication.kubernetes.io/credential-id"] = [.string(credential)]
            }
            if let expirationSeconds { object[path: "spec", "expirationSeconds"] = .integer(expirationSeconds) }
            return object
        }
    }

    var verdict: NodeVerdict {
        get throws {
            let request = try #require(NodeRequest(try object))
            return NodeRequestReview.verdict(on: request, knowing: known, now: Self.now)
        }
    }
}

/// One way to spoil a request, and the answer.
struct NodeRequestFault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: String
    let sample: @Sendable () throws -> NodeRequestSample

    init(
        _ description: String, _ reason: String, _ base: @escaping @Sendable () throws -> NodeRequestSample,
        _ spoil: @escaping @Sendable (inout NodeRequestSample) throws -> Void
    ) {
        testDescription = description
        self.reason = reason
        sample = {
            var sample = try base()
            try spoil(&sample)
            return sample
        }
    }
}
