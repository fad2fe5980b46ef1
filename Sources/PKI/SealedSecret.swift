import CLibSSL

/// A secret that only the holder of a private key can read, for keeping beside that key: AES-256-GCM (NIST SP 800-38D)
/// under a key that is derived from it with HMAC-SHA-256. Bound to a purpose: sealed for one, it does not open for
/// another.
package enum SealedSecret {
    private static let nonceLength = 12
    private static let tagLength = 16
    /// Of the form that follows: nonce, ciphertext, tag.
    private static let version: UInt8 = 1

    package static func seal(_ secret: [UInt8], with key: PrivateKey, purpose: String) throws(PKIError) -> [UInt8] {
        var nonce = [UInt8](repeating: 0, count: nonceLength)
        guard RAND_bytes(&nonce, Int32(nonceLength)) == 1, let context = EVP_CIPHER_CTX_new() else {
            throw .library("seal a secret")
        }
        defer { EVP_CIPHER_CTX_free(context) }
        var sealed = [UInt8](repeating: 0, count: secret.count + tagLength)
        var tag = [UInt8](repeating: 0, count: tagLength)
        var written: Int32 = 0
        guard
            EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, derived(key, purpose), nonce) == 1,
            EVP_EncryptUpdate(context, &sealed, &written, secret, Int32(clamping: secret.count)) == 1,
            Int(written) == secret.count,
            EVP_EncryptFinal_ex(context, &tag, &written) == 1, written == 0,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        else { throw .library("seal a secret") }
        return [version] + nonce + sealed.prefix(secret.count) + tag
    }

    /// - Throws: when it was sealed with another key or for another purpose, or was changed since.
    package static func open(_ sealed: [UInt8], with key: PrivateKey, purpose: String) throws(PKIError) -> [UInt8] {
        guard sealed.first == version, sealed.count >= 1 + nonceLength + tagLength else {
            throw PKIError(.malformedContent, "the sealed secret is cut or of another version")
        }
        let nonce = Array(sealed[1..<1 + nonceLength])
        let content = Array(sealed[(1 + nonceLength)..<(sealed.count - tagLength)])
        var tag = Array(sealed.suffix(tagLength))
        guard let context = EVP_CIPHER_CTX_new() else { throw .library("open a sealed secret") }
        defer {
            EVP_CIPHER_CTX_free(context)
            ErrorQueue.clear()
        }
        var secret = [UInt8](repeating: 0, count: content.count + tagLength)
        var written: Int32 = 0
        var rest: Int32 = 0
        var end = [UInt8](repeating: 0, count: tagLength)
        guard
            EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, derived(key, purpose), nonce) == 1,
            EVP_DecryptUpdate(context, &secret, &written, content, Int32(clamping: content.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
            EVP_DecryptFinal_ex(context, &end, &rest) == 1
        else {
            throw PKIError(
                .keyMismatch, "the sealed secret does not open: it was sealed with another key, or changed since")
        }
        return Array(secret.prefix(Int(written)))
    }

    private static func derived(_ key: PrivateKey, _ purpose: String) -> [UInt8] {
        SHA256.authenticationCode(of: Array("kamaji sealed secret 1\n\(purpose)".utf8), key: key.pem)
    }
}
