import CLibSSL

/// The extensions of a certificate that is being made.
struct ExtensionWriter: ~Copyable {
    /// Borrowed; the caller keeps the certificate.
    let certificate: OpaquePointer

    private func add(_ identifier: Int32, _ value: UnsafeMutableRawPointer?, isCritical: Bool) throws(PKIError) {
        guard X509_add1_ext_i2d(certificate, identifier, value, isCritical ? 1 : 0, 0) == 1 else {
            let name = OBJ_nid2sn(identifier).map { String(cString: $0) } ?? "\(identifier)"
            throw .library("add the extension \(name)")
        }
    }

    func addBasicConstraints(isAuthority: Bool) throws(PKIError) {
        guard let constraints = BASIC_CONSTRAINTS_new() else { throw .library("allocate an extension") }
        defer { BASIC_CONSTRAINTS_free(constraints) }
        constraints.pointee.ca = isAuthority ? 0xFF : 0
        try add(NID_basic_constraints, constraints, isCritical: true)
    }

    func addKeyUsage(_ usages: KeyUsage) throws(PKIError) {
        guard !usages.isEmpty else { return }
        guard let bits = ASN1_BIT_STRING_new() else { throw .library("allocate an extension") }
        defer { ASN1_BIT_STRING_free(bits) }
        for (bit, usage) in KeyUsage.inBitOrder.enumerated() where usages.contains(usage) {
            guard ASN1_BIT_STRING_set_bit(bits, Int32(bit), 1) == 1 else { throw .library("write the key usage") }
        }
        try add(NID_key_usage, bits, isCritical: true)
    }

    func addExtendedKeyUsage(_ usages: [ExtendedKeyUsage]) throws(PKIError) {
        guard !usages.isEmpty else { return }
        guard let list = EXTENDED_KEY_USAGE_new() else { throw .library("allocate an extension") }
        defer { EXTENDED_KEY_USAGE_free(list) }
        for usage in usages {
            guard let object = OBJ_txt2obj(usage.rawValue, 1) else {
                throw .library("write the extended key usage \"\(usage.rawValue)\"", code: .invalidProfile)
            }
            guard kmj_extended_key_usage_append(list, object) > 0 else {
                ASN1_OBJECT_free(object)
                throw .library("write the extended key usage")
            }
        }
        try add(NID_ext_key_usage, UnsafeMutableRawPointer(list), isCritical: false)
    }

    func addSubjectAlternativeNames(_ names: SubjectAlternativeNames) throws(PKIError) {
        guard !names.isEmpty else { return }
        let generalNames = try names.generalNames()
        defer { GENERAL_NAMES_free(generalNames) }
        try add(NID_subject_alt_name, UnsafeMutableRawPointer(generalNames), isCritical: false)
    }

    /// The SHA-1 of the public key's bits: method 1 of RFC 5280, 4.2.1.2. An identifier, not a signature.
    func addSubjectKeyIdentifier() throws(PKIError) {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard X509_pubkey_digest(certificate, EVP_sha1(), &digest, &length) == 1,
            let identifier = ASN1_OCTET_STRING_new()
        else { throw .library("compute the subject key identifier") }
        defer { ASN1_OCTET_STRING_free(identifier) }
        guard ASN1_OCTET_STRING_set(identifier, digest, Int32(length)) == 1 else {
            throw .library("write the subject key identifier")
        }
        try add(NID_subject_key_identifier, identifier, isCritical: false)
    }

    /// Names the issuer's key by the issuer's own subject key identifier. An adopted issuer without one is named by
    /// nothing: a guess could make verifiers refuse the chain.
    func addAuthorityKeyIdentifier(of issuer: borrowing CertificateHandle) throws(PKIError) {
        guard let subjectKeyIdentifier = X509_get0_subject_key_id(issuer.pointer) else { return }
        guard let identifier = AUTHORITY_KEYID_new() else { throw .library("allocate an extension") }
        defer { AUTHORITY_KEYID_free(identifier) }
        guard let copy = ASN1_OCTET_STRING_dup(subjectKeyIdentifier) else {
            throw .library("write the authority key identifier")
        }
        identifier.pointee.keyid = copy
        try add(NID_authority_key_identifier, UnsafeMutableRawPointer(identifier), isCritical: false)
    }
}
