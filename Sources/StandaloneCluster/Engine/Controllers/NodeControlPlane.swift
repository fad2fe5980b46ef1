import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging
import PKI

/// What a tenant needs of a controller-manager so that machines can join: certificates signed, bootstrap tokens ended
/// in time, and cluster-info signed with each of them.
struct NodeControlPlane: Sendable {
    private let api: ClusterAPI
    private let log: Logger
    private let signer: RequestSigner

    init(_ settings: EmbeddedAPIServer.NodeControllers, api: ClusterAPI, log: Logger) throws(PKIError) {
        self.api = api
        self.log = log
        let authority = try CertificateAuthority(
            certificate: Certificate(pem: settings.signingCertificate), key: PrivateKey(pem: settings.signingKey))
        signer = RequestSigner(api: api, authority: authority, lifetime: .seconds(settings.signingDuration), log: log)
    }

    func run() async {
        let loop = ControlLoop(api: api, log: log)
        let tokens = BootstrapTokenController(api: api)
        await withDiscardingTaskGroup { group in
            group.addTask { await signer.run(loop) }
            group.addTask { await tokens.run(loop) }
        }
    }
}

/// Approves and signs CertificateSigningRequests of the three signers that nodes and their users need.
struct RequestSigner: Sendable {
    let api: ClusterAPI
    let authority: CertificateAuthority
    let lifetime: Duration
    let log: Logger

    private static let requests = ResourceType(
        group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest",
        plural: "certificatesigningrequests", isNamespaced: false)
    private static let options = WriteOptions(fieldManager: "kube-controller-manager")

    func run(_ loop: ControlLoop) async {
        await loop.run(Self.requests) { change, request throws(APIStatus) in
            guard change != .deleted, request[path: "status", "certificate"] == nil else { return }
            if isApproved(request) {
                try await sign(request)
            } else if !hasCondition(request, "Denied"), RequestPolicy.approvesItself(request) {
                try await approve(request)
            }
        }
    }

    private func hasCondition(_ request: KubeObject, _ type: String) -> Bool {
        (request[path: "status", "conditions"]?.array ?? []).contains { $0["type"]?.string == type }
    }

    private func isApproved(_ request: KubeObject) -> Bool {
        hasCondition(request, "Approved") && !hasCondition(request, "Denied") && !hasCondition(request, "Failed")
    }

    private func approve(_ request: KubeObject) async throws(APIStatus) {
        var approved = request
        approved[path: "status", "conditions"] = .array(
            (request[path: "status", "conditions"]?.array ?? []) + [
                condition(
                    "Approved", "AutoApproved", "Auto approving kubelet client certificate after SubjectAccessReview.")
            ])
        _ = try await api.update(Self.requests, request.key, approved, subresource: "approval", Self.options)
    }

    private func sign(_ request: KubeObject) async throws(APIStatus) {
        var signed = request
        do {
            guard let profile = try RequestPolicy.profile(for: request, lifetime: lifetime) else { return }
            let pem = request[path: "spec", "request"]?.string.flatMap(Base64.decode) ?? []
            let certificate = try authority.issue(
                profile, publicKeyOf: CertificateSigningRequest(pem: pem), now: api.now())
            signed[path: "status", "certificate"] = .string(Base64.encode(certificate.pem))
        } catch {
            signed[path: "status", "conditions"] = .array(
                (request[path: "status", "conditions"]?.array ?? []) + [
                    condition("Failed", "SignerValidationFailure", "\(error)")
                ])
        }
        _ = try await api.update(Self.requests, request.key, signed, subresource: "status", Self.options)
        log.info("answered a certificate signing request", metadata: ["request": "\(request.name)"])
    }

    private func condition(_ type: String, _ reason: String, _ message: String) -> JSON {
        [
            "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message),
            "lastUpdateTime": api.timestamp(), "lastTransitionTime": api.timestamp(),
        ]
    }
}

/// Which requests are approved without anybody asked, and what a certificate for one may say.
enum RequestPolicy {
    static let kubeletClient = "kubernetes.io/kube-apiserver-client-kubelet"
    static let kubeletServing = "kubernetes.io/kubelet-serving"
    static let client = "kubernetes.io/kube-apiserver-client"

    /// A kubelet's client certificate, asked for by a bootstrap token or by that node itself.
    static func approvesItself(_ request: KubeObject) -> Bool {
        guard request[path: "spec", "signerName"]?.string == kubeletClient, let facts = facts(request),
            facts.organizations == ["system:nodes"], facts.commonName.hasPrefix("system:node:"), facts.dnsNames.isEmpty,
            facts.ipAddresses.isEmpty, !facts.hasOtherNames
        else { return false }
        let groups = request[path: "spec", "groups"]?.strings ?? []
        if groups.contains("system:bootstrappers") { return true }
        return groups.contains("system:nodes") && request[path: "spec", "username"]?.string == facts.commonName
    }

    private static func facts(_ request: KubeObject) -> CertificateSigningRequest? {
        request[path: "spec", "request"]?.string.flatMap(Base64.decode).flatMap {
            try? CertificateSigningRequest(pem: $0)
        }
    }

    /// Nil for signers that are not ours; throws when the request asks for what its signer does not give.
    static func profile(for request: KubeObject, lifetime: Duration) throws -> CertificateProfile? {
        let name = request[path: "spec", "signerName"]?.string ?? ""
        guard [kubeletClient, kubeletServing, client].contains(name) else { return nil }
        let pem = request[path: "spec", "request"]?.string.flatMap(Base64.decode) ?? []
        let facts = try CertificateSigningRequest(pem: pem)
        let isNode = facts.organizations == ["system:nodes"] && facts.commonName.hasPrefix("system:node:")
        switch name {
        case kubeletClient where !isNode:
            throw refusal("the subject organization is not system:nodes or the common name is not system:node:NAME")
        case kubeletServing where !isNode || facts.commonName != request[path: "spec", "username"]?.string:
            throw refusal("a serving certificate is given only to the node that it names")
        case kubeletServing where facts.dnsNames.isEmpty && facts.ipAddresses.isEmpty:
            throw refusal("a serving certificate needs a DNS or IP subject alternative name")
        case client where facts.organizations.contains("system:masters"):
            throw refusal("subject organization system:masters is not allowed")
        default: break
        }
        var seconds = lifetime.components.seconds
        if let asked = request[path: "spec", "expirationSeconds"]?.integer { seconds = min(seconds, max(600, asked)) }
        let isServing = name == kubeletServing
        return CertificateProfile(
            commonName: facts.commonName, organizations: facts.organizations,
            dnsNames: isServing ? facts.dnsNames : [], ipAddresses: isServing ? facts.ipAddresses : [],
            keyUsages: [.digitalSignature, .keyEncipherment],
            extendedKeyUsages: [isServing ? .serverAuth : .clientAuth], validity: .seconds(seconds))
    }

    private static func refusal(_ message: String) -> RefusedRequest { RefusedRequest(description: message) }
}

/// A request that its signer does not answer with a certificate.
struct RefusedRequest: Error, CustomStringConvertible {
    let description: String
}
