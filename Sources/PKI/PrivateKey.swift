import CLibSSL

/// What kind of key is made for a new certificate.
package enum KeyAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// The default: made in well under a millisecond.
    case ecdsaP256 = "ECDSA-P256"
    /// For consumers that know nothing else; making one takes a quarter of a second of CPU.
    case rsa2048 = "RSA-2048"
}

/// A private key: ours, or adopted. Its description says what kind it is and nothing more.
package struct PrivateKey: Sendable, Hashable {
    /// PKCS#1 ("RSA PRIVATE KEY") or SEC1 ("EC PRIVATE KEY"), whatever form it was adopted in. An adopted Ed25519 key,
    /// which has neither, is PKCS#8 ("PRIVATE KEY").
    package let pem: [UInt8]
    /// PKIX ("PUBLIC KEY").
    package let publicKeyPEM: [UInt8]
    /// "ECDSA P-256", "RSA 2048", "Ed25519".
    package let keyDescription: String

    package static func generate(_ algorithm: KeyAlgorithm) throws(PKIError) -> PrivateKey {
        ErrorQueue.clear()
        let made =
            switch algorithm {
            case .ecdsaP256: kmj_generate_ec_key("P-256")
            case .rsa2048: kmj_generate_rsa_key(2048)
            }
        guard let made else { throw .library("generate a \(algorithm.rawValue) key") }
        return try PrivateKey(KeyHandle(owning: made), subject: "the new key")
    }

    /// Adopts the first private key of `pem`: PKCS#8, PKCS#1 or SEC1, with or without text and other blocks around it.
    package init(pem: [UInt8]) throws(PKIError) {
        let subject = "the private key"
        let blocks = try PEMBlock.all(in: pem, reading: subject)
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw PEMBlock.missing("PRIVATE KEY", among: blocks, reading: subject)
        }
        guard !block.isEncrypted, block.label != "ENCRYPTED PRIVATE KEY" else {
            throw PKIError(
                .unsupportedKey,
                "cannot read \(subject): it is encrypted with a passphrase; store it decrypted (openssl pkey -in KEY)")
        }
        try self.init(try Self.handle(der: block.der, subject: subject), subject: subject)
    }

    private init(_ handle: consuming KeyHandle, subject: String) throws(PKIError) {
        let kind = try handle.kind(of: subject)
        keyDescription = kind.description
        pem = try handle.privatePEM(kind)
        publicKeyPEM = try handle.publicPEM()
    }

    private static func handle(der: [UInt8], subject: String) throws(PKIError) -> KeyHandle {
        KeyHandle(
            owning: try der.decodeDER(
                as: subject, { d2i_AutoPrivateKey(nil, $0, $1) }, discardedBy: { EVP_PKEY_free($0) }))
    }

    /// The library's form of the key, for as long as one operation needs it.
    func handle() throws(PKIError) -> KeyHandle {
        let subject = "the private key"
        guard let block = try PEMBlock.all(in: pem, reading: subject).first else {
            throw PEMBlock.missing("PRIVATE KEY", among: [], reading: subject)
        }
        return try Self.handle(der: block.der, subject: subject)
    }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "PrivateKey(\(keyDescription))" }
    package var debugDescription: String { description }
    /// Keeps `dump` and string interpolation of enclosing values away from the bytes.
    package var customMirror: Mirror { Mirror(self, children: ["kind": keyDescription]) }
}
