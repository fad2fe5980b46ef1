import Foundation
import KubeObjects
import PKI
import Prometheus
import Testing

@testable import Probing

/// Upstream's bugs of certificates, replayed: each must be seen.
@Suite("Credentials of a tenant")
struct CertificateTests {
    private let now = Date().timeIntervalSince1970

    private func facts(endpoint: String = "127.0.0.1:6443") -> TenantFacts {
        var object = KubeObject(
            apiVersion: "kamaji.clastix.io/v1alpha1", kind: "TenantControlPlane", name: "prod", namespace: "team")
        object[path: "status", "controlPlaneEndpoint"] = .string(endpoint)
        object[path: "status", "certificates", "apiServer", "secretName"] = "prod-api-server-certificate"
        object[path: "status", "kubeconfig", "admin", "secretName"] = "prod-admin-kubeconfig"
        return TenantFacts(object)
    }

    private func holdings(_ credentials: Credentials) -> CertificateHoldings {
        var holdings = CertificateHoldings()
        for secret in credentials.secrets.values {
            _ = holdings.set(secret: secret.name, SecretReading.certificates(of: secret))
        }
        holdings.datastoreAuthorities = credentials.datastoreAuthority.certificate.pem
        return holdings
    }

    private func problems(
        _ credentials: Credentials, served: Certificate? = nil, at moment: Double? = nil,
        endpoint: String = "127.0.0.1:6443"
    ) -> [String] {
        var holdings = holdings(credentials)
        holdings.served = served.map { HeldCertificate("apiserver", .served, $0) }
        return holdings.findings(facts(endpoint: endpoint), now: moment ?? now).map {
            "\($0.origin.rawValue) \($0.name) \($0.problem.rawValue)"
        }
    }

    @Test("A certificate is known by the fingerprint that everybody computes, an authority with those beside it")
    func fingerprints() throws {
        let (one, other) = (try Credentials.makeAuthority("one"), try Credentials.makeAuthority("other"))
        for certificate in [one.certificate, other.certificate] {
            let held = HeldCertificate("ca", .secret, certificate)
            #expect(held.fingerprint == certificate.fingerprintSHA256Hex && held.fingerprint.count == 64)
        }
        func read(_ pem: [UInt8]) throws -> HeldCertificate {
            var secret = ResourceType.secrets.object(ObjectKey(namespace: "team", name: "prod-ca"))
            secret.labels = ["kamaji.clastix.io/name": "prod", "kamaji.clastix.io/component": "ca"]
            secret["data"] = [
                "ca.crt": .string(Base64.encode(pem)), "ca.key": .string(Base64.encode(one.key.pem)),
            ]
            return try #require(SecretReading.certificates(of: secret).first)
        }
        let both = try read(one.certificate.pem + other.certificate.pem)
        #expect(both.certificate == one.certificate && both.trusted == [one.certificate, other.certificate])
        #expect(both.flaws.isEmpty)
        // What cannot be read beside it takes nothing from the first, and nobody is trusted by it.
        let broken = Array("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".utf8)
        let torn = try read(one.certificate.pem + broken)
        #expect(torn.certificate == one.certificate && torn.trusted.isEmpty)
    }

    private func stored(_ credentials: Credentials) throws -> Certificate {
        let held = holdings(credentials).stored("apiserver")
        return try #require(held?.certificate)
    }

    @Test("A tenant whose credentials belong together has nothing wrong with it")
    func healthy() throws {
        let credentials = try Credentials()
        #expect(problems(credentials, served: try stored(credentials)) == [])
        #expect(holdings(credentials).all.count == 13)
    }

    @Test("The tunnel's kubeconfig was left behind when the authority changed (upstream 1151)")
    func staleTunnelKubeconfig() throws {
        var credentials = try Credentials()
        try credentials.rotateAuthority()
        for component in Credentials.components where component != "ca" && component != "konnectivity-kubeconfig" {
            try credentials.issue(component)
        }
        #expect(
            problems(credentials, served: try stored(credentials)) == [
                "kubeconfig konnectivity-server.conf ca_mismatch", "kubeconfig konnectivity-server.conf chain_invalid",
            ])
    }

    @Test("The tunnel server's certificate was left behind when the authority changed (upstream 975)")
    func staleTunnelCertificate() throws {
        var credentials = try Credentials()
        try credentials.rotateAuthority()
        for component in Credentials.components where component != "ca" && component != "konnectivity-certificate" {
            try credentials.issue(component)
        }
        #expect(
            problems(credentials, served: try stored(credentials)) == ["secret konnectivity chain_invalid"])
    }

    @Test("The service accounts' key was exchanged at once, and every token with it (upstream 1325)")
    func serviceAccountKey() throws {
        var credentials = try Credentials()
        var holdings = holdings(credentials)
        try credentials.issue("sa-certificate")
        let secret = try #require(credentials.secrets["sa-certificate"])
        #expect(holdings.set(secret: secret.name, SecretReading.certificates(of: secret)) == ["sa"])
        #expect(holdings.set(secret: secret.name, SecretReading.certificates(of: secret)) == [])
        credentials.put(
            "sa-certificate",
            [
                "sa.key": try PrivateKey.generate(.ecdsaP256).pem,
                "sa.pub": try PrivateKey.generate(.ecdsaP256).publicKeyPEM,
            ])
        #expect(problems(credentials) == ["secret sa key_mismatch"])
    }

    @Test("Kubeconfigs trust an authority that is no more (upstream 315)")
    func staleKubeconfigs() throws {
        var credentials = try Credentials()
        try credentials.rotateAuthority()
        for component in Credentials.components where component != "ca" && !component.hasSuffix("-kubeconfig") {
            try credentials.issue(component)
        }
        let stale = ["admin.conf", "controller-manager.conf", "konnectivity-server.conf", "scheduler.conf"]
        #expect(
            problems(credentials, served: try stored(credentials))
                == stale.flatMap { ["kubeconfig \($0) ca_mismatch", "kubeconfig \($0) chain_invalid"] })
    }

    @Test("Kubeconfigs were never renewed and expire a year after (upstream 340)")
    func expiredKubeconfig() throws {
        var credentials = try Credentials()
        try credentials.issue("admin-kubeconfig", validity: .seconds(100))
        #expect(problems(credentials, at: now + 90) == [])
        #expect(problems(credentials, at: now + 200) == ["kubeconfig admin.conf expired"])
        #expect(problems(credentials, at: now - 86_400).allSatisfy { $0.hasSuffix("not_yet_valid") })
    }

    @Test("Pods still serve what was stored before, and trust a datastore's former authority (upstream 1191, 1213)")
    func servedIsNotStored() throws {
        var credentials = try Credentials()
        let before = try stored(credentials)
        try credentials.issue("api-server-certificate")
        #expect(problems(credentials, served: before) == ["served apiserver served_mismatch"])
        try credentials.rotateAuthority()
        for component in Credentials.components where component != "ca" { try credentials.issue(component) }
        #expect(
            problems(credentials, served: before) == [
                "served apiserver chain_invalid", "served apiserver served_mismatch",
            ])

        var held = self.holdings(credentials)
        held.servedToAgents = HeldCertificate("konnectivity", .served, before)
        #expect(
            held.findings(facts(), now: now).map { "\($0.origin.rawValue) \($0.name) \($0.problem.rawValue)" } == [
                "served konnectivity chain_invalid", "served konnectivity served_mismatch",
            ])
        held.servedToAgents = HeldCertificate("konnectivity", .served, try stored(credentials))
        #expect(held.findings(facts(), now: now) == [])

        var holdings = holdings(credentials)
        holdings.datastoreAuthorities = try Credentials.makeAuthority("etcd").certificate.pem
        #expect(
            holdings.findings(facts(), now: now).map { "\($0.name) \($0.problem.rawValue)" } == [
                "datastore-ca ca_mismatch"
            ])
    }

    @Test("While an authority is followed by another and both are trusted, nothing is wrong")
    func overlap() throws {
        var credentials = try Credentials()
        let old = credentials.authority.certificate.pem
        try credentials.rotateAuthority()
        credentials.put(
            "ca", ["ca.crt": credentials.authority.certificate.pem + old, "ca.key": credentials.authority.key.pem])
        #expect(problems(credentials, served: try stored(credentials)) == [])
    }

    @Test("What is missing, mixed up or no certificate at all is said")
    func broken() throws {
        var credentials = try Credentials()
        credentials.remove("admin-kubeconfig")
        credentials.put("front-proxy-client-certificate", ["front-proxy-client.crt": Array("nonsense".utf8)])
        let leaf = try Credentials.leaf("apiserver-kubelet-client", by: credentials.authority, client: false)
        credentials.put(
            "api-server-kubelet-client-certificate",
            [
                "apiserver-kubelet-client.crt": leaf.certificate.pem,
                "apiserver-kubelet-client.key": try PrivateKey.generate(.ecdsaP256).pem,
            ])
        credentials.put("scheduler-kubeconfig", ["scheduler.conf": Array("a: [".utf8)])
        #expect(
            problems(credentials, endpoint: "other.example.org:6443") == [
                "kubeconfig admin.conf missing", "kubeconfig scheduler.conf unparsable",
                "secret apiserver san_missing", "secret apiserver-kubelet-client eku_missing",
                "secret apiserver-kubelet-client key_mismatch", "secret front-proxy-client unparsable",
            ])
    }

    @Test("A copy of a Secret, with its labels, is not taken for the tenant's, and nothing is told twice")
    func copies() throws {
        var credentials = try Credentials()
        var holdings = self.holdings(credentials)
        let before = holdings.all
        for component in ["api-server-certificate", "admin-kubeconfig"] {
            let original = try #require(credentials.secrets[component])
            try credentials.issue(component, validity: .seconds(1))
            let other = try #require(credentials.secrets[component])
            for name in ["a-copy-of-\(original.name)", "\(original.name)-before"] {
                _ = holdings.set(secret: name, SecretReading.certificates(of: other))
            }
        }
        #expect(holdings.all == before)
        let samples = CertificateSamples.tenant(facts(), &holdings, now: now)
        let lines = String(decoding: samples.lines["kamaji_cert_not_after_timestamp_seconds"] ?? [], as: UTF8.self)
            .split(separator: "\n").compactMap { $0.split(separator: " ").first }
        #expect(lines.count > 5 && Set(lines).count == lines.count)
        #expect(holdings.findings(facts(), now: now + 1000) == [])
    }

    @Test("No private key is kept of what is read")
    func publicHalves() throws {
        let credentials = try Credentials()
        var text = ""
        dump(holdings(credentials), to: &text)
        let bytes = holdings(credentials).all.flatMap { $0.pem + $0.trustedPEM }
        #expect(!text.contains("PRIVATE"))
        #expect(!String(decoding: bytes, as: UTF8.self).contains("PRIVATE"))
    }

    @Test(
        "A certificate is good for the names it bears",
        arguments: [
            ("127.0.0.1", true), ("127.0.0.2", false), ("tenant.example.org", true), ("TENANT.example.org", true),
            ("x.tenant.example.org", false), ("", false),
        ])
    func names(host: String, isGood: Bool) throws {
        let leaf = try Credentials.leaf("apiserver", by: Credentials.makeAuthority("ca"), client: false)
        #expect(leaf.certificate.isGood(for: host) == isGood)
    }
}
