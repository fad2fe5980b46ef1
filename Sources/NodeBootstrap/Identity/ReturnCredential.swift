import KubeClient
import KubeObjects
import NodeIdentity
import PKI

/// The bootstrap token that is this node's alone, with which it comes back when its certificate has ended. Kept sealed
/// with the agent's key: who has the token without the key gets no certificate, who has a copy of the disk has both.
package enum ReturnCredential {
    private static let annotation = "\(NodeAgentFields.annotationPrefix)node"

    private static func purpose(_ node: NodeName) -> String { "return credential of node \(node)" }

    package static func seal(_ token: BootstrapToken, node: NodeName, key: PrivateKey) throws(PKIError) -> [UInt8] {
        try SealedSecret.seal(Array(token.text.utf8), with: key, purpose: purpose(node))
    }

    /// Nil when it holds no token.
    package static func open(_ sealed: [UInt8], node: NodeName, key: PrivateKey) throws(PKIError) -> BootstrapToken? {
        BootstrapToken(
            String(decoding: try SealedSecret.open(sealed, with: key, purpose: purpose(node)), as: UTF8.self))
    }

    /// Reads it where the tenant keeps it.
    ///
    /// - Parameter client: as the agent, which may read this one Secret.
    /// - Returns: nil when the tenant gives the agent none.
    package static func read(_ node: NodeName, _ client: KubeClient) async throws -> BootstrapToken? {
        for id in node.reenrolmentTokenIDs {
            do {
                let key = ObjectKey(namespace: "kube-system", name: "bootstrap-token-\(id)")
                guard let secret = try await client.find(.secrets, key), secret.annotations[annotation] == node.text,
                    let half = secret[path: "data", "token-secret"]?.string.flatMap(Base64.decode),
                    let token = BootstrapToken(id: id, secret: String(decoding: half, as: UTF8.self))
                else { continue }
                return token
            } catch let error as KubeError where error.isForbidden {
                // Another's place, by the chance that two names share one.
                continue
            }
        }
        return nil
    }
}
