import CLibSSL
import FoundationEssentials

/// A certificate between profile and signature.
struct CertificateDraft: ~Copyable {
    private let profile: CertificateProfile
    private let handle: CertificateHandle

    /// - Parameter validity: first and last second since 1970.
    init(_ profile: CertificateProfile, validity: ClosedRange<Int>) throws(PKIError) {
        guard let pointer = X509_new() else { throw .library("allocate a certificate") }
        let handle = CertificateHandle(owning: pointer)
        guard X509_set_version(pointer, 2) == 1 else { throw .library("write the version") }  // 2 says version 3
        try Self.setRandomSerial(of: pointer)
        try CertificateTime.write(validity.lowerBound, to: X509_getm_notBefore(pointer))
        try CertificateTime.write(validity.upperBound, to: X509_getm_notAfter(pointer))
        try DistinguishedName(commonName: profile.commonName, organizations: profile.organizations)
            .write(to: X509_get_subject_name(pointer))
        self.profile = profile
        self.handle = handle
    }

    /// 128 bits from the system's generator, positive and never zero: the highest bit is set. As a DER integer it takes
    /// 17 of the 20 octets that RFC 5280, 4.1.2.2 allows.
    private static func setRandomSerial(of certificate: OpaquePointer) throws(PKIError) {
        guard let number = BN_new() else { throw .library("allocate a serial number") }
        let serial = BigNumberHandle(owning: number)
        guard BN_rand(serial.pointer, 128, Int32(BN_RAND_TOP_ONE), Int32(BN_RAND_BOTTOM_ANY)) == 1,
            BN_to_ASN1_INTEGER(serial.pointer, X509_get_serialNumber(certificate)) != nil
        else { throw .library("draw a serial number") }
    }

    func setPublicKey(_ key: borrowing KeyHandle) throws(PKIError) {
        guard X509_set_pubkey(handle.pointer, key.pointer) == 1 else { throw .library("write the public key") }
    }

    consuming func selfSign(with key: borrowing KeyHandle) throws(PKIError) -> Certificate {
        guard X509_set_issuer_name(handle.pointer, X509_get_subject_name(handle.pointer)) == 1 else {
            throw .library("write the issuer")
        }
        // A root names itself as issuer; an authority key identifier would add nothing (RFC 5280, 4.2.1.1).
        try addExtensions()
        return try signed(with: key)
    }

    consuming func sign(
        with key: borrowing KeyHandle, issuer: borrowing CertificateHandle
    ) throws(PKIError) -> Certificate {
        guard X509_set_issuer_name(handle.pointer, X509_get_subject_name(issuer.pointer)) == 1 else {
            throw .library("write the issuer")
        }
        try addExtensions()
        try ExtensionWriter(certificate: handle.pointer).addAuthorityKeyIdentifier(of: issuer)
        return try signed(with: key)
    }

    private func addExtensions() throws(PKIError) {
        let writer = ExtensionWriter(certificate: handle.pointer)
        try writer.addKeyUsage(profile.keyUsages)
        try writer.addExtendedKeyUsage(profile.extendedKeyUsages)
        try writer.addBasicConstraints(isAuthority: profile.isAuthority)
        try writer.addSubjectKeyIdentifier()
        try writer.addSubjectAlternativeNames(
            SubjectAlternativeNames(dnsNames: profile.dnsNames, ipAddresses: profile.ipAddresses))
    }

    private func signed(with key: borrowing KeyHandle) throws(PKIError) -> Certificate {
        guard X509_sign(handle.pointer, key.pointer, key.digest()) > 0 else {
            throw .library("sign the certificate \"\(profile.commonName)\"")
        }
        return try Certificate(handle, subject: "the new certificate")
    }
}

extension CertificateProfile {
    /// First and last second of validity for a certificate issued at `now`.
    func period(from now: Date) throws(PKIError) -> ClosedRange<Int> {
        let issued = CertificateTime.seconds(of: now)
        let (end, endOverflows) = issued.addingReportingOverflow(Int(clamping: validity.components.seconds))
        let (start, startOverflows) = issued.subtractingReportingOverflow(Int(clamping: backdate.components.seconds))
        guard !endOverflows, !startOverflows, validity > .zero, backdate >= .zero,
            start >= CertificateTime.earliest, end <= CertificateTime.latest
        else {
            throw PKIError(
                .invalidProfile,
                "validity of \"\(commonName)\" is \(validity), backdated by \(backdate):"
                    + " it must be positive and end before the year 10000")
        }
        return start...end
    }
}
