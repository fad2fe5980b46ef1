import Blueprint
import FoundationEssentials
import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Reconciliation

/// A tenant's credentials over several passes, each of which finds the Secrets that the one before it left.
@Suite struct CredentialIssuerTests {
    /// What stands in the cluster between two passes.
    private struct Vault {
        var tenant: TenantControlPlane
        var exposure = Sample.exposure()
        var secrets: [Component: KubeObject] = [:]
        var now = Date(timeIntervalSince1970: 1_800_000_000)
        let datastoreAuthority: CertificateAuthority

        init(_ change: String = "{}") throws {
            tenant = try Sample.tenant(change)
            datastoreAuthority = try Self.authority("etcd-ca")
        }

        static func authority(_ name: String) throws -> CertificateAuthority {
            try .selfSigned(
                CertificateProfiles.authority(name), key: .generate(.ecdsaP256),
                now: Date(timeIntervalSince1970: 1_790_000_000))
        }

        /// One pass, whose Secrets are stored. Gives the components that were issued, in their order.
        mutating func pass() throws -> [Component] {
            let result = try issue()
            for (component, data) in result.credentials { store(data, as: component) }
            return result.issued.map(\.component)
        }

        func issue() throws -> CredentialIssuer.Result {
            let facts = DatastoreFacts(
                name: "bronze", driver: .etcd, endpoints: ["etcd:2379"],
                authorityCertificate: datastoreAuthority.certificate.pem)
            return try CredentialIssuer(
                tenant: tenant, exposure: exposure, facts: facts, datastoreAuthority: datastoreAuthority,
                existing: secrets, judge: CredentialJudge(now: now, renewBefore: .seconds(24 * 3600))
            ).issue()
        }

        mutating func store(_ data: SecretData, as component: Component, annotations: [String: String] = [:]) {
            var secret = ResourceType.secrets.object(
                ObjectKey(namespace: tenant.namespace, name: component.objectName(of: tenant.name)))
            secret.set(data)
            secret.annotations = annotations
            secrets[component] = secret
        }

        func bytes(_ component: Component, _ key: String) throws -> [UInt8] {
            try #require(secrets[component]?.secretData[key], "\(component.rawValue) has no \(key)")
        }

        func certificate(_ component: Component, _ key: String) throws -> Certificate {
            try Certificate(pem: try bytes(component, key))
        }

        func client(_ component: Component, _ key: String) throws -> Certificate {
            try Certificate(pem: try #require(Kubeconfig.clientPair(in: try bytes(component, key))).certificate)
        }

        /// The contents that differ from those of `other`, as `component/key`.
        func differences(from other: Vault) -> Set<String> {
            var names: Set<String> = []
            for (component, secret) in secrets {
                for (key, bytes) in secret.secretData where other.secrets[component]?.secretData[key] != bytes {
                    names.insert("\(component.rawValue)/\(key)")
                }
            }
            return names
        }
    }

    private static let konnectivity = "spec: {addons: {konnectivity: {}}}"
    private static let leaves: [Component] = [
        .apiServerCertificate, .kubeletClientCertificate, .frontProxyClientCertificate, .adminKubeconfig,
        .controllerManagerKubeconfig, .schedulerKubeconfig, .datastoreCertificate,
    ]
    private static let roots: [Component] = [.certificateAuthority, .frontProxyAuthority, .serviceAccountKey]

    @Test func `everything is issued once, and nothing again`() throws {
        var vault = try Vault(Self.konnectivity)
        #expect(try vault.pass() == Self.roots + Self.leaves + [.konnectivityCertificate])
        let first = vault
        #expect(try vault.pass().isEmpty)
        #expect(vault.differences(from: first).isEmpty)
        #expect(
            try vault.certificate(.certificateAuthority, "tls.crt")
                == vault.certificate(.certificateAuthority, "ca.crt"))
        #expect(try vault.bytes(.certificateAuthority, "tls.key") == vault.bytes(.certificateAuthority, "ca.key"))
    }

    @Test func `a leaf is issued anew when its authority changes, and what another authority signed is kept`() throws {
        var vault = try Vault()
        _ = try vault.pass()
        let before = vault
        vault.secrets[.certificateAuthority] = nil
        let issued = try vault.pass()
        #expect(
            issued == [
                .certificateAuthority, .apiServerCertificate, .kubeletClientCertificate, .adminKubeconfig,
                .controllerManagerKubeconfig, .schedulerKubeconfig,
            ])
        let authority = try vault.certificate(.certificateAuthority, "ca.crt")
        #expect(try vault.certificate(.apiServerCertificate, "apiserver.crt").isIssued(by: authority))
        #expect(try vault.client(.schedulerKubeconfig, "scheduler.conf").isIssued(by: authority))
        let kept = vault.differences(from: before)
        #expect(!kept.contains { $0.hasPrefix("front-proxy") || $0.hasPrefix("datastore") || $0.hasPrefix("sa-") })
    }

    @Test func `an authority that a user brought along is adopted with all that stands beside it`() throws {
        var vault = try Vault()
        let own = try Vault.authority("my-own-ca")
        vault.store(
            ["ca.crt": own.certificate.pem, "ca.key": own.key.pem, "note": Array("mine".utf8)],
            as: .certificateAuthority)
        #expect(try !vault.pass().contains(.certificateAuthority))
        #expect(try vault.bytes(.certificateAuthority, "ca.key") == own.key.pem)
        #expect(try vault.bytes(.certificateAuthority, "note") == Array("mine".utf8))
        #expect(try vault.certificate(.apiServerCertificate, "apiserver.crt").isIssued(by: own.certificate))
    }

    @Test func `an authority whose key is another's is not adopted`() throws {
        var vault = try Vault()
        let (own, other) = (try Vault.authority("own"), try Vault.authority("other"))
        vault.store(["ca.crt": own.certificate.pem, "ca.key": other.key.pem], as: .certificateAuthority)
        #expect(try vault.pass().first == .certificateAuthority)
        #expect(try vault.bytes(.certificateAuthority, "ca.crt") != own.certificate.pem)
    }

    @Test(arguments: leaves) func `the annotation rotates its own credential and no other`(component: Component) throws
    {
        var vault = try Vault()
        _ = try vault.pass()
        let before = vault
        vault.secrets[component]?.annotations[Keys.rotate] = ""
        #expect(try vault.pass() == [component])
        let changed = vault.differences(from: before)
        #expect(!changed.isEmpty && changed.allSatisfy { $0.hasPrefix("\(component.rawValue)/") }, "\(changed)")
        // A time in it says that it was done.
        vault.secrets[component]?.annotations[Keys.rotate] = "2026-01-01T00:00:00Z"
        #expect(try vault.pass().isEmpty)
    }

    @Test func `administrators' two kubeconfigs are both rotated, and hold clients of different names`() throws {
        var vault = try Vault()
        _ = try vault.pass()
        let before = vault
        vault.secrets[.adminKubeconfig]?.annotations[Keys.rotate] = ""
        let result = try vault.issue()
        #expect(result.issued.map(\.component) == [.adminKubeconfig])
        _ = try vault.pass()
        for (key, name, groups) in [
            ("admin", "kubernetes-admin", ["kubeadm:cluster-admins"]),
            ("super-admin", "kubernetes-super-admin", ["system:masters"]),
        ] {
            let client = try vault.client(.adminKubeconfig, "\(key).conf")
            #expect(client.commonName == name)
            #expect(client.organizations == groups)
            #expect(try client == vault.client(.adminKubeconfig, "\(key).svc"))
            #expect(try client != before.client(.adminKubeconfig, "\(key).conf"))
        }
    }

    @Test func `a kubeconfig that lost one of its two files gets it back, and the other stays`() throws {
        var vault = try Vault()
        _ = try vault.pass()
        let before = vault
        for key in ["admin.conf", "admin.svc"] { vault.secrets[.adminKubeconfig]?[path: "data", key] = nil }
        #expect(try vault.pass() == [.adminKubeconfig])
        #expect(vault.differences(from: before) == ["admin-kubeconfig/admin.conf", "admin-kubeconfig/admin.svc"])
    }

    @Test func `another address moves the kubeconfigs, but not the clients in them`() throws {
        var vault = try Vault()
        _ = try vault.pass()
        let before = vault
        vault.exposure = Sample.exposure("10.96.8.8")
        // The server's own certificate has to name it.
        #expect(try vault.pass() == [.apiServerCertificate])
        #expect(try vault.client(.adminKubeconfig, "admin.conf") == before.client(.adminKubeconfig, "admin.conf"))
        let text = String(decoding: try vault.bytes(.adminKubeconfig, "admin.conf"), as: UTF8.self)
        #expect(text.contains("https://10.96.8.8:6443") && !text.contains("10.96.7.7"))
        #expect(try vault.certificate(.apiServerCertificate, "apiserver.crt").ipAddresses.contains("10.96.8.8"))
    }

    @Test(arguments: [Component.konnectivityCertificate, .konnectivityKubeconfig])
    func `the tunnel's certificate and kubeconfig are renewed together`(annotated: Component) throws {
        var vault = try Vault(Self.konnectivity)
        _ = try vault.pass()
        let before = vault
        vault.secrets[annotated]?.annotations[Keys.rotate] = ""
        #expect(try vault.pass() == [.konnectivityCertificate])
        #expect(
            vault.differences(from: before) == [
                "konnectivity-certificate/tls.crt", "konnectivity-certificate/tls.key",
                "konnectivity-kubeconfig/konnectivity-server.conf",
            ])
        #expect(
            try vault.client(.konnectivityKubeconfig, "konnectivity-server.conf")
                == vault.certificate(.konnectivityCertificate, "tls.crt"))
    }

    @Test func `without konnectivity nothing of it is issued`() throws {
        var vault = try Vault()
        _ = try vault.pass()
        #expect(vault.secrets[.konnectivityCertificate] == nil && vault.secrets[.konnectivityKubeconfig] == nil)
    }

    @Test func `leaves are renewed a day before their end, which is the time that was named, and roots are not`() throws
    {
        var vault = try Vault()
        _ = try vault.pass()
        let renewal = try #require(try vault.issue().nextRenewal)
        let end = try vault.certificate(.apiServerCertificate, "apiserver.crt").notAfter
        #expect(end.timeIntervalSince(renewal) == 24 * 3600)
        vault.now = renewal.addingTimeInterval(-1)
        #expect(try vault.pass().isEmpty)
        vault.now = renewal
        #expect(try vault.pass() == Self.leaves)
        #expect(try #require(try vault.issue().nextRenewal) > renewal)
    }

    @Test func `etcd's client is the tenant's own, and a kine store's the DataStore's`() throws {
        var vault = try Vault()
        _ = try vault.pass()
        let client = try vault.certificate(.datastoreCertificate, "server.crt")
        #expect(client.commonName == vault.tenant.storageIdentity.user)
        #expect(client.isIssued(by: vault.datastoreAuthority.certificate))

        let shared = DatastoreFacts(
            name: "silver", driver: .postgreSQL, endpoints: ["db:5432"], authorityCertificate: Array("authority".utf8),
            clientCertificate: Array("certificate".utf8), clientKey: Array("key".utf8))
        let issuer = CredentialIssuer(
            tenant: vault.tenant, exposure: vault.exposure, facts: shared, datastoreAuthority: nil,
            existing: vault.secrets, judge: CredentialJudge(now: vault.now, renewBefore: .seconds(60)))
        let result = try issuer.issue()
        #expect(
            result.credentials[.datastoreCertificate] == [
                "ca.crt": Array("authority".utf8), "server.crt": Array("certificate".utf8),
                "server.key": Array("key".utf8),
            ])
    }
}
