import FoundationEssentials
import KubeObjects
import PKI
import TenantAPI

/// What to do with one credential.
package enum CredentialDecision: Sendable, Hashable {
    case keep
    /// The reason is for the event and the log.
    case issue(reason: String)
    /// It serves, and another is to take its place without anybody's notice.
    case rotate(reason: String)

    package var isKept: Bool { self == .keep }
}

/// Judges the material that is there: what still serves is kept, so nothing is issued twice and what a user brought
/// along is adopted.
package struct CredentialJudge: Sendable {
    package let now: Date
    /// A certificate with less life left than this is issued anew.
    package let renewBefore: Duration
    /// For how long a root that was followed by another is still trusted.
    package let overlap: Duration

    package init(now: Date, renewBefore: Duration, overlap: Duration = .seconds(365 * 24 * 3600)) {
        self.now = now
        self.renewBefore = renewBefore
        self.overlap = overlap
    }

    /// A certificate authority: a pair that belongs together, may sign, and lives on.
    package func authority(_ data: SecretData?, certificate: String, key: String, rotate: Bool) -> CredentialDecision {
        guard let data, let certificatePEM = data[certificate], let keyPEM = data[key] else {
            return .issue(reason: "there was none")
        }
        guard let authority = try? Certificate(pem: certificatePEM) else {
            return .issue(reason: "\(certificate) is no certificate")
        }
        guard let privateKey = try? PrivateKey(pem: keyPEM), authority.matches(privateKey) else {
            return .issue(reason: "\(key) is not the key of \(certificate)")
        }
        guard authority.isAuthority else { return .issue(reason: "\(certificate) may not sign certificates") }
        guard authority.notAfter > now else {
            return .issue(reason: "it expired at \(Timestamp.format(authority.notAfter))")
        }
        if rotate { return .rotate(reason: "its rotation was asked for") }
        guard renewal(ofAuthority: authority) > now else {
            return .rotate(reason: "it expires at \(Timestamp.format(authority.notAfter))")
        }
        return .keep
    }

    /// The service accounts' key pair. It never expires; tokens signed with it would all be lost.
    package func keyPair(_ data: SecretData?, publicKey: String, privateKey: String, rotate: Bool)
        -> CredentialDecision
    {
        guard let data, let keyPEM = data[privateKey], data[publicKey] != nil else {
            return .issue(reason: "there was none")
        }
        guard let key = try? PrivateKey(pem: keyPEM) else { return .issue(reason: "\(privateKey) is no private key") }
        guard let own = try? PublicKey(pem: key.publicKeyPEM),
            let verifying = try? PublicKey.all(pem: data[publicKey] ?? []),
            verifying.contains(where: { $0.identifierBytes == own.identifierBytes })
        else {
            return .issue(reason: "\(publicKey) is not the public key of \(privateKey)")
        }
        return rotate ? .rotate(reason: "its rotation was asked for") : .keep
    }

    /// A leaf: of this authority, of this name, with its key, good for all of `names`, and alive.
    package func leaf(
        certificatePEM: [UInt8]?, keyPEM: [UInt8]?, profile: CertificateProfile, authority: Certificate, rotate: Bool
    ) -> CredentialDecision {
        guard let certificatePEM, let keyPEM else { return .issue(reason: "there was none") }
        if rotate { return .issue(reason: "its rotation was asked for") }
        guard let leaf = try? Certificate(pem: certificatePEM) else { return .issue(reason: "it is no certificate") }
        guard let key = try? PrivateKey(pem: keyPEM), leaf.matches(key) else {
            return .issue(reason: "its key does not belong to it")
        }
        guard leaf.isIssued(by: authority) else { return .issue(reason: "another authority issued it") }
        guard leaf.commonName == profile.commonName, Set(leaf.organizations) == Set(profile.organizations) else {
            return .issue(reason: "it names somebody else")
        }
        let names = SubjectAlternativeNames(dnsNames: profile.dnsNames, ipAddresses: profile.ipAddresses)
        guard names.isCovered(by: leaf) else { return .issue(reason: "a name is missing in it") }
        return lifetime(of: leaf)
    }

    private func lifetime(of certificate: Certificate) -> CredentialDecision {
        guard renewal(of: certificate) > now else {
            return .issue(reason: "it expires at \(Timestamp.format(certificate.notAfter))")
        }
        return .keep
    }

    /// When this authority has to be followed by another: early enough for the overlap, yet never in the first four
    /// fifths of its life, so that a short-lived one that a user brought along is not exchanged at once.
    package func renewal(ofAuthority certificate: Certificate) -> Date {
        let lead = Double((renewBefore + overlap).components.seconds)
        let fifth = certificate.notAfter.timeIntervalSince(certificate.notBefore) / 5
        let latest = renewal(of: certificate)
        return min(latest, certificate.notAfter.addingTimeInterval(-min(lead, fifth)))
    }

    /// When an authority or key that was followed by another at `promoted` is trusted no more: after the overlap, or
    /// when it expires.
    package func overlapEnd(promoted: Date, expiry: Date? = nil) -> Date {
        let end = promoted.addingTimeInterval(Double(overlap.components.seconds))
        return expiry.map { min($0, end) } ?? end
    }

    /// When this certificate has to be issued anew.
    package func renewal(of certificate: Certificate) -> Date {
        certificate.notAfter.addingTimeInterval(-Double(renewBefore.components.seconds))
    }
}

extension KubeObject {
    /// Rotation is asked for by an empty annotation; a time in it says when it was last done.
    package var asksForRotation: Bool { annotations[Keys.rotate] == "" }

    /// What users are told of a value that is neither empty nor a time, `true` say: it does nothing, and they mean it to.
    package var strayWishes: [String] {
        [Keys.rotate, Keys.finishRotation].compactMap { annotation in
            guard let value = annotations[annotation], !value.isEmpty, Timestamp.parse(value) == nil else { return nil }
            return
                "annotation \(annotation) of \(kind) \(name) is \"\(value)\" and asks for nothing, only an empty value "
                + "does: kubectl annotate --overwrite \(kind.lowercased()) \(name) \(annotation)="
        }
    }
}
