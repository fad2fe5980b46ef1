import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI

/// What is done with a request.
package enum NodeVerdict: Sendable, Hashable {
    case approve
    /// `reason` is a word for programs, `message` a sentence for people.
    case deny(reason: String, message: String)
    /// It is not ours to decide.
    case leave(String)
    /// It cannot be granted yet and may be soon.
    case wait(String)
}

/// What a tenant knows that bears on a request.
package struct NodeKnowledge: Sendable {
    /// The token that the requester signed in with, while its Secret is there.
    package var token: BootstrapTokenSecret?
    /// What the requester's token is bound to, if it is a node's own.
    package var tokenEnrolment: NodeEnrolment?
    /// Of the node that the request names.
    package var enrolment: NodeEnrolment?
    /// The addresses in the Node's status; nil while there is no such Node.
    package var addresses: Set<NodeAddress>?
    /// What no node may be called, whatever it says of itself.
    package var reserved = ReservedNames()

    package init(
        token: BootstrapTokenSecret? = nil, tokenEnrolment: NodeEnrolment? = nil, enrolment: NodeEnrolment? = nil,
        addresses: Set<NodeAddress>? = nil, reserved: ReservedNames = ReservedNames()
    ) {
        self.reserved = reserved
        self.token = token
        self.tokenEnrolment = tokenEnrolment
        self.enrolment = enrolment
        self.addresses = addresses
    }
}

/// A name or an address under which a Node is reached.
package enum NodeAddress: Sendable, Hashable {
    case name(String)
    case address(IPAddress)

    /// All in the Node's status, whatever their type says.
    package static func all(of node: KubeObject) -> Set<NodeAddress> {
        Set(
            (node[path: "status", "addresses"]?.array ?? []).compactMap { entry in
                guard let text = entry["address"]?.string, !text.isEmpty else { return nil }
                return IPAddress(text).map { .address($0) } ?? .name(text.lowercased())
            })
    }
}

/// Decides on the certificates of nodes. Strict: what is not exactly what an agent or a kubelet needs is denied, with
/// the field and the way out in the message.
package enum NodeRequestReview {
    /// Longest life of an agent's certificate: so long it may go on after nobody would renew it.
    package static let longestAgentLife: Int64 = 7 * 86_400
    /// Kubernetes' own shortest.
    static let shortestLife: Int64 = 600
    /// How long a kubelet's request waits for its Node to tell the address. The kubelet itself gives up after 15
    /// minutes and asks anew.
    static let patience: TimeInterval = 600

    package static func verdict(on request: NodeRequest, knowing known: NodeKnowledge, now: Date) -> NodeVerdict {
        do throws(Denial) {
            switch request.signer {
            case .client: return try agent(request, known, now)
            case .kubeletServing: return try kubeletServing(request, known, now)
            case .kubeletClient: return try kubeletClient(request, known)
            }
        } catch {
            return .deny(reason: error.reason, message: error.message)
        }
    }

    // MARK: Agents

    private static func agent(
        _ request: NodeRequest, _ known: NodeKnowledge, _ now: Date
    ) throws(Denial) -> NodeVerdict {
        let asker = request.requester
        let content: CertificateSigningRequest
        switch request.content {
        case .readable(let readable): content = readable
        case .unreadable(let why):
            // Machines ask this signer for nothing else; a person's request is left to who approves those.
            guard asker.tokenID != nil || asker.name.hasPrefix(NodeName.agentPrefix) else { return .leave(why) }
            throw Denial("UnreadableRequest", why)
        }
        guard
            content.commonName.hasPrefix(NodeName.agentPrefix) || content.organizations.contains(NodeName.agentGroup)
                || asker.tokenID != nil || asker.name.hasPrefix(NodeName.agentPrefix)
        else { return .leave("it names no agent of ours") }
        guard let node = NodeName(ofAgent: content.commonName) else {
            throw Denial(
                "WrongSubject", "the common name is \"\(content.commonName)\"; an agent's is kamaji:agent:NODE")
        }
        try checkSubject(content, group: NodeName.agentGroup)
        guard content.dnsNames.isEmpty, content.ipAddresses.isEmpty, !content.hasOtherNames else {
            throw Denial("UnexpectedNames", "the request has subject alternative names; an agent's has none")
        }
        try checkUsages(request, purpose: "client auth", mayEncipher: content.keyDescription.hasPrefix("RSA"))
        try checkKey(content)
        guard let seconds = request.expirationSeconds, (shortestLife...longestAgentLife).contains(seconds) else {
            throw Denial(
                "WrongLifetime",
                "spec.expirationSeconds is \(request.expirationSeconds.map(String.init) ?? "not set"); an agent's is "
                    + "\(shortestLife) to \(longestAgentLife)")
        }
        if asker.tokenID != nil {
            try checkToken(asker, of: node, content, known, now)
        } else {
            try checkRenewal(asker, of: node, known)
        }
        return .approve
    }

    /// First enrolment with an invitation, or coming back with the node's own credential.
    private static func checkToken(
        _ asker: NodeRequest.Requester, of node: NodeName, _ content: CertificateSigningRequest,
        _ known: NodeKnowledge, _ now: Date
    ) throws(Denial) {
        guard let token = known.token, !token.isExpired(at: now), token.usages.contains(.authentication),
            token.token.id == asker.tokenID
        else {
            throw Denial(
                "TokenNotAlive",
                "bootstrap token \(asker.tokenID ?? "") is deleted, expired or not for authentication: make one with "
                    + "\"kamaji-manager token create\"")
        }
        guard asker.groups.contains("system:bootstrappers"), let joining = token.groups.first,
            token.groups.count == 1, asker.groups.contains(joining)
        else {
            throw Denial(
                "WrongRequester",
                "bootstrap token \(token.token.id) has not just one extra group that its user is in")
        }
        if token.isNodeCredential {
            guard let own = known.tokenEnrolment, own.tokenID == token.token.id, own.node == node else {
                throw Denial(
                    "WrongRequester", "bootstrap token \(token.token.id) is another node's own and good for no other")
            }
            guard own.keySHA256Hex == content.publicKeySHA256Hex else {
                throw Denial(
                    "WrongKey", "node \(node) comes back with the key it was enrolled with, sha256:\(own.shortKey)")
            }
            return
        }
        guard joining == BootstrapTokenSecret.joiningGroup else {
            throw Denial(
                "WrongRequester",
                "bootstrap token \(token.token.id) has the group \(joining), and nodes join with "
                    + BootstrapTokenSecret.joiningGroup)
        }
        if let enrolment = known.enrolment, enrolment.keySHA256Hex != content.publicKeySHA256Hex {
            throw Denial(
                "AnotherKeyIsEnrolled",
                "node \(node) is enrolled with another key, sha256:\(enrolment.shortKey). If that machine is gone or was "
                    + "set up anew: \"kamaji-manager nodes revoke TENANT \(node)\"")
        }
    }

    /// With its previous certificate an agent renews itself, with the same key or a new one.
    private static func checkRenewal(
        _ asker: NodeRequest.Requester, of node: NodeName, _ known: NodeKnowledge
    ) throws(Denial) {
        guard asker.name == node.agentUser, asker.groups.contains(NodeName.agentGroup) else {
            throw Denial(
                "WrongRequester",
                "\"\(asker.name)\" asks for node \(node)'s agent; that agent itself does, or a bootstrap token")
        }
        try checkEnrolment(of: node, asker, known)
    }

    /// That the agent is enrolled still, and is not a former machine of its node's name: rights go by the name, and a
    /// certificate outlives its revocation.
    private static func checkEnrolment(
        of node: NodeName, _ asker: NodeRequest.Requester, _ known: NodeKnowledge
    ) throws(Denial) {
        guard let enrolment = known.enrolment, enrolment.node == node else {
            throw Denial("Revoked", "node \(node) is not enrolled (any more): it joins with a bootstrap token")
        }
        guard let shown = asker.certificate, !enrolment.certificates.isEmpty else { return }
        guard enrolment.certificates.contains(shown) else {
            throw Denial(
                "AnotherCertificate",
                "certificate sha256:\(shown.prefix(16)) is none of those that the agent of node \(node) was given last. "
                    + "If this machine is the right one: \"kamaji-manager nodes revoke TENANT \(node)\", and join it again"
            )
        }
    }

    // MARK: Kubelets

    /// A kubelet's own certificate, asked for by the agent of its node: the agent proved by the enrolled key who it is,
    /// and it is root on that machine anyhow. For every other name it is denied, and every other requester is left to
    /// the tenant's controllers.
    private static func kubeletClient(
        _ request: NodeRequest, _ known: NodeKnowledge
    ) throws(Denial) -> NodeVerdict {
        guard let agent = NodeName(ofAgent: request.requester.name) else {
            return .leave("the tenant's own controllers decide on what kubelets ask for themselves")
        }
        let content: CertificateSigningRequest
        switch request.content {
        case .readable(let readable): content = readable
        case .unreadable(let why): throw Denial("UnreadableRequest", why)
        }
        guard content.commonName == agent.kubeletUser, request.requester.groups.contains(NodeName.agentGroup) else {
            throw Denial(
                "WrongRequester",
                "the agent of node \(agent) asks for \"\(content.commonName)\"; it may for \(agent.kubeletUser) alone")
        }
        try checkSubject(content, group: NodeName.kubeletGroup)
        guard content.dnsNames.isEmpty, content.ipAddresses.isEmpty, !content.hasOtherNames else {
            throw Denial("UnexpectedNames", "the request has subject alternative names; a kubelet's client has none")
        }
        try checkUsages(request, purpose: "client auth", mayEncipher: content.keyDescription.hasPrefix("RSA"))
        try checkKey(content)
        try checkEnrolment(of: agent, request.requester, known)
        return .approve
    }

    private static func kubeletServing(
        _ request: NodeRequest, _ known: NodeKnowledge, _ now: Date
    ) throws(Denial) -> NodeVerdict {
        let content: CertificateSigningRequest
        switch request.content {
        case .readable(let readable): content = readable
        case .unreadable(let why): throw Denial("UnreadableRequest", why)
        }
        guard let node = NodeName(ofKubelet: content.commonName) else {
            throw Denial(
                "WrongSubject", "the common name is \"\(content.commonName)\"; a kubelet's is system:node:NODE")
        }
        try checkSubject(content, group: NodeName.kubeletGroup)
        guard request.requester.name == content.commonName,
            request.requester.groups.contains(NodeName.kubeletGroup)
        else {
            throw Denial(
                "WrongRequester", "\"\(request.requester.name)\" asks; only the kubelet of node \(node) itself may")
        }
        // Kubelets before 1.27 ask for enciphering with keys of either kind.
        try checkUsages(request, purpose: "server auth", mayEncipher: true)
        try checkKey(content)
        guard !content.hasOtherNames else {
            throw Denial(
                "UnexpectedNames", "the request names an e-mail address, a URI or the like; a kubelet has none")
        }
        guard !content.dnsNames.isEmpty || !content.ipAddresses.isEmpty else {
            throw Denial("NoNames", "the request names no DNS name or address to serve")
        }
        // A Node's status is the kubelet's own word: with it a worker must not become the control plane to others.
        if let taken = (content.dnsNames + content.ipAddresses).first(where: known.reserved.contains) {
            throw Denial(
                "ReservedName",
                "\(taken) is a name of the control plane, of a Service or of every machine itself; a kubelet serves under "
                    + "its node's own")
        }
        let missing = missingNames(content, known.addresses ?? [])
        if known.addresses != nil, missing.isEmpty { return .approve }
        let why =
            known.addresses == nil
            ? "there is no Node \(node)"
            : "Node \(node) has no address \(missing.joined(separator: ", ")) in its status"
        // The kubelet asks as soon as it knows its addresses, which is before its Node tells them.
        guard now.timeIntervalSince(request.created) < patience else { throw Denial("UnknownAddress", why) }
        return .wait(why)
    }

    private static func missingNames(_ content: CertificateSigningRequest, _ known: Set<NodeAddress>) -> [String] {
        content.dnsNames.filter { !known.contains(.name($0.lowercased())) }
            + content.ipAddresses.filter { text in
                !(IPAddress(text).map { known.contains(.address($0)) } ?? false)
            }
    }

    // MARK: Both

    private static func checkSubject(_ content: CertificateSigningRequest, group: String) throws(Denial) {
        guard content.organizations == [group], !content.hasOtherAttributes else {
            throw Denial(
                "WrongSubject",
                "the subject has organizations \(content.organizations)"
                    + "\(content.hasOtherAttributes ? " and further attributes" : ""); it is O=\(group) and a common name"
            )
        }
    }

    private static func checkUsages(
        _ request: NodeRequest, purpose: String, mayEncipher: Bool
    ) throws(Denial) {
        let wanted: Set = ["digital signature", purpose]
        let usages = Set(request.usages)
        guard usages == wanted || (mayEncipher && usages == wanted.union(["key encipherment"])),
            usages.count == request.usages.count
        else {
            throw Denial("WrongUsages", "spec.usages is \(request.usages) and has to be \(wanted.sorted())")
        }
    }

    /// RSA under 2048 bits and odd curves are not even read.
    private static func checkKey(_ content: CertificateSigningRequest) throws(Denial) {
        guard content.keyDescription.hasPrefix("ECDSA") || content.keyDescription.hasPrefix("RSA") else {
            throw Denial("WeakKey", "the key is \(content.keyDescription); use ECDSA from P-256 or RSA from 2048 bits")
        }
    }

    private struct Denial: Error {
        let reason: String
        let message: String

        init(_ reason: String, _ message: String) {
            self.reason = reason
            self.message = message
        }
    }
}

extension NodeEnrolment {
    /// Enough of the fingerprint to tell keys apart.
    package var shortKey: String { String(keySHA256Hex.prefix(16)) }
}
