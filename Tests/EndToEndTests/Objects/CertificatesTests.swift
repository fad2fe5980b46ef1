import Foundation
import KubeObjects
import Testing

/// A certificate of a tenant: which Secret holds it, and what it has to say.
struct ExpectedCertificate: Sendable, CustomTestStringConvertible {
    let secret: String
    let file: String
    /// Secret and key of the authority.
    let authority: (secret: String, file: String)
    let purpose: String
    let subject: String

    var testDescription: String { "\(secret), \(file)" }

    private static let tenant = (secret: "ca", file: "ca.crt")
    private static let frontProxy = (secret: "front-proxy-ca-certificate", file: "front-proxy-ca.crt")

    static let leaves = [
        ExpectedCertificate(
            secret: "api-server-certificate", file: "apiserver", authority: tenant, purpose: "sslserver",
            subject: "CN=kube-apiserver"),
        ExpectedCertificate(
            secret: "api-server-kubelet-client-certificate", file: "apiserver-kubelet-client", authority: tenant,
            purpose: "sslclient", subject: "CN=kube-apiserver-kubelet-client"),
        ExpectedCertificate(
            secret: "front-proxy-client-certificate", file: "front-proxy-client", authority: frontProxy,
            purpose: "sslclient", subject: "CN=front-proxy-client"),
        ExpectedCertificate(
            secret: "konnectivity-certificate", file: "tls", authority: tenant, purpose: "sslclient",
            subject: "CN=system:konnectivity-server"),
    ]
}

extension EndToEnd {
    /// What the manager issued, judged by openssl and kubectl.
    @Suite struct CertificatesTests {
        /// One tenant for all of these tests, made by whichever comes first.
        private func tenant() async throws -> Session {
            let session = try await StandaloneFixture.current.session()
            try await session.must("apply -f FILE", file: Manifests.richTenant("rich"))
            try await session.waitForPhase("Sleeping", of: "rich")
            return session
        }

        @Test func `every leaf stands under its authority, fits its key and is good for its use alone`() async throws {
            let session = try await tenant()
            let openssl = OpenSSL(scratch: session.scratch)
            for expected in ExpectedCertificate.leaves {
                let authority = try #require(
                    try await session.secret("rich-\(expected.authority.secret)")[expected.authority.file])
                let secret = try await session.secret("rich-\(expected.secret)")
                let leaf = try #require(secret["\(expected.file).crt"])
                let key = try #require(secret["\(expected.file).key"])
                let verified = try await openssl.verify(leaf, authority: authority, purpose: expected.purpose)
                #expect(verified.isSuccess, "\(expected.testDescription): \(verified)")
                let other = expected.purpose == "sslserver" ? "sslclient" : "sslserver"
                #expect(
                    try await !openssl.verify(leaf, authority: authority, purpose: other).isSuccess,
                    "\(expected.testDescription) is good for \(other)")
                #expect(
                    try await openssl.publicKey(ofCertificate: leaf) == openssl.publicKey(ofKey: key),
                    "\(expected.testDescription)")
                let text = try await openssl.text(leaf)
                #expect(text.contains("Subject: \(expected.subject)\n"), "\(text)")
                #expect(text.contains("CA:FALSE") && !text.contains("Certificate Sign"), "\(text)")
                #expect(text.contains("Digital Signature"), "\(text)")
                let use = expected.purpose == "sslserver" ? "TLS Web Server" : "TLS Web Client"
                #expect(text.contains("\(use) Authentication\n"), "\(text)")
            }
        }

        @Test func `authorities sign, and nothing else of theirs is trusted`() async throws {
            let session = try await tenant()
            let openssl = OpenSSL(scratch: session.scratch)
            for (secret, file, name) in [
                ("rich-ca", "ca", "kubernetes"),
                ("rich-front-proxy-ca-certificate", "front-proxy-ca", "front-proxy-ca"),
            ] {
                let data = try await session.secret(secret)
                let certificate = try #require(data["\(file).crt"])
                let text = try await openssl.text(certificate)
                #expect(text.contains("Subject: CN=\(name)\n") && text.contains("Issuer: CN=\(name)\n"), "\(text)")
                #expect(text.contains("CA:TRUE") && text.contains("Certificate Sign"), "\(text)")
                #expect(text.contains("Subject Key Identifier"), "\(text)")
                #expect(
                    try await openssl.publicKey(ofCertificate: certificate)
                        == openssl.publicKey(ofKey: try #require(data["\(file).key"])))
                #expect(try await openssl.verify(certificate, authority: certificate, purpose: "any").isSuccess)
            }
            let accounts = try await session.secret("rich-sa-certificate")
            #expect(try await openssl.publicKey(ofKey: try #require(accounts["sa.key"])) == accounts["sa.pub"])
            let authority = try #require(try await session.secret("rich-ca")["ca.crt"])
            let proxy = try #require(
                try await session.secret("rich-front-proxy-client-certificate")["front-proxy-client.crt"])
            #expect(try await !openssl.verify(proxy, authority: authority, purpose: "sslclient").isSuccess)
        }

        @Test func `the API server's certificate names every way to it`() async throws {
            let session = try await tenant()
            let openssl = OpenSSL(scratch: session.scratch)
            let leaf = try #require(try await session.secret("rich-api-server-certificate")["apiserver.crt"])
            let address = try await session.value("svc/rich", ".spec.clusterIP")
            for host in [
                "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
                "localhost", "rich", "rich.\(session.namespace).svc", "rich.\(session.namespace).svc.cluster.local",
                "api.example.com", "127.0.0.1", "10.32.0.1", "192.0.2.7", address,
            ] {
                #expect(try await openssl.accepts(host, of: leaf), "\(host)")
            }
            for host in ["example.com", "www.api.example.com", "10.32.0.2", "192.0.2.8"] {
                #expect(try await !openssl.accepts(host, of: leaf), "\(host)")
            }
        }

        @Test(arguments: Kubectl.all) func `kubeconfigs are loadable, and name the server and a client that it knows`(
            kubectl: Kubectl
        ) async throws {
            let session = try await tenant()
            let openssl = OpenSSL(scratch: session.scratch)
            let authority = try #require(try await session.secret("rich-ca")["ca.crt"])
            let endpoint = try await session.value("tcp/rich", ".status.controlPlaneEndpoint")
            let service = "rich.\(session.namespace).svc:6443"
            for (secret, file, server, subject) in [
                ("admin-kubeconfig", "admin.conf", endpoint, "O=kubeadm:cluster-admins"),
                ("admin-kubeconfig", "admin.svc", service, "O=kubeadm:cluster-admins"),
                ("admin-kubeconfig", "super-admin.conf", endpoint, "O=system:masters"),
                ("admin-kubeconfig", "super-admin.svc", service, "O=system:masters"),
                (
                    "controller-manager-kubeconfig", "controller-manager.conf", "127.0.0.1:6443",
                    "CN=system:kube-controller-manager"
                ),
                ("scheduler-kubeconfig", "scheduler.conf", "127.0.0.1:6443", "CN=system:kube-scheduler"),
                (
                    "konnectivity-kubeconfig", "konnectivity-server.conf", "localhost:6443",
                    "CN=system:konnectivity-server"
                ),
            ] {
                let text = try #require(try await session.secret("rich-\(secret)")[file], "\(secret) has no \(file)")
                let view = try await Programs.run(
                    kubectl.path,
                    [
                        "config", "view", "--raw", "--minify", "-o", "json", "--kubeconfig",
                        try session.scratch.write(text),
                    ],
                    environment: session.environment)
                guard view.isSuccess else {
                    Issue.record("\(file): \(view)")
                    continue
                }
                let json = try JSON(parsing: Array(view.output.utf8))
                #expect(
                    json[path: "clusters"]?[0]?[path: "cluster", "server"]?.string == "https://\(server)", "\(file)")
                func decoded(_ list: String, _ entry: String, _ field: String) throws -> String {
                    let value = try #require(json[list]?[0]?[path: entry, field]?.string, "\(file) has no \(field)")
                    return String(decoding: try #require(Base64.decode(value)), as: UTF8.self)
                }
                #expect(try decoded("clusters", "cluster", "certificate-authority-data") == authority)
                let leaf = try decoded("users", "user", "client-certificate-data")
                #expect(try await openssl.verify(leaf, authority: authority, purpose: "sslclient").isSuccess, "\(file)")
                #expect(try await openssl.text(leaf).contains(subject), "\(file)")
                let key = try decoded("users", "user", "client-key-data")
                #expect(try await openssl.publicKey(ofCertificate: leaf) == openssl.publicKey(ofKey: key), "\(file)")
            }
        }

        @Test func `RSA keys come on request, ECDSA otherwise`() async throws {
            let session = try await StandaloneFixture.current.session()
            let openssl = OpenSSL(scratch: session.scratch)
            for (name, algorithm, expected) in [
                ("rsa", "RSA-2048", "Public-Key: (2048 bit)"), ("ecdsa", "ECDSA-P256", "prime256v1"),
            ] {
                let manifest = Manifests.tenant(name).replacing(
                    "  name: \(name)\n",
                    with: "  name: \(name)\n  annotations: {kamaji.clastix.io/key-algorithm: \(algorithm)}\n")
                try await session.must("apply -f FILE", file: manifest)
                try await session.waitForPhase("Sleeping", of: name)
                let leaf = try #require(try await session.secret("\(name)-api-server-certificate")["apiserver.crt"])
                #expect(try await openssl.text(leaf).contains(expected))
            }
        }
    }
}
