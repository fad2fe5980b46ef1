import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

/// Faults of upstream's that show in a tenant's Deployment (docs/acceptance.md), and that ours must not have.
@Suite struct WorkloadFaultTests {
    @Test(arguments: ["{networkProfile: {podCidr: ''}}", "{networkProfile: {podCidrs: []}}", "{}"])
    func `no container is given a flag without a value`(spec: String) throws {
        let tenant = try Sample.tenant("spec: \(spec)")
        let deployments = [Sample.etcd, Sample.postgreSQL, Sample.sqlite].map { tenant.deployed($0) }
        for deployment in deployments {
            for container in deployment.pod["containers"]?.array ?? [] {
                let flags = container["args"]?.strings ?? []
                #expect(!flags.isEmpty && flags.filter { !$0.contains("=") || $0.hasSuffix("=") } == [])
            }
        }
    }

    @Test func `a tenant of more replicas runs the same pods`() throws {
        func template(_ replicas: Int, addons: String = "{}") throws -> KubeObject {
            try Sample.tenant("spec: {addons: \(addons), controlPlane: {deployment: {replicas: \(replicas)}}}")
                .deployed().template
        }
        #expect(try template(1) == template(3))
        // Agents hear from each server how many of them there are, and stop looking when they know that many.
        let text = try template(1, addons: "{konnectivity: {}}").json.description
        #expect(
            try text.replacing("--server-count=1", with: "--server-count=3")
                == template(3, addons: "{konnectivity: {}}").json.description)
    }

    @Test func `the tunnel server has its own pair and no other key`() throws {
        let deployment = try Sample.tenant("spec: {addons: {konnectivity: {}}}").deployed()
        #expect(
            try deployment.mounts("konnectivity-server") == [
                "konnectivity-server-certificate /etc/kubernetes/pki",
                "konnectivity-server-kubeconfig /etc/kubernetes/konnectivity-server.conf",
                "konnectivity-uds /run/konnectivity (rw)",
            ])
        #expect(
            try deployment.volume("konnectivity-server-certificate")["secret"] == [
                "secretName": "green-api-server-certificate", "defaultMode": 420,
                "items": [
                    ["key": "apiserver.crt", "path": "apiserver.crt"],
                    ["key": "apiserver.key", "path": "apiserver.key"],
                ],
            ])
    }

    @Test func `a DataStore for single resources changes a flag and nothing else`() throws {
        let tenant = try Sample.tenant()
        func everything(_ facts: DatastoreFacts, split: Bool) -> [ManagedObject] {
            var facts = facts
            if split { facts.overrides = ["/events#https://further:2379"] }
            return tenant.everything(facts)
        }
        for (facts, components) in [(Sample.etcd, [Component.deployment]), (Sample.postgreSQL, [])] {
            let changed = zip(everything(facts, split: false), everything(facts, split: true))
                .filter { $0.object != $1.object }
            #expect(changed.map(\.0.component) == components)
        }
        var split = Sample.etcd
        split.overrides = ["/events#https://further:2379"]
        #expect(
            Set(try tenant.deployed(split).arguments("kube-apiserver"))
                .subtracting(try tenant.deployed().arguments("kube-apiserver"))
                == ["--etcd-servers-overrides=/events#https://further:2379"])
    }

    @Test func `another image of kine reaches tenants that are there`() throws {
        func image(_ name: String) throws -> JSON? {
            try Sample.tenant().deployment(
                Sample.exposure, Sample.postgreSQL, credentials: Sample.credentials,
                settings: BlueprintSettings(kineImage: name)
            ).object.container("kine")["image"]
        }
        #expect(try image("kine:1") == "kine:1")
        #expect(try image("kine:2") == "kine:2")
    }

    @Test func `content that moves from one key to another is other content`() throws {
        func data(_ user: String, _ password: String) -> SecretData {
            ["DB_PASSWORD": Array(password.utf8), "DB_USER": Array(user.utf8)]
        }
        let (before, after) = (data("a", "bc"), data("ca", "b"))
        #expect(Checksum.upstreamMD5(of: before) == Checksum.upstreamMD5(of: after), "as upstream sees it")
        #expect(Checksum.md5(of: before) != Checksum.md5(of: after))
        #expect(Checksum.md5(of: ["a": [1], "b": []]) != Checksum.md5(of: ["a": [], "b": [1]]))
        #expect(Checksum.md5(of: ["a": [1]]) != Checksum.md5(of: ["b": [1]]))

        var secret = try Sample.tenant("spec: {dataStoreUsername: a}")
            .datastoreConfiguration(Sample.etcd, password: "bc").object
        #expect(TenantControlPlane.keptPassword(in: secret) == "bc")
        for (key, value) in after { secret[path: "data", key] = .string(Base64.encode(value)) }
        #expect(TenantControlPlane.keptPassword(in: secret) == nil)
    }

    @Test func `a password that upstream wrote is kept`() throws {
        var secret = try Sample.tenant().datastoreConfiguration(Sample.etcd, password: "pass").object
        secret.annotations["kamaji.clastix.io/checksum"] = Checksum.upstreamMD5(of: secret.secretData)
        #expect(TenantControlPlane.keptPassword(in: secret) == "pass")
    }

    @Test(arguments: ["etcd", "PostgreSQL", "PostgreSQL without TLS", "SQLite"])
    func `whatever the datastore is, every object goes with its tenant`(name: String) throws {
        var facts = [
            "etcd": Sample.etcd, "PostgreSQL": Sample.postgreSQL, "PostgreSQL without TLS": Sample.postgreSQL,
            "SQLite": Sample.sqlite,
        ][name]
        if name.hasSuffix("without TLS") {
            facts?.authorityCertificate = nil
            facts?.clientCertificate = nil
            facts?.clientKey = nil
        }
        let tenant = try Sample.tenant("spec: {addons: {konnectivity: {}}}")
        for managed in tenant.everything(try #require(facts)) {
            #expect(managed.object.ownerReferences == [OwnerReference(controller: tenant.object)])
        }
    }
}
