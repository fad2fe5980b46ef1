import CLibSSL

/// A PKCS#10 request whose signature was verified with its own key.
package struct CertificateSigningRequest: Sendable, Hashable {
    /// Exactly one "CERTIFICATE REQUEST" block.
    package let pem: [UInt8]
    package let commonName: String
    package let organizations: [String]
    /// Whether the subject says more than one common name and its organizations.
    package let hasOtherAttributes: Bool
    package let dnsNames: [String]
    /// In canonical text.
    package let ipAddresses: [String]
    /// Whether it asks for e-mail addresses, URIs or other names, which Kubernetes' signers refuse.
    package let hasOtherNames: Bool
    /// "ECDSA P-256", "RSA 2048".
    package let keyDescription: String
    /// PKIX ("PUBLIC KEY").
    package let publicKeyPEM: [UInt8]
    /// SHA-256 of the DER subject public key info, lower-case hexadecimal.
    package let publicKeySHA256Hex: String

    /// The first request of `pem`. One that was not signed by the key it carries is an error.
    package init(pem: [UInt8]) throws(PKIError) {
        let subject = "the certificate signing request"
        let blocks = try PEMBlock.all(in: pem, reading: subject)
        guard let block = blocks.first(where: { $0.label.hasSuffix("CERTIFICATE REQUEST") }) else {
            throw PEMBlock.missing("CERTIFICATE REQUEST", among: blocks, reading: subject)
        }
        let handle = RequestHandle(
            owning: try block.der.decodeDER(
                as: subject, { d2i_X509_REQ(nil, $0, $1) }, discardedBy: { X509_REQ_free($0) }))
        try self.init(handle)
    }

    package static func make(
        commonName: String, organizations: [String] = [], dnsNames: [String] = [], ipAddresses: [String] = [],
        key: PrivateKey
    ) throws(PKIError) -> CertificateSigningRequest {
        guard let pointer = X509_REQ_new() else { throw .library("allocate a request") }
        let handle = RequestHandle(owning: pointer)
        let signer = try key.handle()
        try DistinguishedName(commonName: commonName, organizations: organizations)
            .write(to: X509_REQ_get_subject_name(pointer))
        guard X509_REQ_set_version(pointer, 0) == 1, X509_REQ_set_pubkey(pointer, signer.pointer) == 1 else {
            throw .library("write the public key")
        }
        try handle.add(SubjectAlternativeNames(dnsNames: dnsNames, ipAddresses: ipAddresses))
        guard X509_REQ_sign(pointer, signer.pointer, signer.digest()) > 0 else {
            throw .library("sign the request of \"\(commonName)\"")
        }
        return try CertificateSigningRequest(handle)
    }

    private init(_ handle: borrowing RequestHandle) throws(PKIError) {
        let key = try handle.publicKey()
        guard X509_REQ_verify(handle.pointer, key.pointer) == 1 else {
            throw .library("accept the certificate signing request: its signature is wrong", code: .invalidSignature)
        }
        let name = try DistinguishedName(reading: X509_REQ_get_subject_name(handle.pointer))
        let alternativeNames = try handle.alternativeNames()
        commonName = name.commonName
        organizations = name.organizations
        hasOtherAttributes =
            Int(X509_NAME_entry_count(X509_REQ_get_subject_name(handle.pointer))) != name.organizations.count + 1
        dnsNames = alternativeNames.dnsNames
        ipAddresses = alternativeNames.ipAddresses
        hasOtherNames = alternativeNames.hasOtherKinds
        keyDescription = try key.kind(of: "the request's key").description
        publicKeyPEM = try key.publicPEM()
        publicKeySHA256Hex = try key.publicSHA256Hex()
        pem = try handle.pem()
    }

    func publicKey() throws(PKIError) -> KeyHandle {
        let subject = "the request's key"
        guard let block = try PEMBlock.all(in: publicKeyPEM, reading: subject).first else {
            throw PEMBlock.missing("PUBLIC KEY", among: [], reading: subject)
        }
        return KeyHandle(
            owning: try block.der.decodeDER(
                as: subject, { d2i_PUBKEY(nil, $0, $1) }, discardedBy: { EVP_PKEY_free($0) }))
    }
}

extension RequestHandle {
    fileprivate func publicKey() throws(PKIError) -> KeyHandle {
        guard let key = X509_REQ_get_pubkey(pointer) else {
            throw .library("read the request's public key", code: .unsupportedKey)
        }
        return KeyHandle(owning: key)
    }

    fileprivate func add(_ names: SubjectAlternativeNames) throws(PKIError) {
        guard !names.isEmpty else { return }
        let generalNames = try names.generalNames()
        defer { GENERAL_NAMES_free(generalNames) }
        var extensions: OpaquePointer?
        defer { kmj_extensions_free(extensions) }
        guard
            X509V3_add1_i2d(
                &extensions, NID_subject_alt_name, UnsafeMutableRawPointer(generalNames), 0, UInt(X509V3_ADD_DEFAULT))
                == 1,
            X509_REQ_add_extensions(pointer, extensions) == 1
        else { throw .library("write the request's names") }
    }

    fileprivate func alternativeNames() throws(PKIError) -> SubjectAlternativeNames {
        guard let extensions = X509_REQ_get_extensions(pointer) else {
            ErrorQueue.clear()
            return SubjectAlternativeNames(dnsNames: [], ipAddresses: [])
        }
        defer { kmj_extensions_free(extensions) }
        var critical: Int32 = 0
        let names = X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, nil).map { OpaquePointer($0) }
        guard names != nil || critical == -1 else {
            throw .library("read the request's names", code: .malformedContent)
        }
        defer { GENERAL_NAMES_free(names) }
        return SubjectAlternativeNames(reading: names)
    }

    fileprivate func pem() throws(PKIError) -> [UInt8] {
        let output = try OutputBuffer()
        guard PEM_write_bio_X509_REQ(output.pointer, pointer) == 1 else { throw .library("write the request as PEM") }
        return output.bytes
    }
}
