import KubeObjects
import PKI

/// The service accounts' keys: the one that signs tokens, and the public halves that verify them.
package struct SigningKeyMaterial: Sendable, Hashable {
    static let privateKey = "sa.key"
    /// Public halves, the signing key's first: kube-apiserver takes several in one file.
    static let publicKeys = "sa.pub"
    static let nextKey = "sa-next.key"
    static let previousPublicKey = "sa-previous.pub"

    package let signer: PrivateKey
    package let next: PrivateKey?
    /// The public half of the key that signed before.
    package let previous: PublicKey?
    /// Public halves that a user wants beside ours.
    private let further: [PublicKey]
    private let others: SecretData

    package init(signer: PrivateKey) {
        self.init(signer: signer, next: nil, previous: nil, further: [], others: [:])
    }

    private init(
        signer: PrivateKey, next: PrivateKey?, previous: PublicKey?, further: [PublicKey], others: SecretData
    ) {
        self.signer = signer
        self.next = next
        self.previous = previous
        self.further = further
        self.others = others
    }

    package init(_ data: SecretData) throws(PKIError) {
        let signer = try PrivateKey(pem: data[Self.privateKey] ?? [])
        let next = data[Self.nextKey].flatMap { try? PrivateKey(pem: $0) }
        let previous = data[Self.previousPublicKey].flatMap { try? PublicKey(pem: $0) }
        var ours = [try PublicKey(pem: signer.publicKeyPEM)]
        if let next { ours.append(try PublicKey(pem: next.publicKeyPEM)) }
        if let previous { ours.append(previous) }
        let known = Set(ours.map(\.identifierBytes))
        let further = try PublicKey.all(pem: data[Self.publicKeys] ?? []).filter { !known.contains($0.identifierBytes) }
        var others = data
        for key in [Self.privateKey, Self.publicKeys, Self.nextKey, Self.previousPublicKey] { others[key] = nil }
        self.init(signer: signer, next: next, previous: previous, further: further, others: others)
    }

    static func isRotating(_ data: SecretData) -> Bool { data[nextKey] != nil || data[previousPublicKey] != nil }

    package var stage: RotationStage { next != nil ? .trusting : previous != nil ? .overlapping : .settled }

    package var data: SecretData {
        var data = others
        data[Self.privateKey] = signer.pem
        data[Self.publicKeys] =
            signer.publicKeyPEM + (next?.publicKeyPEM ?? []) + (previous?.pem ?? []) + further.flatMap(\.pem)
        data[Self.nextKey] = next?.pem
        data[Self.previousPublicKey] = previous?.pem
        return data
    }

    /// Lets tokens be verified with `next` before any are signed with it.
    package func trusting(_ next: PrivateKey) -> SigningKeyMaterial {
        SigningKeyMaterial(signer: signer, next: next, previous: previous, further: further, others: others)
    }

    /// Signs with the next key. Tokens of the one before are still good.
    package func promoted() throws(PKIError) -> SigningKeyMaterial {
        guard let next else { return self }
        return SigningKeyMaterial(
            signer: next, next: nil, previous: try PublicKey(pem: signer.publicKeyPEM), further: further,
            others: others)
    }

    /// Tokens of the key that signed before are no good any more.
    package var alone: SigningKeyMaterial {
        SigningKeyMaterial(signer: signer, next: nil, previous: nil, further: further, others: others)
    }
}
