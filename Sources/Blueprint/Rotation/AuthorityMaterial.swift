import FoundationEssentials
import KubeObjects
import PKI

/// The keys under which an authority's Secret holds its parts.
package struct AuthorityFiles: Sendable, Hashable {
    /// `ca` or `front-proxy-ca`.
    package let prefix: String

    package static let cluster = AuthorityFiles(prefix: "ca")
    package static let frontProxy = AuthorityFiles(prefix: "front-proxy-ca")

    /// The authority that signs: what others expect to find here at all times.
    package var certificate: String { "\(prefix).crt" }
    package var key: String { "\(prefix).key" }
    /// The coming authority.
    package var nextCertificate: String { "\(prefix)-next.crt" }
    package var nextKey: String { "\(prefix)-next.key" }
    /// The one before, without its key.
    package var previousCertificate: String { "\(prefix)-previous.crt" }
    /// The present authority's name and key, signed by the one before.
    package var crossCertificate: String { "\(prefix)-cross.crt" }
    /// All that is trusted; there only while that is more than the one authority.
    package var bundle: String { "\(prefix)-bundle.crt" }

    var whileRotating: [String] { [nextCertificate, nextKey, previousCertificate, crossCertificate, bundle] }

    package static func of(_ component: Component) -> AuthorityFiles? {
        switch component {
        case .certificateAuthority: .cluster
        case .frontProxyAuthority: .frontProxy
        default: nil
        }
    }
}

/// A certificate authority in the midst of its life: the one that signs, and the one that comes or goes.
///
/// Where the stage cannot be told from what is stored, for somebody replaced a part of it, what does not belong to the
/// authority that signs is left out.
package struct AuthorityMaterial: Sendable, Hashable {
    package enum Companion: Sendable, Hashable {
        case none
        case next(CertificateAuthority)
        case previous(Certificate, cross: Certificate)
    }

    package let signer: CertificateAuthority
    package let companion: Companion
    /// What a user keeps beside the pair.
    private let others: SecretData
    private let files: AuthorityFiles

    package init(signer: CertificateAuthority, files: AuthorityFiles) {
        self.init(signer: signer, companion: .none, others: [:], files: files)
    }

    private init(signer: CertificateAuthority, companion: Companion, others: SecretData, files: AuthorityFiles) {
        self.signer = signer
        self.companion = companion
        self.others = others
        self.files = files
    }

    package init(_ data: SecretData, files: AuthorityFiles) throws(PKIError) {
        let signer = try CertificateAuthority(
            certificate: Certificate(pem: data[files.certificate] ?? []),
            key: PrivateKey(pem: data[files.key] ?? []))
        var others = data
        for key in [files.certificate, files.key] + files.whileRotating { others[key] = nil }
        self.init(signer: signer, companion: Self.companion(data, signer, files), others: others, files: files)
    }

    private static func companion(
        _ data: SecretData, _ signer: CertificateAuthority, _ files: AuthorityFiles
    ) -> Companion {
        if let certificate = data[files.nextCertificate], let key = data[files.nextKey],
            let next = try? CertificateAuthority(certificate: Certificate(pem: certificate), key: PrivateKey(pem: key))
        {
            return .next(next)
        }
        if let pem = data[files.previousCertificate], let crossPEM = data[files.crossCertificate],
            let previous = try? Certificate(pem: pem), let cross = try? Certificate(pem: crossPEM),
            cross.publicKeyPEM == signer.certificate.publicKeyPEM, cross.isIssued(by: previous)
        {
            return .previous(previous, cross: cross)
        }
        return .none
    }

    package var stage: RotationStage {
        switch companion {
        case .none: .settled
        case .next: .trusting
        case .previous: .overlapping
        }
    }

    /// What everybody trusts, the signer first.
    package var trustPEM: [UInt8] {
        switch companion {
        case .none: signer.certificate.pem
        case .next(let next): signer.certificate.pem + next.certificate.pem
        case .previous(let previous, _): signer.certificate.pem + previous.pem
        }
    }

    /// What stands behind a leaf, so that those who know the old authority only take it too.
    package var chainPEM: [UInt8] {
        if case .previous(_, let cross) = companion { return cross.pem }
        return []
    }

    package var data: SecretData {
        var data = others
        data[files.certificate] = signer.certificate.pem
        data[files.key] = signer.key.pem
        switch companion {
        case .none: return data
        case .next(let next):
            data[files.nextCertificate] = next.certificate.pem
            data[files.nextKey] = next.key.pem
        case .previous(let previous, let cross):
            data[files.previousCertificate] = previous.pem
            data[files.crossCertificate] = cross.pem
        }
        data[files.bundle] = trustPEM
        return data
    }

    /// Lets `next` be trusted beside the authority that signs.
    package func trusting(_ next: CertificateAuthority) -> AuthorityMaterial { with(signer, .next(next)) }

    /// Lets the next authority sign, its key signed by the one it follows. One that follows an expired authority has
    /// nobody left to be trusted by through it.
    package func promoted(now: Date) throws(PKIError) -> AuthorityMaterial {
        guard case .next(let next) = companion else { return self }
        guard signer.certificate.isValid(at: now) else { return with(next, .none) }
        let cross = try signer.issue(
            CertificateProfiles.authority(next.certificate.commonName), to: next.key, now: now)
        return with(next, .previous(signer.certificate, cross: cross))
    }

    /// Trusts nothing but the authority that signs.
    package var alone: AuthorityMaterial { with(signer, .none) }

    private func with(_ signer: CertificateAuthority, _ companion: Companion) -> AuthorityMaterial {
        AuthorityMaterial(signer: signer, companion: companion, others: others, files: files)
    }
}
