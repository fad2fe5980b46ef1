import CLibSSL

/// The kinds of key that sign here.
enum KeyKind: Hashable {
    case rsa(bits: Int)
    case ecdsa(curve: String)
    case ed25519

    var description: String {
        switch self {
        case .rsa(let bits): "RSA \(bits)"
        case .ecdsa(let curve): "ECDSA \(curve)"
        case .ed25519: "Ed25519"
        }
    }
}

extension KeyHandle {
    /// The shortest RSA key that Debian's TLS accepts (security level 2).
    static let shortestRSAKey = 2048

    /// - Parameter subject: whose key it is, for the message.
    func kind(of subject: String) throws(PKIError) -> KeyKind {
        let bits = Int(EVP_PKEY_get_bits(pointer))
        switch EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_RSA:
            guard bits >= Self.shortestRSAKey else {
                throw PKIError(
                    .unsupportedKey,
                    "\(subject) has \(bits) bits of RSA; TLS peers refuse less than \(Self.shortestRSAKey)")
            }
            return .rsa(bits: bits)
        case EVP_PKEY_EC:
            return .ecdsa(curve: try curve(of: subject))
        case EVP_PKEY_ED25519:
            return .ed25519
        default:
            let name = EVP_PKEY_get0_type_name(pointer).map { String(cString: $0) } ?? "of an unknown kind"
            throw PKIError(.unsupportedKey, "\(subject) is \(name); use ECDSA on P-256, P-384 or P-521, RSA or Ed25519")
        }
    }

    private func curve(of subject: String) throws(PKIError) -> String {
        var name = [CChar](repeating: 0, count: 80)
        var length = 0
        guard EVP_PKEY_get_group_name(pointer, &name, name.count, &length) == 1 else {
            throw .library("tell the curve of \(subject)", code: .unsupportedKey)
        }
        let curve = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        switch curve {
        case "prime256v1", "P-256": return "P-256"
        case "secp384r1", "P-384": return "P-384"
        case "secp521r1", "P-521": return "P-521"
        default:
            throw PKIError(.unsupportedKey, "\(subject) is on the curve \(curve); use P-256, P-384 or P-521")
        }
    }

    /// SHA-256, except where the algorithm brings its own hash.
    func digest() -> OpaquePointer? {
        EVP_PKEY_get_base_id(pointer) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
    }

    func privatePEM(_ kind: KeyKind) throws(PKIError) -> [UInt8] {
        let output = try OutputBuffer()
        let isWritten =
            switch kind {
            case .rsa, .ecdsa: PEM_write_bio_PrivateKey_traditional(output.pointer, pointer, nil, nil, 0, nil, nil)
            case .ed25519: PEM_write_bio_PKCS8PrivateKey(output.pointer, pointer, nil, nil, 0, nil, nil)
            }
        guard isWritten == 1 else { throw .library("write the private key as PEM") }
        return output.bytes
    }

    func publicPEM() throws(PKIError) -> [UInt8] {
        let output = try OutputBuffer()
        guard PEM_write_bio_PUBKEY(output.pointer, pointer) == 1 else { throw .library("write the public key as PEM") }
        return output.bytes
    }

    /// Of the DER subject public key info.
    func publicSHA256Hex() throws(PKIError) -> String {
        var info: UnsafeMutablePointer<UInt8>?
        let length = i2d_PUBKEY(pointer, &info)
        guard length > 0, let info else { throw .library("encode the public key") }
        defer { kmj_free(info) }
        let digest = SHA256.digest(Array(UnsafeBufferPointer(start: info, count: Int(length))))
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
