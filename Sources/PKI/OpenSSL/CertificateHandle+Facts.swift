import CLibSSL

extension CertificateHandle {
    var isAuthority: Bool { X509_get_extension_flags(pointer) & UInt32(EXFLAG_CA) != 0 }

    var keyUsages: KeyUsage {
        let bits = X509_get_key_usage(pointer)
        return bits == UInt32.max ? [] : KeyUsage(rawValue: bits)  // all ones means that the extension is absent
    }

    /// One extension's value, or nil where the certificate has none; one that cannot be read is an error.
    private func extensionValue(_ identifier: Int32, of subject: String) throws(PKIError) -> OpaquePointer? {
        var critical: Int32 = 0
        if let value = X509_get_ext_d2i(pointer, identifier, &critical, nil) { return OpaquePointer(value) }
        guard critical == -1 else {
            let name = OBJ_nid2ln(identifier).map { String(cString: $0) } ?? "\(identifier)"
            throw .library("read the extension \"\(name)\" of \(subject)", code: .malformedContent)
        }
        return nil
    }

    func alternativeNames(of subject: String) throws(PKIError) -> SubjectAlternativeNames {
        let names = try extensionValue(NID_subject_alt_name, of: subject)
        defer { GENERAL_NAMES_free(names) }
        return SubjectAlternativeNames(reading: names)
    }

    func extendedKeyUsages(of subject: String) throws(PKIError) -> [ExtendedKeyUsage] {
        guard let usages = try extensionValue(NID_ext_key_usage, of: subject) else { return [] }
        defer { EXTENDED_KEY_USAGE_free(usages) }
        return (0..<kmj_extended_key_usage_count(usages)).map { index in
            var text = [CChar](repeating: 0, count: 256)
            let length = OBJ_obj2txt(&text, Int32(text.count), kmj_extended_key_usage_at(usages, index), 1)
            let shown = text.prefix(min(max(0, Int(length)), text.count - 1))
            return ExtendedKeyUsage(
                rawValue: String(decoding: shown.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }

    func serialHex() throws(PKIError) -> String {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(pointer), nil) else {
            throw .library("read the serial number")
        }
        let owned = BigNumberHandle(owning: number)
        guard let text = BN_bn2hex(owned.pointer) else { throw .library("read the serial number") }
        defer { kmj_free(text) }
        let digits = String(cString: text).lowercased().drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }

    func publicKey(of subject: String) throws(PKIError) -> KeyHandle {
        guard let key = X509_get_pubkey(pointer) else {
            throw .library("read the public key of \(subject)", code: .unsupportedKey)
        }
        return KeyHandle(owning: key)
    }

    func publicKeySHA256Hex() throws(PKIError) -> String {
        var info: UnsafeMutablePointer<UInt8>?
        let length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(pointer), &info)
        guard length > 0, let info else { throw .library("encode the public key") }
        defer { kmj_free(info) }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(info, Int(length), &digest, nil, EVP_sha256(), nil) == 1 else {
            throw .library("hash the public key")
        }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func fingerprintSHA256Hex() throws(PKIError) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        guard X509_digest(pointer, EVP_sha256(), &digest, nil) == 1 else { throw .library("hash the certificate") }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func pem() throws(PKIError) -> [UInt8] {
        let output = try OutputBuffer()
        guard PEM_write_bio_X509(output.pointer, pointer) == 1 else { throw .library("write the certificate as PEM") }
        return output.bytes
    }
}
