import CLibSSL
import FoundationEssentials

/// One X.509 certificate: its PEM, and what it says. Two are equal when their bytes are.
package struct Certificate: Sendable {
    /// Exactly one "CERTIFICATE" block, without the text that may have stood around it.
    package let pem: [UInt8]
    /// Empty when the subject has none.
    package let commonName: String
    package let organizations: [String]
    package let issuerCommonName: String
    package let notBefore: Date
    /// The last moment of validity, inclusive.
    package let notAfter: Date
    package let dnsNames: [String]
    /// In canonical text (RFC 5952 for IPv6).
    package let ipAddresses: [String]
    package let isAuthority: Bool
    /// Empty when the certificate does not restrict its key.
    package let keyUsages: KeyUsage
    package let extendedKeyUsages: [ExtendedKeyUsage]
    /// Lower case, without separators or leading zeros.
    package let serialHex: String
    /// "ECDSA P-256", "RSA 2048".
    package let keyDescription: String
    /// PKIX ("PUBLIC KEY").
    package let publicKeyPEM: [UInt8]
    /// SHA-256 of the subject public key info, lower-case hex: what `--discovery-token-ca-cert-hash sha256:…` pins.
    package let publicKeySHA256Hex: String

    /// The first certificate of `pem`, whatever text or other blocks surround it.
    package init(pem: [UInt8]) throws(PKIError) {
        let blocks = try PEMBlock.all(in: pem, reading: "the certificate")
        guard let block = blocks.first(where: Self.isCertificate) else {
            throw PEMBlock.missing("CERTIFICATE", among: blocks, reading: "the certificate")
        }
        try self.init(der: block.der, subject: "the certificate")
    }

    /// All certificates of `pem`, in order; there is at least one.
    package static func chain(pem: [UInt8]) throws(PKIError) -> [Certificate] {
        let blocks = try PEMBlock.all(in: pem, reading: "the certificates")
        var certificates: [Certificate] = []
        for block in blocks where isCertificate(block) {
            certificates.append(try Certificate(der: block.der, subject: "certificate \(certificates.count + 1)"))
        }
        guard !certificates.isEmpty else {
            throw PEMBlock.missing("CERTIFICATE", among: blocks, reading: "the certificates")
        }
        return certificates
    }

    private static func isCertificate(_ block: PEMBlock) -> Bool {
        block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE"
    }

    private init(der: [UInt8], subject: String) throws(PKIError) {
        try self.init(try Self.handle(der: der, subject: subject), subject: subject)
    }

    init(_ handle: borrowing CertificateHandle, subject: String) throws(PKIError) {
        let name = try DistinguishedName(reading: X509_get_subject_name(handle.pointer))
        let alternativeNames = try handle.alternativeNames(of: subject)
        commonName = name.commonName
        organizations = name.organizations
        issuerCommonName = try DistinguishedName(reading: X509_get_issuer_name(handle.pointer)).commonName
        notBefore = try CertificateTime.read(X509_get0_notBefore(handle.pointer), of: "notBefore")
        notAfter = try CertificateTime.read(X509_get0_notAfter(handle.pointer), of: "notAfter")
        dnsNames = alternativeNames.dnsNames
        ipAddresses = alternativeNames.ipAddresses
        isAuthority = handle.isAuthority
        keyUsages = handle.keyUsages
        extendedKeyUsages = try handle.extendedKeyUsages(of: subject)
        serialHex = try handle.serialHex()
        let key = try handle.publicKey(of: subject)
        keyDescription = try key.kind(of: "the key of \(subject)").description
        publicKeyPEM = try key.publicPEM()
        publicKeySHA256Hex = try handle.publicKeySHA256Hex()
        pem = try handle.pem()
    }

    private static func handle(der: [UInt8], subject: String) throws(PKIError) -> CertificateHandle {
        CertificateHandle(
            owning: try der.decodeDER(as: subject, { d2i_X509(nil, $0, $1) }, discardedBy: { X509_free($0) }))
    }

    /// The library's form, for as long as one operation needs it.
    func handle() throws(PKIError) -> CertificateHandle {
        guard let block = try PEMBlock.all(in: pem, reading: "the certificate").first else {
            throw PEMBlock.missing("CERTIFICATE", among: [], reading: "the certificate")
        }
        return try Self.handle(der: block.der, subject: "the certificate")
    }

    /// Whether `now` lies within the certificate's validity.
    package func isValid(at now: Date) -> Bool { notBefore <= now && now <= notAfter }

    /// Whether `authority` names itself as this certificate's issuer, may sign certificates, and did sign this one.
    /// Says nothing about time.
    package func isIssued(by authority: Certificate) -> Bool {
        guard authority.isAuthority, let handle = try? handle(), let issuer = try? authority.handle(),
            let key = try? issuer.publicKey(of: "the authority")
        else { return false }
        defer { ErrorQueue.clear() }
        return X509_check_issued(issuer.pointer, handle.pointer) == X509_V_OK
            && X509_verify(handle.pointer, key.pointer) == 1
    }

    /// SHA-256 of the whole certificate, lower-case hex.
    package var fingerprintSHA256Hex: String {
        (try? handle().fingerprintSHA256Hex()) ?? ""
    }

    /// Whether `key` is the private half of this certificate's key.
    package func matches(_ key: PrivateKey) -> Bool {
        if publicKeyPEM == key.publicKeyPEM { return true }
        // One EC point has several encodings, so differing bytes do not settle it.
        guard let certificate = try? handle(), let key = try? key.handle() else { return false }
        defer { ErrorQueue.clear() }
        return X509_check_private_key(certificate.pointer, key.pointer) == 1
    }
}

extension Certificate: Hashable {
    package static func == (left: Certificate, right: Certificate) -> Bool { left.pem == right.pem }

    package func hash(into hasher: inout Hasher) { hasher.combine(pem) }
}

extension Certificate: CustomStringConvertible {
    package var description: String { "Certificate(\(commonName), serial \(serialHex))" }
}
