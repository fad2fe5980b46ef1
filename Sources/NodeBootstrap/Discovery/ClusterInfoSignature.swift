import KubeObjects
import NodeIdentity
import PKI

/// The detached JSON Web Signature (RFC 7515, HS256) with which a tenant's bootstrapsigner proves to whoever holds a
/// token that kube-public/cluster-info is the tenant's.
package enum ClusterInfoSignature {
    /// Before the token's id: the key of `data` that holds its signature.
    package static let keyPrefix = "jws-kubeconfig-"

    /// `header..signature` over the exact bytes of the kubeconfig.
    package static func detached(over content: [UInt8], tokenID: String, secret: String) -> String {
        // Upstream compares the whole text, so the header's bytes are part of the contract: this order, no spaces.
        let header = Base64.encodeURL(Array("{\"alg\":\"HS256\",\"kid\":\"\(tokenID)\"}".utf8))
        let message = "\(header).\(Base64.encodeURL(content))"
        let code = SHA256.authenticationCode(of: Array(message.utf8), key: Array(secret.utf8))
        return "\(header)..\(Base64.encodeURL(code))"
    }

    /// Takes as long whatever part of the signature is wrong.
    package static func verifies(
        _ signature: String, over content: [UInt8], tokenID: String, secret: String
    ) -> Bool {
        let expected = Array(detached(over: content, tokenID: tokenID, secret: secret).utf8)
        let given = Array(signature.utf8)
        guard expected.count == given.count else { return false }
        return zip(expected, given).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
