import FoundationEssentials
import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KubeconfigGenerationTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let judge = CredentialJudge(now: now, renewBefore: .seconds(24 * 3600))

    private let authority: CertificateAuthority
    private let tenant: TenantControlPlane

    init() throws {
        authority = try .selfSigned(
            CertificateProfiles.authority("kubernetes"), key: .generate(.ecdsaP256), now: Self.now)
        tenant = try Sample.tenant("metadata: {labels: {team: blue, empty: ''}}")
    }

    private static func generator(_ spec: String = "user: {stringValue: robot}") throws -> KubeconfigGenerator {
        let spec = try #require(try YAML.parse(spec).first)
        return try KubeconfigGenerator(
            KubeObject([
                "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "KubeconfigGenerator",
                "metadata": ["name": "robots", "uid": "g", "generation": 1], "spec": spec,
            ]))
    }

    /// The tenant's own kubeconfig of this server.
    private func template(_ server: String = "https://10.0.0.1:6443", _ signer: CertificateAuthority? = nil)
        -> Kubeconfig
    {
        Kubeconfig(
            clusterName: "green", server: server, certificateAuthorityPEM: (signer ?? authority).certificate.pem,
            userName: "kubernetes-admin", clientCertificatePEM: Array("admin".utf8), clientKeyPEM: Array("key".utf8))
    }

    private func secret(_ generator: KubeconfigGenerator, at now: Date = now) throws -> KubeObject {
        let judge = CredentialJudge(now: now, renewBefore: .seconds(24 * 3600))
        let made = try generator.issue(
            generator.subject(in: tenant.object), template: template(), authority: authority, algorithm: .ecdsaP256,
            judge: judge)
        return generator.secret(for: tenant, made.kubeconfig)
    }

    private func reason(
        _ live: KubeObject?, _ generator: KubeconfigGenerator, template: Kubeconfig? = nil,
        authority signer: CertificateAuthority? = nil, judge: CredentialJudge = judge
    ) throws -> String? {
        switch generator.decide(
            live, try generator.subject(in: tenant.object), template: template ?? self.template(),
            authority: (signer ?? authority).certificate, judge: judge)
        {
        case .keep: nil
        case .rewrite(_, _, let reason): "rewritten: \(reason)"
        case .issue(_, let reason): "issued: \(reason)"
        }
    }

    @Test func `user and groups are given, or read in the tenant, each group once`() throws {
        let generator = try Self.generator(
            """
            user: {fromDefinition: metadata.name}
            groups:
              - {stringValue: writers}
              - {fromDefinition: metadata.labels.team}
              - {fromDefinition: spec.kubernetes.version}
              - {stringValue: blue}
            """)
        let subject = try generator.subject(in: tenant.object)
        #expect(subject == KubeconfigSubject(user: "green", groups: ["blue", "v1.36.0", "writers"]))
    }

    @Test(arguments: [
        (
            "metadata.labels.colour",
            #"spec.user: provided dot notation "metadata.labels.colour" is not found in the tenant"#
        ),
        ("metadata.name.more", #"spec.user: provided dot notation "metadata.name.more" is not found in the tenant"#),
        (".", #"spec.user: provided dot notation "." is not found in the tenant"#),
        ("metadata", #"spec.user: "metadata" in the tenant is an object, and has to be a string"#),
        (
            "metadata.generation",
            #"spec.user: "metadata.generation" in the tenant is an integer, and has to be a string"#
        ),
        (
            "metadata.labels.empty",
            #"spec.user: "metadata.labels.empty" in the tenant is empty, and has to be a string"#
        ),
    ])
    func `a path that leads to no string says so`(path: String, message: String) throws {
        let generator = try Self.generator("user: {fromDefinition: '\(path)'}")
        #expect(throws: GenerationFailure(message)) { try generator.subject(in: tenant.object) }
    }

    @Test func `the clusters are those of the tenant's kubeconfig that is named`() throws {
        let secret = KubeObject([
            "metadata": ["name": "green-admin-kubeconfig"],
            "data": [
                "admin.conf": .string(Base64.encode(Array(template("https://public:443").yaml.utf8))),
                "admin.svc": .string(Base64.encode(Array(template("https://green.tenants.svc:6443").yaml.utf8))),
                "broken": .string(Base64.encode(Array("nothing".utf8))),
            ],
        ])
        let byDefault = try Self.generator().template(in: secret)
        #expect(byDefault.cluster("green")?.server == "https://green.tenants.svc:6443")
        let named = try Self.generator("{user: {stringValue: a}, controlPlaneEndpointFrom: admin.conf}")
        #expect(try named.template(in: secret).cluster("green")?.server == "https://public:443")
        let missing = try Self.generator("{user: {stringValue: a}, controlPlaneEndpointFrom: other}")
        #expect(
            throws: GenerationFailure(
                "spec.controlPlaneEndpointFrom: Secret green-admin-kubeconfig has no key \"other\", but admin.conf, "
                    + "admin.svc, broken")
        ) { try missing.template(in: secret) }
        let broken = try Self.generator("{user: {stringValue: a}, controlPlaneEndpointFrom: broken}")
        #expect(throws: GenerationFailure.self) { try broken.template(in: secret) }
    }

    @Test func `the Secret is the tenant's, labelled as upstream does, and names the generator's client`() throws {
        let generator = try Self.generator("{user: {stringValue: ada}, groups: [{stringValue: b}, {stringValue: a}]}")
        let secret = try secret(generator)
        #expect(secret.key == ObjectKey(namespace: "tenants", name: "green-robots"))
        #expect(
            secret.labels == [
                "kamaji.clastix.io/managed-by": "robots", "kamaji.clastix.io/managed-for": "green",
                "kamaji.clastix.io/certificate_lifecycle_controller": "kubeconfig",
            ])
        #expect(secret.ownerReferences == [OwnerReference(controller: tenant.object)])
        #expect(secret["type"] == "Opaque")
        #expect(Array(secret.secretData.keys) == ["value"])
        let text = String(decoding: try #require(secret.secretData["value"]), as: UTF8.self)
        let kubeconfig = try Kubeconfig(yaml: text)
        #expect(kubeconfig.currentContext == "robots" && kubeconfig.contextNames == ["robots"])
        #expect(kubeconfig.context("robots")?.user == "robots" && kubeconfig.context("robots")?.cluster == "green")
        #expect(kubeconfig.cluster("green")?.server == "https://10.0.0.1:6443")
        #expect(kubeconfig.user("kubernetes-admin") == nil, "the administrator's client has no place in it")
        let client = try Certificate(pem: try #require(kubeconfig.currentUser?.clientCertificateData))
        #expect(client.commonName == "ada" && Set(client.organizations) == ["a", "b"])
        #expect(client.isIssued(by: authority.certificate) && client.extendedKeyUsages == [.clientAuth])
        #expect(client.notAfter.timeIntervalSince(Self.now) == 365 * 24 * 3600)
    }

    @Test func `what serves is kept, and its renewal is ahead of its expiry`() throws {
        let generator = try Self.generator()
        let live = try secret(generator)
        let decision = generator.decide(
            live, try generator.subject(in: tenant.object), template: template(), authority: authority.certificate,
            judge: Self.judge)
        #expect(decision == .keep(renewal: Self.now.addingTimeInterval(364 * 24 * 3600)))
    }

    @Test func `a new server or a new text of the authority keeps the client`() throws {
        let generator = try Self.generator()
        let live = try secret(generator)
        let changed = "rewritten: its server or the authority behind it changed"
        #expect(try reason(live, generator, template: template("https://10.0.0.2:6443")) == changed)
        var bundle = template()
        bundle = Kubeconfig(
            clusterName: "green", server: "https://10.0.0.1:6443",
            certificateAuthorityPEM: authority.certificate.pem + authority.certificate.pem, userName: "a",
            clientCertificatePEM: [], clientKeyPEM: [])
        #expect(try reason(live, generator, template: bundle) == changed)
    }

    @Test func `what does not serve any more is issued anew, and says why`() throws {
        let generator = try Self.generator()
        let live = try secret(generator)
        #expect(try reason(live, generator) == nil)
        #expect(try reason(nil, generator) == "issued: the Secret was not there")
        #expect(
            try reason(live, Self.generator("user: {stringValue: other}")) == "issued: it names somebody else")
        #expect(
            try reason(live, Self.generator("{user: {stringValue: robot}, groups: [{stringValue: g}]}"))
                == "issued: it names somebody else")
        let late = CredentialJudge(
            now: Self.now.addingTimeInterval(364 * 24 * 3600), renewBefore: .seconds(24 * 3600))
        #expect(try reason(live, generator, judge: late)?.hasPrefix("issued: it expires at ") == true)
        let other = try CertificateAuthority.selfSigned(
            CertificateProfiles.authority("kubernetes"), key: .generate(.ecdsaP256), now: Self.now)
        #expect(
            try reason(live, generator, template: template("https://10.0.0.1:6443", other), authority: other)
                == "issued: another authority issued it")
        var asked = live
        asked.annotations[Keys.rotate] = ""
        #expect(try reason(asked, generator) == "issued: its rotation was asked for")
        asked.annotations[Keys.rotate] = "2026-01-01T00:00:00Z"
        #expect(try reason(asked, generator) == nil)
        for text in ["", "users: 1", "kind: Pod", "{current-context: a}"] {
            var broken = live
            broken["data"] = ["value": .string(Base64.encode(Array(text.utf8)))]
            #expect(try reason(broken, generator) == "issued: it cannot be read")
        }
    }

    @Test func `a Secret of somebody else is not taken`() throws {
        let generator = try Self.generator()
        let live = try secret(generator)
        try generator.claim(live, for: tenant.key)
        for (label, value) in [(Keys.managedBy, "others"), (Keys.managedFor, "red")] {
            var foreign = live
            foreign.labels[label] = value
            #expect(throws: GenerationFailure.self) { try generator.claim(foreign, for: tenant.key) }
        }
    }

    @Test func `a report counts who is served and names who is not`() {
        var report = GenerationReport()
        report.resources = 3
        #expect(
            report.status(generation: 7)
                == ["observedGeneration": 7, "resources": 3, "availableResources": 3])
        report.failures = ["b/y": "why", "a/x": "because"]
        #expect(
            report.status(generation: 8) == [
                "observedGeneration": 8, "resources": 3, "availableResources": 1,
                "errors": [["resource": "a/x", "message": "because"], ["resource": "b/y", "message": "why"]],
            ])
    }
}
