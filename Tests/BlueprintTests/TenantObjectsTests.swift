import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct TenantObjectsTests {
    private static let named = [
        "Secret green-datastore-config", "ConfigMap green-kubeadmconfig", "Secret green-ca",
        "Secret green-front-proxy-ca-certificate", "Secret green-sa-certificate",
        "Secret green-api-server-certificate", "Secret green-api-server-kubelet-client-certificate",
        "Secret green-front-proxy-client-certificate", "Secret green-admin-kubeconfig",
        "Secret green-controller-manager-kubeconfig", "Secret green-scheduler-kubeconfig",
        "Secret green-datastore-certificate", "Secret green-konnectivity-certificate",
        "Secret green-konnectivity-kubeconfig", "ConfigMap green-konnectivity-egress-selector-configuration",
        "Deployment green",
    ]

    @Test func `a tenant with a tunnel is made of these objects`() throws {
        let objects = try Sample.tenant("spec: {addons: {konnectivity: {}}}").everything()
        #expect(Set(objects.map { "\($0.object.kind) \($0.object.name)" }) == Set(Self.named))
        #expect(objects.count == Self.named.count)
        #expect(objects.last?.component == .deployment)
    }

    @Test func `every object is labelled, owned, and in the tenant's namespace`() throws {
        let tenant = try Sample.tenant("spec: {addons: {konnectivity: {}}}")
        for managed in tenant.everything() {
            let object = managed.object
            #expect(object.namespace == "tenants")
            #expect(object.labels["kamaji.clastix.io/project"] == "kamaji")
            #expect(object.labels["kamaji.clastix.io/name"] == "green")
            #expect(object.labels["kamaji.clastix.io/component"] == managed.component.rawValue)
            #expect(object.ownerReferences == [OwnerReference(controller: tenant.object)])
        }
    }

    @Test func `Secrets say what they hold, and whether it expires`() throws {
        let objects = try Sample.tenant("spec: {addons: {konnectivity: {}}}").everything()
        let lifecycle = Dictionary(grouping: objects.filter { $0.type == .secrets }) {
            $0.object.labels["kamaji.clastix.io/certificate_lifecycle_controller"] ?? "none"
        }.mapValues { Set($0.map(\.component)) }
        #expect(
            lifecycle == [
                "x509": [
                    .apiServerCertificate, .kubeletClientCertificate, .frontProxyClientCertificate,
                    .datastoreCertificate, .konnectivityCertificate,
                ],
                "kubeconfig": [
                    .adminKubeconfig, .controllerManagerKubeconfig, .schedulerKubeconfig, .konnectivityKubeconfig,
                ],
                "none": [.certificateAuthority, .frontProxyAuthority, .serviceAccountKey, .datastoreConfiguration],
            ])
        for managed in objects where managed.type == .secrets {
            #expect(
                managed.object["type"]
                    == (managed.component == .konnectivityCertificate ? "kubernetes.io/tls" : "Opaque"))
            #expect(
                managed.object.annotations["kamaji.clastix.io/checksum"]
                    == Checksum.md5(of: managed.object.secretData))
        }
    }

    @Test(arguments: [
        (Sample.etcd, ""), (Sample.postgreSQL, "postgres.system.svc:5432"), (Sample.sqlite, "/var/lib/tenants"),
    ])
    func `the datastore's credentials are held until its data is gone`(facts: DatastoreFacts, address: String) throws {
        let secret = try Sample.tenant("spec: {dataStoreUsername: user}")
            .datastoreConfiguration(facts, password: "pass").object
        #expect(secret.finalizers == ["finalizer.kamaji.clastix.io/datastore-secret"])
        #expect(
            secret.secretData.mapValues { String(decoding: $0, as: UTF8.self) } == [
                "DB_CONNECTION_STRING": address, "DB_SCHEMA": "3f0a6a52-8e0b-4d8e-9a52-0a7c5a1f9d11",
                "DB_USER": "user", "DB_PASSWORD": "pass",
            ])
    }

    @Test func `a store that lends its own credentials has them in every tenant's Secret`() throws {
        var facts = Sample.postgreSQL
        (facts.driver, facts.sharedUser, facts.sharedPassword) = (.nats, "shared", "word")
        let data = try Sample.tenant().datastoreConfiguration(facts, password: "own").object.secretData
        #expect(data["DB_USER"] == Array("shared".utf8))
        #expect(data["DB_PASSWORD"] == Array("word".utf8))
    }

    @Test func `a password is kept while its Secret is as we wrote it`() throws {
        var secret = try Sample.tenant().datastoreConfiguration(Sample.etcd, password: "pass").object
        #expect(TenantControlPlane.keptPassword(in: secret) == "pass")
        secret[path: "data", "DB_PASSWORD"] = .string(Base64.encode(Array("tampered".utf8)))
        #expect(TenantControlPlane.keptPassword(in: secret) == nil)
        #expect(TenantControlPlane.keptPassword(in: nil) == nil)
    }

    @Test(arguments: [
        (
            "{}",
            [
                Component.ingress, .route, .konnectivityRoute, .egressSelector, .konnectivityCertificate,
                .konnectivityKubeconfig,
            ]
        ),
        ("{addons: {konnectivity: {}}}", [.ingress, .route, .konnectivityRoute]),
        (
            "{addons: {konnectivity: {}}, controlPlane: {gateway: {hostname: a}, ingress: {hostname: a}}}", []
        ),
        (
            "{controlPlane: {gateway: {hostname: a}}}",
            [.ingress, .konnectivityRoute, .egressSelector, .konnectivityCertificate, .konnectivityKubeconfig]
        ),
    ])
    func `what the spec does not ask for is to be removed`(spec: String, absent: [Component]) throws {
        // The sample's one replica has no disruption budget.
        #expect(try Set(Sample.tenant("spec: \(spec)").absentComponents) == Set(absent + [.disruptionBudget]))
    }

    @Test func `a credential that is missing makes no Secret`() throws {
        let objects = try Sample.tenant().objects(
            Sample.exposure, Sample.etcd, credentials: [:], password: "x", settings: BlueprintSettings(),
            replicasAreForeign: false, servesTLSRoutes: false)
        #expect(objects.map(\.component) == [.datastoreConfiguration, .kubeadmConfiguration, .deployment])
    }
}
