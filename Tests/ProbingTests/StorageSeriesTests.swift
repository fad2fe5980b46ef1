import Foundation
import KubeObjects
import PKI
import Prometheus
import Testing

@testable import Probing

@Suite("What the picture says of stores and of what depends on them")
struct StorageSeriesTests {
    private let picture: FleetPicture
    private let key = ObjectKey(namespace: "team", name: "prod")

    init() {
        let page = MetricPage(Catalogue.definitions(.full, compatible: true))
        picture = FleetPicture(page, settings: .init(), now: { Date().timeIntervalSince1970 })
        picture.beginWriting()
    }

    private func tenant(store: String = "default", schema: String = "s1", konnectivity: Bool = false) -> KubeObject {
        var object = KubeObject([
            "metadata": ["name": "prod", "namespace": "team", "uid": "one"],
            "spec": ["controlPlane": ["deployment": ["replicas": 1]]],
            "status": [
                "controlPlaneEndpoint": "127.0.0.1:6443",
                "kubernetesResources": ["version": ["status": "Ready"]],
                "storage": ["dataStoreName": .string(store), "driver": "etcd", "setup": ["schema": .string(schema)]],
            ],
        ])
        if konnectivity { object[path: "spec", "addons", "konnectivity"] = [:] }
        return object
    }

    private func store(_ name: String, driver: String = "etcd") -> KubeObject {
        KubeObject([
            "metadata": ["name": .string(name)], "spec": ["driver": .string(driver), "endpoints": ["127.0.0.1:1"]],
        ])
    }

    private func lines(_ text: String) -> [String] {
        String(decoding: picture.page.render(.text, gzip: false), as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") && $0.contains(text) }
    }

    @Test("What was counted of a tenant goes with its store, and when its keys are elsewhere")
    func storage() {
        picture.show(store: store("default"))
        _ = picture.show(tenant())
        func count() { picture.add(["s1": 7], present: nil, in: "default") }
        count()
        #expect(lines("kamaji_tcp_storage_keys").count == 1)
        _ = picture.show(tenant(store: "other"))
        #expect(lines("kamaji_tcp_storage_keys").isEmpty && lines("kamaji_tcp_storage_sample").isEmpty)
        _ = picture.show(tenant())
        count()
        _ = picture.show(tenant(schema: "s2"))
        #expect(lines("kamaji_tcp_storage_keys").isEmpty)
        _ = picture.show(tenant())
        count()
        picture.remove(store: "default")
        #expect(lines("kamaji_tcp_storage_keys").isEmpty && lines("kamaji_ds_").isEmpty)
        count()
        #expect(lines("kamaji_tcp_storage_keys").isEmpty, "a count that was under way when its store left")
    }

    @Test("What a tenant keeps in a store of some of its resources is no orphan there, and what nobody keeps is one")
    func overrides() {
        picture.show(store: store("default"))
        picture.show(store: store("events"))
        picture.add(StoreVisit(endpoints: [:]), stored: [], of: "events")
        var object = tenant()
        object[path: "spec", "dataStoreOverrides"] = [["resource": "/events", "dataStore": "events"]]
        _ = picture.show(object)
        func orphans(_ present: [String]) -> [String] {
            picture.add([:], present: present, in: "events")
            return lines("kamaji_ds_orphan_schemas{datastore_name=\"events\"").compactMap {
                $0.split(separator: " ").last.map(String.init)
            }
        }
        #expect(orphans(["s1"]) == ["0"])
        #expect(orphans(["s1", "left"]) == ["1"])
        _ = picture.show(tenant())
        #expect(orphans(["s1"]) == ["1"])
    }

    @Test("What nobody's data takes is told while it is known, and how many tenants a store is meant for")
    func sizes() {
        picture.show(store: store("default"))
        picture.add(StoreVisit(endpoints: [:]), stored: [], of: "default")
        #expect(picture.add([:], present: ["left"], in: "default") == ["left"])
        #expect(lines("kamaji_ds_orphan_bytes").isEmpty)
        picture.add(orphanBytes: 4096.4, in: "default")
        #expect(lines("kamaji_ds_orphan_bytes") == ["kamaji_ds_orphan_bytes{datastore_name=\"default\"} 4096"])
        picture.add(orphanBytes: nil, in: "default")
        #expect(lines("kamaji_ds_orphan_bytes").isEmpty)
        #expect(picture.add([:], present: nil, in: "default") == nil)
        #expect(picture.add([:], present: ["left"], in: "gone") == nil)
        picture.add(orphanBytes: 5, in: "gone")
        #expect(lines("\"gone\"").isEmpty)

        #expect(lines("kamaji_ds_tenants_limit").isEmpty)
        for (limit, told) in [("40", "40"), ("0", "0"), ("-1", nil), ("many", nil), ("", nil)] as [(String, String?)] {
            var object = store("default")
            object.annotations = ["kamaji.clastix.io/tenants-limit": limit]
            picture.show(store: object)
            let expected = told.map { ["kamaji_ds_tenants_limit{datastore_name=\"default\"} \($0)"] } ?? []
            #expect(lines("kamaji_ds_tenants_limit") == expected, "\(limit)")
        }
    }

    @Test("The number of tenants for stores that name none is the one that the exporter was given")
    func givenLimit() {
        let page = MetricPage(Catalogue.definitions(.standard, compatible: false))
        let picture = FleetPicture(page, settings: .init(tenantLimit: 12), now: { 1 })
        picture.beginWriting()
        picture.show(store: store("one"))
        var other = store("other")
        other.annotations = ["kamaji.clastix.io/tenants-limit": "3"]
        picture.show(store: other)
        let text = String(decoding: page.render(.text, gzip: false), as: UTF8.self)
        #expect(text.contains("kamaji_ds_tenants_limit{datastore_name=\"one\"} 12\n"))
        #expect(text.contains("kamaji_ds_tenants_limit{datastore_name=\"other\"} 3\n"))
    }

    @Test("Another authority of a store is held against its tenants' copies at once")
    func authority() throws {
        let credentials = try Credentials()
        for secret in credentials.secrets.values {
            picture.show(secret: secret.name, SecretReading.certificates(of: secret), of: key)
        }
        picture.show(store: store("default"))
        _ = picture.show(tenant())
        func learn(_ authority: CertificateAuthority) {
            let held = HeldCertificate(
                "ca", .secret, authority.certificate, trustedPEM: authority.certificate.pem)
            picture.add(StoreVisit(endpoints: [:]), stored: [held], of: "default")
        }
        learn(credentials.datastoreAuthority)
        #expect(lines("ca_mismatch").isEmpty)
        learn(try Credentials.makeAuthority("etcd"))
        #expect(lines("ca_mismatch").contains { $0.contains("cert=\"datastore-ca\"") })
        picture.remove(store: "default")
        #expect(lines("ca_mismatch").isEmpty)
    }

    @Test("Collectors are asked for while there is anybody to ask")
    func asked() {
        #expect(picture.asked == [])
        picture.show(store: store("local", driver: "SQLite"))
        #expect(picture.asked == [])
        picture.show(store: store("sql", driver: "PostgreSQL"))
        #expect(picture.asked == [.storeHealth])
        picture.show(store: store("default"))
        _ = picture.show(tenant(konnectivity: true))
        #expect(picture.asked == [.storeHealth, .storageUsage, .probe, .konnectivity])
        _ = picture.show(tenant())
        #expect(picture.asked == [.storeHealth, .storageUsage, .probe])
        picture.removeTenant(key)
        for name in ["local", "sql", "default"] { picture.remove(store: name) }
        #expect(picture.asked == [])
    }

    @Test("A collector without anybody to ask has no last round that grows old")
    func collectors() {
        let health = CollectorHealth()
        health.add(.probe, duration: 1, now: 5)
        health.add(.konnectivity, duration: 1, now: 5)
        health.keep([.probe])
        let text = MetricText.render(health.families)
        #expect(text.contains("last_success_timestamp_seconds{collector=\"probe\"} 5"))
        #expect(!text.contains("success{collector=\"konnectivity\"}"))
        #expect(!text.contains("timestamp_seconds{collector=\"konnectivity\"}"))
        health.count(.timeout, of: .konnectivity)
        let counted = MetricText.render(health.families)
        #expect(counted.contains("kamaji_exporter_errors_total{cause=\"timeout\",collector=\"konnectivity\"} 1"))
        #expect(counted.contains("kamaji_exporter_errors_total{cause=\"dns\",collector=\"probe\"} 0"))
    }
}
