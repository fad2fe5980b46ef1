import Foundation
import Testing

@testable import PKI

@Suite("Issuing certificates")
struct IssuingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func verify(_ leaf: Certificate, under authority: CertificateAuthority, purpose: String) throws
        -> OpenSSLCommand
    {
        let leaf = try folder.file("leaf.pem", leaf.pem)
        let authority = try folder.file("ca.pem", authority.certificate.pem)
        return try OpenSSLCommand(["verify", "-x509_strict", "-purpose", purpose, "-CAfile", authority, leaf])
    }

    private func text(_ certificate: Certificate) throws -> String {
        try .init(OpenSSLCommand.output("x509", "-noout", "-text", "-in", folder.file("text.pem", certificate.pem)))
    }

    @Test(
        "OpenSSL accepts a server's and a client's certificate, each for its purpose only",
        arguments: KeyAlgorithm.allCases)
    func purposes(algorithm: KeyAlgorithm) throws {
        let authority = try Sample.authority(algorithm)
        let server = try authority.issue(Sample.server, to: .generate(algorithm), now: Sample.now)
        let client = try authority.issue(Sample.client, to: .generate(algorithm), now: Sample.now)
        for (certificate, purpose, isFit) in [
            (server, "sslserver", true), (server, "sslclient", false), (client, "sslclient", true),
            (client, "sslserver", false),
        ] {
            let verdict = try verify(certificate, under: authority, purpose: purpose)
            #expect((verdict.status == 0) == isFit, "\(certificate) as \(purpose): \(verdict.output)")
        }
    }

    @Test("A certificate is refused under an authority that only has the same name")
    func foreignAuthority() throws {
        let authority = try Sample.authority()
        let namesake = try Sample.authority()
        let leaf = try authority.issue(Sample.client, to: .generate(.ecdsaP256), now: Sample.now)
        #expect(leaf.isIssued(by: authority.certificate))
        #expect(!leaf.isIssued(by: namesake.certificate))
        #expect(!leaf.isIssued(by: leaf))
        #expect(authority.certificate.isIssued(by: authority.certificate))
        #expect(try verify(leaf, under: authority, purpose: "sslclient").status == 0)
        #expect(try verify(leaf, under: namesake, purpose: "sslclient").status != 0)
    }

    @Test("OpenSSL shows the names, usages and groups of the profile")
    func shownText() throws {
        let authority = try Sample.authority()
        let server = try text(authority.issue(Sample.server, to: .generate(.rsa2048), now: Sample.now))
        for line in [
            "DNS:kubernetes, DNS:kubernetes.default.svc, DNS:*.example.com, IP Address:10.96.0.1, "
                + "IP Address:FD00:0:0:0:0:0:0:1, IP Address:192.0.2.7",
            "Digital Signature, Key Encipherment", "TLS Web Server Authentication", "CA:FALSE", "CN = kube-apiserver",
            "Issuer: CN = kubernetes", "Public-Key: (2048 bit)", "X509v3 Authority Key Identifier", "Version: 3 (0x2)",
        ] {
            #expect(server.contains(line), "\(line) is missing in \(server)")
        }
        let client = try text(authority.issue(Sample.client, to: .generate(.ecdsaP256), now: Sample.now))
        for line in [
            "Subject: O = system:masters + O = kubeadm:cluster-admins, CN = kubernetes-admin",
            "TLS Web Client Authentication", "ASN1 OID: prime256v1",
        ] {
            #expect(client.contains(line), "\(line) is missing in \(client)")
        }
        let root = try text(authority.certificate)
        for line in [
            "CA:TRUE", "Digital Signature, Key Encipherment, Certificate Sign", "X509v3 Subject Key Identifier",
        ] {
            #expect(root.contains(line), "\(line) is missing in \(root)")
        }
    }

    @Test("What is read back is what the profile said")
    func roundTrip() throws {
        let authority = try Sample.authority()
        let key = try PrivateKey.generate(.ecdsaP256)
        let server = try Certificate(pem: authority.issue(Sample.server, to: key, now: Sample.now).pem)
        #expect(server.commonName == "kube-apiserver")
        #expect(server.issuerCommonName == "kubernetes")
        #expect(server.dnsNames == Sample.server.dnsNames)
        #expect(server.ipAddresses == ["10.96.0.1", "fd00::1", "192.0.2.7"])
        #expect(server.keyUsages == [.digitalSignature, .keyEncipherment])
        #expect(server.extendedKeyUsages == [.serverAuth])
        #expect(!server.isAuthority)
        #expect(server.keyDescription == "ECDSA P-256")
        #expect(server.publicKeyPEM == key.publicKeyPEM)
        let client = try authority.issue(Sample.client, to: key, now: Sample.now)
        #expect(client.organizations == Sample.client.organizations)
        #expect(client.serialHex != server.serialHex)
        #expect(client.serialHex.count == 32)
    }

    @Test("A name longer than X.520 allows, and one beyond ASCII, are written")
    func unusualNames() throws {
        let authority = try Sample.authority()
        for name in ["system:serviceaccount:" + String(repeating: "n", count: 63) + ":default", "Zürich—東京"] {
            var profile = Sample.client
            profile.commonName = name
            #expect(try authority.issue(profile, to: .generate(.ecdsaP256), now: Sample.now).commonName == name)
        }
    }

    @Test(
        "A profile that cannot be encoded is refused, and the message names the field",
        arguments: [
            ("commonName", CertificateProfile(commonName: "", validity: .seconds(1))),
            ("dnsNames", CertificateProfile(commonName: "a", dnsNames: ["a..b"], validity: .seconds(1))),
            ("dnsNames", CertificateProfile(commonName: "a", dnsNames: ["*"], validity: .seconds(1))),
            ("ipAddresses", CertificateProfile(commonName: "a", ipAddresses: ["10.0.0.256"], validity: .seconds(1))),
            ("ipAddresses", CertificateProfile(commonName: "a", ipAddresses: ["::1\0"], validity: .seconds(1))),
            ("validity", CertificateProfile(commonName: "a", validity: .zero)),
            ("validity", CertificateProfile(commonName: "a", validity: .seconds(Int64.max))),
            (
                "extended key usage",
                CertificateProfile(
                    commonName: "a", extendedKeyUsages: [ExtendedKeyUsage(rawValue: "x")], validity: .seconds(1))
            ),
        ])
    func invalidProfile(field: String, profile: CertificateProfile) throws {
        let authority = try Sample.authority()
        let error = #expect(throws: PKIError.self) {
            try authority.issue(profile, to: .generate(.ecdsaP256), now: Sample.now)
        }
        #expect(error?.code == .invalidProfile)
        #expect(error?.message.contains(field) == true, "\(error?.message ?? "")")
    }
}
