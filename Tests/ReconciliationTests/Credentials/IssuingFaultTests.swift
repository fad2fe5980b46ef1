import Blueprint
import Foundation
import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Reconciliation

/// Faults that upstream's certificates and kubeconfigs have (parity sheet, 13.1), and ours must not.
@Suite struct IssuingFaultTests {
    @Test func `validity is counted from the moment of issue, however long the manager runs`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        sample.now.addTimeInterval(400 * 24 * 3600)
        let result = try sample.pass()
        #expect(result.issued.contains { $0.component == .apiServerCertificate })
        let leaf = try Certificate(pem: try sample.pem(.apiServerCertificate, "apiserver.crt"))
        #expect(leaf.notAfter == sample.now.addingTimeInterval(8760 * 3600))
        #expect(try sample.pass().issued.isEmpty, "what was just issued is not issued again")
    }

    @Test func `rotation of the admin kubeconfig renews the administrator's and the super-administrator's`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        func users(_ sample: IssuingSample) throws -> [[UInt8]?] {
            try ["admin.conf", "admin.svc", "super-admin.conf", "super-admin.svc"].map {
                try sample.kubeconfig(.adminKubeconfig, $0).currentUser?.clientCertificateData
            }
        }
        let before = try users(sample)
        sample.ask(.adminKubeconfig)
        try sample.pass()
        for (old, new) in zip(before, try users(sample)) { #expect(old != new && new != nil) }
    }

    @Test func `an address that changes reaches every kubeconfig and keeps their clients`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        let before = try sample.kubeconfig(.adminKubeconfig, "super-admin.conf")
        sample.exposure = IssuingSample.exposure("tenant.example")
        try sample.pass()
        for key in ["admin.conf", "super-admin.conf"] {
            #expect(
                try sample.kubeconfig(.adminKubeconfig, key).currentCluster?.server == "https://tenant.example:6443")
        }
        let after = try sample.kubeconfig(.adminKubeconfig, "super-admin.conf")
        #expect(after.currentUser?.clientCertificateData == before.currentUser?.clientCertificateData)
        #expect(
            try Certificate(pem: try sample.pem(.apiServerCertificate, "apiserver.crt")).dnsNames
                .contains("tenant.example"))
    }

    @Test(arguments: Component.allCases.filter { $0.type == .secrets && $0 != .datastoreConfiguration })
    func `a Secret that was emptied is filled again`(component: Component) throws {
        var sample = try IssuingSample()
        try sample.pass()
        guard let keys = sample.secrets[component]?.secretData.keys.sorted() else { return }
        sample.secrets[component]?["data"] = nil
        try sample.pass()
        #expect(sample.data(component).keys.sorted() == keys)
        #expect(sample.data(component).values.allSatisfy { !$0.isEmpty })
    }

    @Test(arguments: [Component.konnectivityCertificate, .konnectivityKubeconfig])
    func `the tunnel's certificate and kubeconfig are renewed together and start the pods anew`(asked: Component) throws
    {
        var sample = try IssuingSample()
        func annotations(_ sample: IssuingSample) -> [String: JSON] {
            let facts = DatastoreFacts(name: "default", driver: .sqlite, endpoints: ["/var/lib/tenants"])
            let deployment = sample.tenant.deployment(
                sample.exposure, facts, credentials: sample.secrets.mapValues(\.secretData),
                settings: BlueprintSettings())
            return deployment.object[path: "spec", "template", "metadata", "annotations"]?.object ?? [:]
        }
        try sample.pass()
        let before = (sample.data(.konnectivityCertificate), annotations(sample))
        sample.ask(asked)
        try sample.pass()
        let certificate = try sample.pem(.konnectivityCertificate, "tls.crt")
        #expect(certificate != before.0["tls.crt"])
        #expect(
            try sample.kubeconfig(.konnectivityKubeconfig, "konnectivity-server.conf").currentUser?
                .clientCertificateData == certificate)
        #expect(annotations(sample) != before.1)
    }

    @Test func `the tunnel's client is no system administrator and lives as long as other leaves`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        let certificate = try Certificate(pem: try sample.pem(.konnectivityCertificate, "tls.crt"))
        #expect(certificate.organizations.isEmpty)
        #expect(certificate.extendedKeyUsages == [.clientAuth])
        #expect(certificate.notAfter <= sample.now.addingTimeInterval(8760 * 3600))
    }

    @Test func `no kubeconfig's expiry hides behind another's`() throws {
        var sample = try IssuingSample()
        try sample.pass()
        // The administrator's lives on; only the super-administrator's is at its end.
        let authority = try CertificateAuthority(
            certificate: Certificate(pem: try sample.pem(.certificateAuthority, "ca.crt")),
            key: PrivateKey(pem: try sample.pem(.certificateAuthority, "ca.key")))
        let key = try PrivateKey.generate(.ecdsaP256)
        let short = try authority.issue(
            CertificateProfile(
                commonName: "kubernetes-super-admin", organizations: ["system:masters"],
                extendedKeyUsages: [.clientAuth], validity: .seconds(3600)), to: key, now: sample.now)
        for name in ["super-admin.conf", "super-admin.svc"] {
            let text = sample.tenant.kubeconfig(
                server: "https://10.96.7.7:6443", authorityPEM: authority.certificate.pem,
                user: "kubernetes-super-admin", certificatePEM: short.pem, keyPEM: key.pem)
            sample.secrets[.adminKubeconfig]?[path: "data", name] = .string(Base64.encode(Array(text.utf8)))
        }
        let admin = try sample.kubeconfig(.adminKubeconfig, "admin.conf").currentUser?.clientCertificateData
        #expect(try sample.pass().issued.map(\.component) == [.adminKubeconfig])
        #expect(
            try sample.kubeconfig(.adminKubeconfig, "super-admin.conf").currentUser?.clientCertificateData != short.pem)
        #expect(try sample.kubeconfig(.adminKubeconfig, "admin.conf").currentUser?.clientCertificateData == admin)
    }
}
