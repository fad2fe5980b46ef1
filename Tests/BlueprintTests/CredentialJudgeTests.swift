import FoundationEssentials
import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct CredentialJudgeTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let judge = CredentialJudge(now: now, renewBefore: .seconds(24 * 3600))
    private static let names = SubjectAlternativeNames(dnsNames: ["green"], ipAddresses: ["10.96.7.7"])

    private let authority: CertificateAuthority
    private let key: PrivateKey

    init() throws {
        authority = try Self.authority("kubernetes")
        key = try .generate(.ecdsaP256)
    }

    private static func authority(_ name: String, now: Date = now) throws -> CertificateAuthority {
        try .selfSigned(CertificateProfiles.authority(name), key: .generate(.ecdsaP256), now: now)
    }

    private func issue(_ profile: CertificateProfile, now: Date = now) throws -> [UInt8] {
        try authority.issue(profile, to: key, now: now).pem
    }

    private func verdict(
        _ certificate: [UInt8]?, _ profile: CertificateProfile, key: PrivateKey? = nil,
        by signer: CertificateAuthority? = nil, rotate: Bool = false
    ) -> CredentialDecision {
        Self.judge.leaf(
            certificatePEM: certificate, keyPEM: (key ?? self.key).pem, profile: profile,
            authority: (signer ?? authority).certificate, rotate: rotate)
    }

    @Test func `a leaf that serves is kept`() throws {
        let profile = CertificateProfiles.apiServer(Self.names)
        #expect(verdict(try issue(profile), profile).isKept)
    }

    @Test func `a leaf that is good for more names than are needed is kept`() throws {
        var more = Self.names
        more.insert("other.example")
        let leaf = try issue(CertificateProfiles.apiServer(more))
        #expect(verdict(leaf, CertificateProfiles.apiServer(Self.names)).isKept)
    }

    @Test(arguments: ["192.0.2.1", "other.example"])
    func `a leaf without one of its names is issued anew`(name: String) throws {
        let leaf = try issue(CertificateProfiles.apiServer(Self.names))
        var more = Self.names
        more.insert(name)
        #expect(verdict(leaf, CertificateProfiles.apiServer(more)) == .issue(reason: "a name is missing in it"))
    }

    @Test func `a leaf of another name or group is issued anew`() throws {
        let leaf = try issue(CertificateProfiles.client("kubernetes-admin", organizations: ["system:masters"]))
        for profile in [
            CertificateProfiles.client("kubernetes-admin"), CertificateProfiles.client("somebody"),
            CertificateProfiles.client("kubernetes-admin", organizations: ["kubeadm:cluster-admins"]),
        ] {
            #expect(verdict(leaf, profile) == .issue(reason: "it names somebody else"))
        }
    }

    @Test func `a leaf of another authority, even of the same name, is issued anew`() throws {
        let leaf = try issue(CertificateProfiles.kubeletClient)
        #expect(
            verdict(leaf, CertificateProfiles.kubeletClient, by: try Self.authority("kubernetes"))
                == .issue(reason: "another authority issued it"))
    }

    @Test func `a leaf whose key is another's is issued anew`() throws {
        let leaf = try issue(CertificateProfiles.kubeletClient)
        #expect(
            verdict(leaf, CertificateProfiles.kubeletClient, key: try .generate(.ecdsaP256))
                == .issue(reason: "its key does not belong to it"))
    }

    @Test func `a leaf is issued anew once less is left than the deadline`() throws {
        let profile = CertificateProfiles.kubeletClient
        let year = 365.0 * 24 * 3600
        // An hour more than the deadline is left, or an hour less; the five minutes of backdating are lived already.
        let enough = try issue(profile, now: Self.now.addingTimeInterval(25 * 3600 - year))
        let tooLittle = try issue(profile, now: Self.now.addingTimeInterval(23 * 3600 - year))
        #expect(verdict(enough, profile).isKept)
        #expect(!verdict(tooLittle, profile).isKept)
    }

    @Test func `a rotation that is asked for is done, and what is missing or broken is made`() throws {
        let profile = CertificateProfiles.kubeletClient
        #expect(
            verdict(try issue(profile), profile, rotate: true) == .issue(reason: "its rotation was asked for"))
        #expect(verdict(nil, profile) == .issue(reason: "there was none"))
        #expect(verdict(Array("nothing".utf8), profile) == .issue(reason: "it is no certificate"))
    }

    private func verdict(_ data: SecretData?, rotate: Bool = false) -> CredentialDecision {
        Self.judge.authority(data, certificate: "ca.crt", key: "ca.key", rotate: rotate)
    }

    @Test func `an authority that a user brought along is adopted`() throws {
        let pair: SecretData = ["ca.crt": authority.certificate.pem, "ca.key": authority.key.pem]
        #expect(verdict(pair).isKept)
        #expect(verdict(pair, rotate: true) == .rotate(reason: "its rotation was asked for"))
    }

    @Test func `an authority that cannot sign is made anew`() throws {
        let leaf = try issue(CertificateProfiles.kubeletClient)
        let certificate = authority.certificate.pem
        #expect(verdict(nil) == .issue(reason: "there was none"))
        #expect(verdict(["ca.crt": certificate]) == .issue(reason: "there was none"))
        #expect(
            verdict(["ca.crt": certificate, "ca.key": key.pem])
                == .issue(reason: "ca.key is not the key of ca.crt"))
        #expect(
            verdict(["ca.crt": leaf, "ca.key": key.pem]) == .issue(reason: "ca.crt may not sign certificates"))
        #expect(
            verdict(["ca.crt": Array("x".utf8), "ca.key": key.pem]) == .issue(reason: "ca.crt is no certificate"))
    }

    @Test func `an authority is made anew at its end`() throws {
        let old = try Self.authority("kubernetes", now: Self.now.addingTimeInterval(-10 * 365 * 24 * 3600))
        #expect(!verdict(["ca.crt": old.certificate.pem, "ca.key": old.key.pem]).isKept)
    }

    @Test func `the key of service accounts is kept for ever, unless its halves do not match`() throws {
        func verdict(_ data: SecretData?, rotate: Bool = false) -> CredentialDecision {
            Self.judge.keyPair(data, publicKey: "sa.pub", privateKey: "sa.key", rotate: rotate)
        }
        let other = try PrivateKey.generate(.ecdsaP256)
        #expect(verdict(["sa.pub": key.publicKeyPEM, "sa.key": key.pem]).isKept)
        #expect(!verdict(["sa.pub": key.publicKeyPEM, "sa.key": key.pem], rotate: true).isKept)
        #expect(verdict(["sa.pub": other.publicKeyPEM + key.publicKeyPEM, "sa.key": key.pem]).isKept)
        #expect(!verdict(["sa.pub": other.publicKeyPEM, "sa.key": key.pem]).isKept)
        #expect(!verdict(["sa.key": key.pem]).isKept)
        #expect(!verdict(["sa.pub": key.publicKeyPEM, "sa.key": Array("x".utf8)]).isKept)
        #expect(!verdict(nil).isKept)
    }

    @Test(arguments: [("", true), ("2026-01-01T00:00:00Z", false), ("true", false)])
    func `only an empty annotation asks for rotation`(value: String, asks: Bool) {
        var secret = KubeObject(apiVersion: "v1", kind: "Secret", name: "green-ca")
        #expect(!secret.asksForRotation)
        secret.annotations = ["certs.kamaji.clastix.io/rotate": value]
        #expect(secret.asksForRotation == asks)
    }
}
