import Blueprint
import FoundationEssentials
import KubeClient
import KubeObjects
import NodeIdentity
import PKI

/// The enrolments that a tenant keeps, and the rights that go with each.
package struct NodeEnrolments: Sendable {
    private let client: KubeClient

    /// - Parameter client: of the tenant's API, as an administrator.
    package init(client: KubeClient) { self.client = client }

    /// By node name.
    package func all() async throws -> [NodeEnrolment] {
        try await client.list(
            .secrets, namespace: BootstrapTokenSecret.namespace, labelSelector: NodeEnrolment.selector
        ).items.compactMap(NodeEnrolment.init).sorted { $0.node.text < $1.node.text }
    }

    package func find(_ node: NodeName) async throws -> NodeEnrolment? {
        try await secret(of: node).flatMap(NodeEnrolment.init)
    }

    private func secret(of node: NodeName) async throws -> KubeObject? {
        for id in NodeEnrolment.tokenIDs(of: node) {
            if let secret = try await client.find(.secrets, BootstrapTokenSecret.key(ofID: id)),
                NodeEnrolment(secret)?.node == node
            {
                return secret
            }
        }
        return nil
    }

    /// Sees to it that this key is the node's, and that its agent has its rights.
    ///
    /// - Parameter renewing: the enrolment whose owner asks; nil when somebody with an invitation does, who finds either
    ///   nothing enrolled or this key.
    /// - Throws: `EnrolmentTaken` when another key was enrolled since that was decided.
    func keep(
        _ node: NodeName, keySHA256Hex: String, renewing: NodeEnrolment?, now: Date
    ) async throws {
        let enrolment: NodeEnrolment
        if let found = try await secret(of: node), let kept = NodeEnrolment(found) {
            if kept.keySHA256Hex != keySHA256Hex {
                guard renewing?.keySHA256Hex == kept.keySHA256Hex else { throw EnrolmentTaken(node: node) }
                var changed = found
                changed.annotations[NodeEnrolment.keyAnnotation] = keySHA256Hex
                // Only over the enrolment that was read: its resourceVersion goes along.
                _ = try await client.update(changed, .secrets)
            }
            enrolment = kept
        } else {
            // One who renews had an enrolment a moment ago: it was revoked since.
            guard renewing == nil else { throw EnrolmentTaken(node: node) }
            enrolment = try await create(node, keySHA256Hex, now)
        }
        let policy = try await client.find(.validatingAdmissionPolicies, NodeAgents.policyKey)
        for right in NodeAgents.access(
            user: node.agentUser, node: node.text, credential: BootstrapTokenSecret.key(ofID: enrolment.tokenID),
            mayWriteNode: policy != nil)
        {
            _ = try await client.apply(right.object, right.type)
        }
        // Revoked between the reading and the granting: whoever revoked it did not see these rights.
        guard try await secret(of: node).flatMap(NodeEnrolment.init)?.tokenID == enrolment.tokenID else {
            try await removeAccess(of: node)
            throw EnrolmentTaken(node: node)
        }
    }

    /// Takes note of a certificate that the node's agent was given, unless another machine has the name by now.
    func note(_ certificate: Certificate, of node: NodeName) async throws {
        let fingerprint = certificate.fingerprintSHA256Hex
        guard var found = try await secret(of: node), let kept = NodeEnrolment(found),
            kept.keySHA256Hex == certificate.publicKeySHA256Hex, !kept.certificates.contains(fingerprint)
        else { return }
        found.annotations[NodeEnrolment.certificatesAnnotation] = kept.certificates(with: fingerprint)
        _ = try await client.update(found, .secrets)
    }

    private func removeAccess(of node: NodeName) async throws {
        for (type, key) in NodeAgents.accessKeys(user: node.agentUser) { try await delete(type, key) }
    }

    /// Only the first who creates the object has the name.
    private func create(_ node: NodeName, _ keySHA256Hex: String, _ now: Date) async throws -> NodeEnrolment {
        for id in NodeEnrolment.tokenIDs(of: node) {
            let enrolment = NodeEnrolment(node: node, keySHA256Hex: keySHA256Hex, tokenID: id, enrolled: now)
            guard let secret = enrolment.secret() else { continue }
            do {
                _ = try await client.create(secret, .secrets)
                return enrolment
            } catch let error as KubeError where error.isAlreadyExists {
                let holder = try await client.find(.secrets, BootstrapTokenSecret.key(ofID: id))
                // Another node's, or somebody's token: the next place. This node's own: somebody was faster.
                if holder.flatMap(NodeEnrolment.init)?.node == node { throw EnrolmentTaken(node: node) }
            }
        }
        throw EnrolmentTaken(node: node)
    }

    /// Takes a node's rights and its way back. Its certificate lives on, for as long as it was issued, and is good for
    /// nothing.
    ///
    /// - Returns: whether it was enrolled.
    package func revoke(_ node: NodeName) async throws -> Bool {
        let secret = try await secret(of: node)
        // The way back first: between the two steps an agent must not renew itself.
        if let secret { try await delete(.secrets, secret.key) }
        try await removeAccess(of: node)
        return secret != nil
    }

    private func delete(_ type: ResourceType, _ key: ObjectKey) async throws {
        do {
            try await client.delete(type, key)
        } catch let error as KubeError where error.isNotFound {
            return
        }
    }
}

/// Somebody else has enrolled the node, or revoked it, while a request was being decided: it has to be decided anew.
struct EnrolmentTaken: Error, CustomStringConvertible {
    let node: NodeName
    var description: String { "the enrolment of node \(node) changed meanwhile" }
}
