import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Prometheus
import Synchronization
import Testing

@testable import FleetExporter
@testable import Probing

@Suite("The admin API is away")
struct OutageTests {
    private final class Clock: Sendable {
        let time = Mutex(1_800_000_000.0)
        var now: Double { time.withLock { $0 } }
        func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
    }

    @Test("A watch that stays away is told of once, and when it is back; one that is cut off and returns is not")
    func notices() {
        let clock = Clock()
        let told = Mutex<[WatchHealth.Notice]>([])
        let health = WatchHealth(required: ["secrets"], now: { clock.now }) { notice in
            told.withLock { $0.append(notice) }
        }
        let away = WatchHealth.Notice(resource: "secrets", failure: "the admin API does not answer")
        let back = WatchHealth.Notice(resource: "secrets", failure: nil)
        func fail() { health.failed("secrets", "the admin API does not answer") }
        // Before anything was listed there is nothing to wait for.
        fail()
        fail()
        #expect(told.withLock { $0 } == [away])
        #expect(health.silence == nil)
        health.listed("secrets", objects: 1)
        #expect(told.withLock { $0 } == [away, back])
        clock.advance(10)
        fail()
        health.alive("secrets")
        #expect(told.withLock { $0.count } == 2)
        clock.advance(59)
        fail()
        #expect(told.withLock { $0.count } == 2 && health.silence == nil)
        clock.advance(2)
        fail()
        fail()
        #expect(told.withLock { $0 } == [away, back, away])
        #expect(health.silence?.why == "the admin API does not answer" && health.silence?.seconds == 61)
        health.heard("secrets", objects: 1)
        #expect(told.withLock { $0 } == [away, back, away, back] && health.silence == nil)
    }

    @Test("The landing page says why there are no tenants, where that is not known")
    func landingPage() {
        #expect(LandingPage.html([], [], version: "", now: 0).contains("There are no tenants yet."))
        let page = LandingPage.html([], [], notice: "not known: <why>", version: "", now: 0)
        #expect(page.contains("not known: &lt;why&gt;") && !page.contains("There are no tenants yet."))
    }

    @Test("What was known is told for as long as that lasts, and how old it is; what was deleted is not")
    func outage() throws {
        let clock = Clock()
        let page = MetricPage(Catalogue.definitions(.full, compatible: true))
        let picture = FleetPicture(page, settings: .init(), now: { clock.now })
        let health = WatchHealth(required: FleetWatches.required, now: { clock.now })
        let transport = CurlTransport()
        let api = KubeClient(
            connection: ClusterConnection(server: "https://127.0.0.1:1"), transport: transport, fieldManager: "test",
            log: Logger(label: "test"))
        let prober = FleetProber(
            picture: picture, transport: transport, api: api, settings: .init(), now: { clock.now })
        let endpoints = ExporterEndpoints(
            picture: picture, prober: prober, health: health, metrics: SelfMetrics(version: "test", now: clock.now),
            web: try WatchedFile { (WebMaterial(), []) },
            probe: TargetProbe(picture: picture, prober: prober, transport: transport), reload: nil, version: "test",
            now: { clock.now })
        for resource in FleetWatches.required { health.listed(resource, objects: 1) }
        for name in ["one", "two"] {
            _ = picture.show(
                KubeObject([
                    "metadata": ["name": .string(name), "namespace": "team", "uid": .string(name)],
                    "spec": ["controlPlane": ["deployment": ["replicas": 2]]],
                ]))
        }
        picture.beginWriting()
        func lines(_ start: String) -> [String] {
            String(decoding: endpoints.page(.text, gzip: false), as: UTF8.self).split(separator: "\n").map(String.init)
                .filter { $0.hasPrefix(start) }
        }
        #expect(lines("kamaji_exporter_snapshot_age_seconds") == ["kamaji_exporter_snapshot_age_seconds 0"])
        #expect(lines("kamaji_tcp_replicas_desired{").count == 2)
        let before = lines("kamaji_tcp_") + lines("kamaji_cert_")
        clock.advance(30 * 86_400)
        #expect(lines("kamaji_tcp_") + lines("kamaji_cert_") == before)
        #expect(lines("kamaji_exporter_snapshot_age_seconds") == ["kamaji_exporter_snapshot_age_seconds 2592000"])
        picture.removeTenant(ObjectKey(namespace: "team", name: "two"))
        #expect(lines("kamaji_tcp_replicas_desired{").count == 1)
        func relists(_ reason: String) -> [String] {
            lines("kamaji_exporter_watch_relists_total{").filter {
                $0.contains("resource=\"secrets\"") && $0.contains("reason=\"\(reason)\"")
            }.compactMap { $0.split(separator: " ").last.map(String.init) }
        }
        #expect(relists("expired") == ["0"] && relists("refused") == ["0"])
        health.lost("secrets", .expired)
        #expect(relists("expired") == ["0"], "it is not listed yet")
        health.listed("secrets", objects: 1)
        health.lost("secrets", .refused)
        for _ in 0..<2 { health.listed("secrets", objects: 1) }
        #expect(relists("expired") == ["1"] && relists("refused") == ["1"])
        // One watch that is silent is enough: its objects are as old as that.
        for resource in FleetWatches.required.dropFirst() { health.alive(resource) }
        #expect(lines("kamaji_exporter_snapshot_age_seconds") == ["kamaji_exporter_snapshot_age_seconds 2592000"])
    }
}
