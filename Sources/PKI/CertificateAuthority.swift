import CLibSSL
import FoundationEssentials

/// A certificate that may sign others, with its key. Safe to use from many tasks at once.
package struct CertificateAuthority: Sendable, Hashable {
    package let certificate: Certificate
    package let key: PrivateKey

    /// Adopts a pair that is already there. Whether it is still valid is asked when it issues.
    package init(certificate: Certificate, key: PrivateKey) throws(PKIError) {
        guard certificate.matches(key) else {
            throw PKIError(
                .keyMismatch,
                "the private key (\(key.keyDescription)) is not the one of the certificate \"\(certificate.commonName)\""
                    + " (\(certificate.keyDescription)); store the pair that belongs together")
        }
        guard certificate.isAuthority else {
            throw PKIError(
                .notAnAuthority,
                "the certificate \"\(certificate.commonName)\" is no authority: its basicConstraints lack CA:TRUE")
        }
        guard certificate.keyUsages.isEmpty || certificate.keyUsages.contains(.certificateSign) else {
            throw PKIError(
                .notAnAuthority,
                "the certificate \"\(certificate.commonName)\" may not sign others: its keyUsage lacks keyCertSign")
        }
        self.certificate = certificate
        self.key = key
    }

    /// A root of its own.
    package static func selfSigned(
        _ profile: CertificateProfile, key: PrivateKey, now: Date
    ) throws(PKIError) -> CertificateAuthority {
        guard profile.isAuthority, profile.keyUsages.contains(.certificateSign) else {
            throw PKIError(
                .invalidProfile,
                "\"\(profile.commonName)\" cannot be an authority: set isAuthority, and certificateSign in keyUsages")
        }
        let handle = try key.handle()
        let draft = try CertificateDraft(profile, validity: try profile.period(from: now))
        try draft.setPublicKey(handle)
        let certificate = try draft.selfSign(with: handle)
        return try CertificateAuthority(certificate: certificate, key: key)
    }

    /// A certificate for the public half of `key`. Validity is counted from `now` and cut to the authority's own: it
    /// never starts before nor ends after it.
    package func issue(
        _ profile: CertificateProfile, to key: PrivateKey, now: Date
    ) throws(PKIError) -> Certificate {
        try issue(profile, publicKey: try key.handle(), now: now)
    }

    /// A certificate for the key of a signing request. Everything else comes from the profile; what the request asks
    /// for has no effect.
    package func issue(
        _ profile: CertificateProfile, publicKeyOf request: CertificateSigningRequest, now: Date
    ) throws(PKIError) -> Certificate {
        try issue(profile, publicKey: try request.publicKey(), now: now)
    }

    private func issue(
        _ profile: CertificateProfile, publicKey: borrowing KeyHandle, now: Date
    ) throws(PKIError) -> Certificate {
        guard now <= certificate.notAfter else {
            throw PKIError(
                .expiredAuthority,
                "the authority \"\(certificate.commonName)\" expired at \(certificate.notAfter);"
                    + " renew it before it issues \"\(profile.commonName)\"")
        }
        let wanted = try profile.period(from: now)
        let start = max(wanted.lowerBound, CertificateTime.seconds(of: certificate.notBefore))
        let end = min(wanted.upperBound, CertificateTime.seconds(of: certificate.notAfter))
        guard start <= end else {
            throw PKIError(
                .expiredAuthority,
                "the authority \"\(certificate.commonName)\" is not valid before \(certificate.notBefore),"
                    + " so \"\(profile.commonName)\" would never be valid; check the clock")
        }
        let draft = try CertificateDraft(profile, validity: start...end)
        try draft.setPublicKey(publicKey)
        return try draft.sign(with: try key.handle(), issuer: try certificate.handle())
    }
}
