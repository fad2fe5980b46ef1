import Blueprint
import Foundation
import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Reconciliation

/// Roots that follow each other, pass by pass, on real keys.
@Suite struct RotationTests {
    private static let leaves: [(Component, String, String)] = [
        (.apiServerCertificate, "apiserver.crt", "sslserver"),
        (.kubeletClientCertificate, "apiserver-kubelet-client.crt", "sslclient"),
        (.konnectivityCertificate, "tls.crt", "sslclient"),
    ]
    private static let kubeconfigs: [(Component, String)] = [
        (.adminKubeconfig, "admin.conf"), (.adminKubeconfig, "admin.svc"), (.adminKubeconfig, "super-admin.conf"),
        (.adminKubeconfig, "super-admin.svc"), (.controllerManagerKubeconfig, "controller-manager.conf"),
        (.schedulerKubeconfig, "scheduler.conf"), (.konnectivityKubeconfig, "konnectivity-server.conf"),
    ]

    @Test func `an authority is followed in three steps, and whoever knows one of the two is served all along`() throws
    {
        var sample = try IssuingSample()
        try sample.pass()
        let old = try sample.pem(.certificateAuthority, "ca.crt")
        let leaf = try sample.pem(.apiServerCertificate, "apiserver.crt")
        sample.ask(.certificateAuthority)

        let begun = try sample.pass()
        #expect(begun.issued.map(\.component) == [.certificateAuthority])
        #expect(sample.secrets[.certificateAuthority]?.annotations[Keys.rotate]?.isEmpty == false)
        let next = try sample.pem(.certificateAuthority, "ca-next.crt")
        #expect(try sample.pem(.certificateAuthority, "ca-bundle.crt") == old + next)
        for key in ["ca.crt", "tls.crt"] { #expect(try sample.pem(.certificateAuthority, key) == old) }
        #expect(try sample.pem(.apiServerCertificate, "apiserver.crt") == leaf, "the next one signs nothing yet")
        for (component, key) in Self.kubeconfigs {
            #expect(try sample.kubeconfig(component, key).currentCluster?.certificateAuthorityData == old + next)
        }

        // Whatever is missing, the next one waits, however many passes there are.
        for (isRolledOut, isKnownInside) in [(false, false), (true, false), (false, true)] {
            sample.reach.isRolledOut = isRolledOut
            sample.reach.isKnownInside = isKnownInside
            #expect(try sample.pass().steps.isEmpty)
        }

        let promoted = try sample.passWhenReached()
        #expect(promoted.steps.map(\.step) == [.promote])
        for key in ["ca.crt", "tls.crt"] { #expect(try sample.pem(.certificateAuthority, key) == next) }
        #expect(
            try sample.pem(.certificateAuthority, "tls.key") == (try sample.pem(.certificateAuthority, "ca.key")))
        #expect(try sample.pem(.certificateAuthority, "ca-previous.crt") == old)
        #expect(try sample.pem(.certificateAuthority, "ca-bundle.crt") == next + old)
        #expect(sample.data(.certificateAuthority)["ca-next.key"] == nil)
        #expect(promoted.nextRenewal.map { $0 <= sample.now.addingTimeInterval(720 * 3600) } == true)
        for (component, key, purpose) in Self.leaves {
            let chain = try sample.pem(component, key)
            for trust in [old, next, old + next, next + old] {
                #expect(try Verification.accepts(chain, trusting: trust, purpose: purpose), "\(key)")
            }
            #expect(try !Verification.accepts(chain, trusting: leaf, purpose: purpose))
        }
        for (component, key) in Self.kubeconfigs {
            let kubeconfig = try sample.kubeconfig(component, key)
            #expect(kubeconfig.currentCluster?.certificateAuthorityData == next + old)
            let certificate = try #require(kubeconfig.currentUser?.clientCertificateData)
            #expect(try Verification.accepts(certificate, trusting: next, purpose: "sslclient"), "\(key)")
        }

        // A pass more issues nothing more.
        let between = sample.secrets.mapValues(\.secretData)
        #expect(try sample.pass().issued.isEmpty)
        #expect(sample.secrets.mapValues(\.secretData) == between)
        // Time alone ends it, once the pods have the new leaves.
        sample.now.addTimeInterval(720 * 3600)
        #expect(try sample.pass().steps.isEmpty)
        #expect(try sample.passWhenReached().steps.map(\.step) == [.drop])
        #expect(Set(sample.data(.certificateAuthority).keys) == ["ca.crt", "ca.key", "tls.crt", "tls.key"])
        #expect(sample.secrets[.certificateAuthority]?.annotations[Keys.promoted] == nil)
        for (component, key, purpose) in Self.leaves {
            let chain = try sample.pem(component, key)
            #expect(try Certificate.chain(pem: chain).count == 1)
            #expect(try Verification.accepts(chain, trusting: next, purpose: purpose))
            #expect(try !Verification.accepts(chain, trusting: old, purpose: purpose))
        }
        for (component, key) in Self.kubeconfigs {
            #expect(try sample.kubeconfig(component, key).currentCluster?.certificateAuthorityData == next)
        }
    }

    @Test func `the user may end the overlap, and what was asked for meanwhile comes after it`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        sample.ask(.certificateAuthority)
        try sample.pass()
        try sample.passWhenReached()
        sample.ask(.certificateAuthority)
        #expect(try sample.passWhenReached().steps.isEmpty)
        sample.ask(.certificateAuthority, Keys.finishRotation)
        #expect(try sample.pass().steps.isEmpty, "the pods have not all got the new leaves")
        #expect(try sample.passWhenReached().steps.map(\.step) == [.drop])
        #expect(sample.secrets[.certificateAuthority]?.annotations[Keys.finishRotation]?.isEmpty == false)
        #expect(try sample.pass().steps.map(\.component) == [.certificateAuthority], "the second wish is next")
        #expect(sample.data(.certificateAuthority)["ca-next.crt"] != nil)
    }

    @Test func `a pass that was killed after the roots were stored is taken up where it was`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        sample.ask(.certificateAuthority)
        try sample.pass()
        let before = sample.secrets
        try sample.passWhenReached()
        let roots = sample.secrets.filter { $0.key.isRoot }
        sample.secrets = before.merging(roots) { _, stored in stored }
        let resumed = try sample.pass()
        #expect(resumed.steps.isEmpty)
        #expect(sample.secrets[.certificateAuthority] == roots[.certificateAuthority])
        #expect(resumed.issued.allSatisfy { $0.reason == "another authority issued it" })
        let authority = try sample.pem(.certificateAuthority, "ca.crt")
        for (component, key, purpose) in Self.leaves {
            #expect(try Verification.accepts(sample.pem(component, key), trusting: authority, purpose: purpose))
        }
    }

    @Test func `the front proxy's authority rotates by itself`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        let before = sample.secrets
        let old = try sample.pem(.frontProxyAuthority, "front-proxy-ca.crt")
        sample.ask(.frontProxyAuthority)
        try sample.pass()
        // Nothing inside the tenant names it.
        sample.reach.isRolledOut = true
        #expect(try sample.pass().steps.map(\.step) == [.promote])
        let new = try sample.pem(.frontProxyAuthority, "front-proxy-ca.crt")
        let client = try sample.pem(.frontProxyClientCertificate, "front-proxy-client.crt")
        for trust in [old, new, new + old] {
            #expect(try Verification.accepts(client, trusting: trust, purpose: "sslclient"))
        }
        sample.ask(.frontProxyAuthority, Keys.finishRotation)
        #expect(try sample.pass().steps.map(\.step) == [.drop])
        #expect(Set(sample.data(.frontProxyAuthority).keys) == ["front-proxy-ca.crt", "front-proxy-ca.key"])
        for (component, secret) in sample.secrets
        where ![.frontProxyAuthority, .frontProxyClientCertificate].contains(component) {
            #expect(secret.secretData == before[component]?.secretData, "\(component)")
        }
    }

    @Test func `a new key signs tokens after all can verify with it, and the old one verifies on`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        let (oldKey, old) = (try sample.pem(.serviceAccountKey, "sa.key"), try sample.pem(.serviceAccountKey, "sa.pub"))
        sample.ask(.serviceAccountKey)
        try sample.pass()
        #expect(try sample.pem(.serviceAccountKey, "sa.key") == oldKey)
        let both = try PublicKey.all(pem: try sample.pem(.serviceAccountKey, "sa.pub"))
        #expect(both.count == 2 && both.first?.pem == old)
        #expect(try sample.pass().steps.isEmpty)
        #expect(try sample.passWhenReached().steps.map(\.step) == [.promote])
        let key = try PrivateKey(pem: try sample.pem(.serviceAccountKey, "sa.key"))
        #expect(key.pem != oldKey)
        let after = try PublicKey.all(pem: try sample.pem(.serviceAccountKey, "sa.pub"))
        #expect(after.map(\.pem) == [key.publicKeyPEM, old])
        #expect(sample.data(.serviceAccountKey)["sa-next.key"] == nil)
        sample.ask(.serviceAccountKey, Keys.finishRotation)
        #expect(try sample.passWhenReached().steps.map(\.step) == [.drop])
        #expect(try sample.pem(.serviceAccountKey, "sa.pub") == key.publicKeyPEM)
        #expect(Set(sample.data(.serviceAccountKey).keys) == ["sa.key", "sa.pub"])
    }

    @Test func `public keys that a user brought along stay through a rotation`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        let foreign = try PrivateKey.generate(.rsa2048).publicKeyPEM
        let data = sample.data(.serviceAccountKey)
        sample.secrets[.serviceAccountKey]?["data"] = [
            "sa.key": .string(Base64.encode(data["sa.key"] ?? [])),
            "sa.pub": .string(Base64.encode((data["sa.pub"] ?? []) + foreign)),
        ]
        #expect(try sample.pass().issued.isEmpty)
        sample.ask(.serviceAccountKey)
        try sample.pass()
        try sample.passWhenReached()
        sample.ask(.serviceAccountKey, Keys.finishRotation)
        try sample.passWhenReached()
        let keys = try PublicKey.all(pem: try sample.pem(.serviceAccountKey, "sa.pub"))
        #expect(
            keys.map(\.pem) == [
                try PrivateKey(pem: try sample.pem(.serviceAccountKey, "sa.key")).publicKeyPEM, foreign,
            ])
    }

    @Test func `an authority near its end is followed by another in time for the overlap`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        let end = try Certificate(pem: try sample.pem(.certificateAuthority, "ca.crt")).notAfter
        sample.now = end.addingTimeInterval(-TimeInterval((720 + 25) * 3600))
        #expect(try sample.pass().steps.isEmpty)
        sample.now = end.addingTimeInterval(-TimeInterval((720 + 23) * 3600))
        #expect(Set(try sample.pass().steps.map(\.component)) == [.certificateAuthority, .frontProxyAuthority])
    }
}
