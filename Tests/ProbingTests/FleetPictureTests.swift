import Foundation
import HTTPTransport
import KubeObjects
import PKI
import Prometheus
import Synchronization
import Testing

@testable import Probing

@Suite("The picture of the fleet")
struct FleetPictureTests {
    private let clock = Clock()
    private let picture: FleetPicture
    private let key = ObjectKey(namespace: "team", name: "prod")

    private final class Clock: Sendable {
        let time = Mutex(Date().timeIntervalSince1970)
        func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
    }

    init() {
        let page = MetricPage(Catalogue.definitions(.full, compatible: true))
        let clock = clock
        picture = FleetPicture(page, settings: .init(), now: { clock.time.withLock { $0 } })
        picture.beginWriting()
    }

    private func tenant(
        uid: String = "one", phase: String = "Ready", replicas: Int = 2, version: String = "v1.36.0",
        konnectivity: Bool = false
    ) -> KubeObject {
        var object = KubeObject(
            apiVersion: "kamaji.clastix.io/v1alpha1", kind: "TenantControlPlane", name: "prod", namespace: "team")
        object[path: "metadata", "uid"] = .string(uid)
        object[path: "metadata", "creationTimestamp"] = .string(
            Timestamp.format(Date(timeIntervalSince1970: clock.time.withLock { $0 } - 100)))
        object[path: "spec", "controlPlane", "deployment", "replicas"] = JSON(replicas)
        object[path: "spec", "kubernetes", "version"] = .string(version)
        object[path: "status", "controlPlaneEndpoint"] = "127.0.0.1:6443"
        object[path: "status", "kubernetesResources", "version"] = ["status": .string(phase), "version": "v1.36.0"]
        object[path: "status", "storage"] = ["dataStoreName": "default", "driver": "etcd", "setup": ["schema": "s1"]]
        if konnectivity { object[path: "spec", "addons", "konnectivity"] = [:] }
        return object
    }

    private func visit(_ isSuccess: Bool, served: HeldCertificate? = nil) -> ProbeVisit {
        ProbeVisit(
            results: ProbeCheck.allCases.map {
                ProbeResult(check: $0, failure: isSuccess ? nil : .timeout, status: isSuccess ? 200 : 0, duration: 0.01)
            }, served: served)
    }

    private var lines: [String] {
        String(decoding: picture.page.render(.text, gzip: false), as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }

    private func values(_ start: String) -> [String] {
        lines.filter { $0.hasPrefix(start) }.compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    @Test("A tenant of the same name that is another one begins anew")
    func recreated() {
        _ = picture.show(tenant())
        for _ in 0..<3 { picture.add(visit(false), of: key, longestGap: 300) }
        #expect(values("kamaji_probe_failures_total") == ["3", "3"])
        picture.removeTenant(key)
        #expect(lines.isEmpty)
        _ = picture.show(tenant(uid: "two"))
        #expect(values("kamaji_probe_failures_total").isEmpty)
        picture.add(visit(true), of: key, longestGap: 300)
        #expect(values("kamaji_probe_failures_total") == ["0", "0"])
        _ = picture.show(tenant(uid: "three"))
        #expect(values("kamaji_probe_failures_total").isEmpty, "also when its end was not seen")
    }

    @Test("Who sleeps is not asked, and what it showed before is forgotten")
    func sleeping() throws {
        let credentials = try Credentials()
        for secret in credentials.secrets.values {
            picture.show(secret: secret.name, SecretReading.certificates(of: secret), of: key)
        }
        _ = picture.show(tenant())
        #expect(picture.target(key)?.endpoint == "127.0.0.1:6443")
        let other = try Credentials.leaf("kube-apiserver", by: credentials.authority, client: false)
        picture.add(
            visit(true, served: HeldCertificate("apiserver", .served, other.certificate)), of: key, longestGap: 300)
        #expect(picture.showsAnother(key))
        #expect(lines.contains { $0.contains("served_mismatch") })
        _ = picture.show(tenant(phase: "Sleeping", replicas: 0))
        #expect(picture.target(key) == nil)
        picture.endProbing(key)
        #expect(!picture.showsAnother(key))
        #expect(!lines.contains { $0.contains("\"served\"") || $0.hasPrefix("kamaji_probe") })
    }

    @Test("The tunnel of who sleeps is told no more, also where a visit was under way, and not as it was after waking")
    func sleepingTunnel() {
        let report = TunnelServerReport(
            isReady: true, metrics: Array("konnectivity_network_proxy_server_ready_backends 2\n".utf8))
        let (awake, asleep) = (tenant(konnectivity: true), tenant(phase: "Sleeping", replicas: 0, konnectivity: true))
        func tunnelLines() -> [String] { lines.filter { $0.hasPrefix("kamaji_konnectivity") } }
        picture.show(pod: "prod-1", address: "10.0.0.1", of: key)
        _ = picture.show(awake)
        picture.add(["prod-1": report], expected: 2, of: key)
        #expect(values("kamaji_konnectivity_servers_ready{") == ["1"])
        _ = picture.show(asleep)
        #expect(picture.tunnel(key) == nil && tunnelLines() == [])
        picture.add(["prod-1": report], expected: 2, of: key)
        #expect(tunnelLines() == [])
        _ = picture.show(awake)
        #expect(tunnelLines() == [])
    }

    @Test("A tunnel through which we dial in vain is broken, whatever the manager says")
    func brokenTunnel() {
        func dialled(_ isAnswered: Bool) {
            var inspection = TenantInspection()
            inspection.nodes = 1
            inspection.dial = .init(isAnswered: isAnswered, duration: 1)
            picture.add(inspection, of: key)
        }
        _ = picture.show(tenant(konnectivity: true))
        #expect(picture.rows.map(\.isTunnelBroken) == [false])
        dialled(false)
        #expect(picture.rows.map(\.isTunnelBroken) == [true])
        dialled(true)
        #expect(picture.rows.map(\.isTunnelBroken) == [false])
    }

    @Test("Time between two probes counts as watched as long as the schedule may leave it")
    func gaps() {
        _ = picture.show(tenant())
        let rare = ProbeSchedule<ObjectKey>.Settings(interval: 600)
        let often = ProbeSchedule<ObjectKey>.Settings(interval: 30)
        #expect(often.longestGap == 300 && rare.longestGap > 1200)
        for (settings, watched) in [(often, false), (rare, true)] {
            picture.add(visit(true), of: key, longestGap: settings.longestGap)
            clock.advance(600)
            picture.add(visit(true), of: key, longestGap: settings.longestGap)
            picture.writeServiceLevels(objective: 0.99)
            #expect(values("kamaji_slo_availability_ratio").isEmpty != watched)
            clock.advance(5000)
        }
    }

    @Test("What happens to a tenant is told: provisioning, upgrades, migrations, phases")
    func events() {
        _ = picture.show(tenant(phase: "Provisioning"))
        #expect(values("kamaji_tcp_provisioning_duration_seconds").isEmpty)
        clock.advance(20)
        var ready = tenant()
        ready[path: "metadata", "creationTimestamp"] = .string(
            Timestamp.format(Date(timeIntervalSince1970: clock.time.withLock { $0.rounded(.down) } - 50)))
        _ = picture.show(ready)
        #expect(values("kamaji_tcp_provisioning_duration_seconds").first?.hasPrefix("50") == true)
        _ = picture.show(tenant(phase: "Upgrading", version: "v1.36.1"))
        #expect(values("kamaji_tcp_upgrade_pending") == ["1"])
        #expect(values("kamaji_tcp_upgrade_start_timestamp_seconds").count == 1)
        clock.advance(60)
        _ = picture.show(tenant(phase: "Migrating"))
        #expect(values("kamaji_tcp_upgrade_start_timestamp_seconds").isEmpty)
        #expect(values("kamaji_tcp_migration_start_timestamp_seconds").count == 1)
        let counted = MetricText.render(picture.families)
        #expect(counted.contains("kamaji_fleet_upgrade_duration_seconds_sum 60"))
        #expect(counted.contains("kamaji_fleet_provisioning_duration_seconds_count 1"))
        #expect(counted.contains("kamaji_fleet_phase_transitions_total{phase=\"Migrating\"} 1"))
    }

    @Test("A certificate that expires is told when its time comes, without anything else happening")
    func expiry() throws {
        var credentials = try Credentials()
        try credentials.issue("admin-kubeconfig", validity: .seconds(1000))
        for secret in credentials.secrets.values {
            picture.show(secret: secret.name, SecretReading.certificates(of: secret), of: key)
        }
        _ = picture.show(tenant())
        picture.turn()
        #expect(!lines.contains { $0.contains("expired") })
        clock.advance(1100)
        picture.turn()
        #expect(lines.contains { $0.contains("cert=\"admin.conf\",origin=\"kubeconfig\",problem=\"expired\"} 1") })
    }

    @Test(
        "A certificate counts as expiring from the moment on at which it should be renewed, and that moment may change")
    func expiring() throws {
        var credentials = try Credentials()
        try credentials.issue("admin-kubeconfig", validity: .seconds(2 * 86_400))
        for secret in credentials.secrets.values {
            picture.show(secret: secret.name, SecretReading.certificates(of: secret), of: key)
        }
        _ = picture.show(tenant())
        func expiring() -> [String] {
            values("kamaji_certificates_current{tcp_namespace=\"team\",tcp_name=\"prod\",status=\"expiring\"")
        }
        picture.turn()
        #expect(expiring() == ["0", "0"])
        clock.advance(86_400 + 100)
        picture.turn()
        #expect(expiring() == ["1", "0"])
        picture.apply(rotationDeadline: 3600)
        picture.turn()
        #expect(expiring() == ["0", "0"])
    }

    @Test("What was remembered of a tenant goes on, and what is new is handed over until it is written down")
    func history() {
        let hour = UInt32(clock.time.withLock { $0 } / 3600) - 1
        picture.restore([
            "one": RememberedTenant(hours: [.init(number: hour, watched: 3000, ready: 1500)], provisioning: 9)
        ])
        _ = picture.show(tenant())
        #expect(values("kamaji_tcp_provisioning_duration_seconds") == ["9"])
        picture.add(visit(true), of: key, longestGap: 300)
        clock.advance(30)
        picture.add(visit(true), of: key, longestGap: 300)
        picture.writeServiceLevels(objective: 0.99)
        let ratio = values("kamaji_slo_availability_ratio").compactMap { Double($0) }
        #expect(ratio.count == 2 && ratio.allSatisfy { $0 > 0.5 && $0 < 0.52 })
        #expect(values("kamaji_slo_downtime_seconds") == ["1500", "1500"])
        // A hundredth of thirty days is 25,920 seconds.
        #expect(values("kamaji_slo_error_budget_remaining_ratio") == ["0.94213"])
        let first = picture.unsavedHistory
        #expect(
            first["one"]?.hours.count == 1 && picture.unsavedHistory == first, "nobody said that it is written down")
        clock.advance(5)
        picture.add(visit(true), of: key, longestGap: 300)
        picture.confirm(first)
        let second = picture.unsavedHistory
        #expect(second["one"] != nil && second != first, "what came meanwhile is not")
        picture.confirm(second)
        #expect(picture.unsavedHistory.isEmpty)
    }

    @Test("Objects that make no sense are measured by what can be read of them")
    func nonsense() {
        var object = tenant()
        object["status"] = ["controlPlaneEndpoint": 5, "conditions": ["x", 7], "storage": []]
        object["spec"] = "nothing"
        _ = picture.show(object)
        #expect(values("kamaji_tcp_phase{") == ["1"])
        #expect(picture.target(key) == nil)
        picture.show(store: KubeObject(["metadata": ["name": "odd\"\n"], "spec": ["driver": 5, "endpoints": "x"]]))
        #expect(lines.contains { $0.hasPrefix("kamaji_ds_info{datastore_name=\"odd\\\"\\n\",driver=\"unknown\"") })
    }
}
