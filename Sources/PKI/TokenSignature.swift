import CLibSSL

/// A key that verifies: what service-account tokens are checked with.
package struct PublicKey: Sendable, Hashable {
    /// PKIX ("PUBLIC KEY").
    package let pem: [UInt8]
    /// SubjectPublicKeyInfo.
    package let der: [UInt8]
    /// The JWS algorithm it verifies: RS256, ES256, ES384 or ES512; empty when it signs no tokens.
    package let tokenAlgorithm: String

    /// Reads the first "PUBLIC KEY" block, or the public half of a private key.
    package init(pem: [UInt8]) throws(PKIError) {
        let subject = "the public key"
        let blocks = try PEMBlock.all(in: pem, reading: subject)
        if blocks.contains(where: { $0.label.hasSuffix("PRIVATE KEY") }) {
            self = try PublicKey(pem: PrivateKey(pem: pem).publicKeyPEM)
            return
        }
        guard let block = blocks.first(where: { $0.label == "PUBLIC KEY" }) else {
            throw PEMBlock.missing("PUBLIC KEY", among: blocks, reading: subject)
        }
        self = try PublicKey(block, pem: pem)
    }

    /// All public keys of `pem`, in order; of a file that holds a private key, its public half.
    package static func all(pem: [UInt8]) throws(PKIError) -> [PublicKey] {
        let blocks = try PEMBlock.all(in: pem, reading: "the public keys")
        if blocks.contains(where: { $0.label.hasSuffix("PRIVATE KEY") }) { return [try PublicKey(pem: pem)] }
        var keys: [PublicKey] = []
        for block in blocks where block.label == "PUBLIC KEY" {
            keys.append(try PublicKey(block, pem: try handle(block.der).publicPEM()))
        }
        guard !keys.isEmpty else { throw PEMBlock.missing("PUBLIC KEY", among: blocks, reading: "the public keys") }
        return keys
    }

    private init(_ block: PEMBlock, pem: [UInt8]) throws(PKIError) {
        let subject = "the public key"
        der = block.der
        self.pem = pem
        let handle = try Self.handle(block.der)
        tokenAlgorithm = TokenAlgorithm.name(try handle.kind(of: subject))
    }

    private static func handle(_ der: [UInt8]) throws(PKIError) -> KeyHandle {
        KeyHandle(
            owning: try der.decodeDER(
                as: "the public key", { d2i_PUBKEY(nil, $0, $1) }, discardedBy: { EVP_PKEY_free($0) }))
    }

    /// SHA-256 of its DER, in base64url: the `kid` of tokens.
    package var identifierBytes: [UInt8] { SHA256.digest(der) }

    /// Whether `signature`, in the form JWS gives it, was made over `message` by this key's owner.
    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let digest = TokenAlgorithm.digest(tokenAlgorithm), let handle = try? Self.handle(der),
            let context = EVP_MD_CTX_new()
        else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ErrorQueue.clear()
        }
        var signature = signature
        if let width = TokenAlgorithm.width(tokenAlgorithm) {
            guard signature.count == 2 * width else { return false }
            signature = ECDSASignature.der(of: signature, width: width)
        }
        guard EVP_DigestVerifyInit(context, nil, digest, nil, handle.pointer) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

extension PrivateKey {
    /// The JWS algorithm it signs with; see `PublicKey.tokenAlgorithm`.
    package var tokenAlgorithm: String { (try? PublicKey(pem: publicKeyPEM).tokenAlgorithm) ?? "" }

    /// Signs `message` as a JSON Web Signature wants it: RSA in PKCS#1 v1.5, ECDSA as the two numbers side by side.
    package func tokenSignature(of message: [UInt8]) throws(PKIError) -> [UInt8] {
        let algorithm = tokenAlgorithm
        guard let digest = TokenAlgorithm.digest(algorithm) else {
            throw PKIError(.unsupportedKey, "cannot sign tokens with \(keyDescription); use RSA or ECDSA")
        }
        let handle = try handle()
        guard let context = EVP_MD_CTX_new() else { throw .library("sign a token") }
        defer { EVP_MD_CTX_free(context) }
        ErrorQueue.clear()
        var length = 0
        guard EVP_DigestSignInit(context, nil, digest, nil, handle.pointer) == 1,
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { throw .library("sign a token") }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else {
            throw .library("sign a token")
        }
        signature.removeSubrange(length...)
        guard let width = TokenAlgorithm.width(algorithm) else { return signature }
        guard let raw = ECDSASignature.raw(of: signature, width: width) else {
            throw PKIError(.libraryFailure, "cannot sign a token: libcrypto gave a signature that is no DER")
        }
        return raw
    }
}

private enum TokenAlgorithm {
    static func name(_ kind: KeyKind) -> String {
        switch kind {
        case .rsa: "RS256"
        case .ecdsa("P-256"): "ES256"
        case .ecdsa("P-384"): "ES384"
        case .ecdsa("P-521"): "ES512"
        default: ""
        }
    }

    static func digest(_ name: String) -> OpaquePointer? {
        switch name {
        case "RS256", "ES256": EVP_sha256()
        case "ES384": EVP_sha384()
        case "ES512": EVP_sha512()
        default: nil
        }
    }

    /// Bytes of one of the two numbers of an ECDSA signature; nil for RSA.
    static func width(_ name: String) -> Int? { ["ES256": 32, "ES384": 48, "ES512": 66][name] }
}

/// The two forms of an ECDSA signature: DER, as libcrypto has it, and two numbers of fixed width, as JWS has it.
private enum ECDSASignature {
    static func raw(of der: [UInt8], width: Int) -> [UInt8]? {
        var rest = der[...]
        guard let sequence = read(0x30, from: &rest), rest.isEmpty else { return nil }
        rest = sequence
        var raw: [UInt8] = []
        for _ in 0..<2 {
            guard let number = read(0x02, from: &rest)?.drop(while: { $0 == 0 }), number.count <= width else {
                return nil
            }
            raw += [UInt8](repeating: 0, count: width - number.count) + number
        }
        return raw
    }

    private static func read(_ tag: UInt8, from bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.popFirst() == tag, var length = bytes.popFirst().map(Int.init) else { return nil }
        if length == 0x81 {
            guard let long = bytes.popFirst() else { return nil }
            length = Int(long)
        } else if length >= 0x80 {
            return nil
        }
        guard bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return bytes.prefix(length)
    }

    static func der(of raw: [UInt8], width: Int) -> [UInt8] {
        let numbers = [raw.prefix(width), raw.dropFirst(width)].flatMap { number -> [UInt8] in
            var digits = Array(number.drop { $0 == 0 })
            if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
            return [0x02, UInt8(digits.count)] + digits
        }
        return [0x30] + (numbers.count >= 0x80 ? [0x81] : []) + [UInt8(numbers.count)] + numbers
    }
}

/// SHA-256 and what is built on it.
package enum SHA256 {
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
        return digest
    }

    /// HMAC (RFC 2104) with SHA-256.
    package static func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        let short = key.count > 64 ? digest(key) : key
        let block = short + [UInt8](repeating: 0, count: 64 - short.count)
        return digest(block.map { $0 ^ 0x5C } + digest(block.map { $0 ^ 0x36 } + message))
    }
}

/// SHA-512/256 (FIPS 180-4, 6.7).
package enum SHA512Short {
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha512_256(), nil)
        return digest
    }
}
