import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import Prometheus
import Synchronization
import Testing

@testable import FleetExporter
@testable import Probing

@Suite("Faults beside what is measured", .timeLimit(.minutes(20)))
struct ProberFaultsTests {
    private static let refused = FaultyTransport.Fault.failure(.init(.connectFailed, "refused"))

    @Test(
        "An etcd is up although the admin API is away, until its Secret is known to be gone",
        .enabled(if: EtcdProcess.program != nil, "etcd is not installed"))
    func adminOutage() async throws {
        try await ExporterFixture.run { fixture in
            let etcd = try await EtcdProcess(fixture)
            let fleet = SmallFleet(fixture)
            let client = try #require(etcd.tls.clientCertificate)
            try await fixture.addSecret(
                "etcd", "client", ["tls.crt": client, "tls.key": try #require(etcd.tls.clientKey)])
            let store = fleet.store("main", endpoints: [etcd.endpoint], secret: "etcd-client")
            fleet.show(store)
            await fleet.prober.visit(store: "main")
            #expect(fleet.value("kamaji_ds_up{datastore_name=\"main\"}") == "1")

            let away = fixture.api.connection.server
            fleet.transport.fail { $0.url.hasPrefix(away) ? Self.refused : nil }
            for _ in 0..<3 {
                fleet.advance(120)
                await fleet.prober.visit(store: "main")
                #expect(fleet.value("kamaji_ds_up{datastore_name=\"main\"}") == "1")
            }
            #expect(fleet.text.contains("kamaji_exporter_credential_errors_total{kind=\"datastore_unread\"} 3"))
            #expect(!fleet.text.contains("kamaji_ds_cert_problem{"))

            // Nobody is called down whom we had no credential to ask with.
            fleet.show(fleet.store("new", endpoints: [etcd.endpoint], secret: "etcd-client"))
            await fleet.prober.visit(store: "new")
            #expect(fleet.value("kamaji_ds_up{datastore_name=\"new\"}") == nil)
            #expect(fleet.text.contains("kamaji_exporter_collector_success{collector=\"ds_health\"} 0"))

            fleet.transport.fail { _ in nil }
            await fleet.prober.visit(store: "new")
            #expect(fleet.value("kamaji_ds_up{datastore_name=\"new\"}") == "1")
            try await fixture.api.delete(.secrets, ObjectKey(namespace: "default", name: "etcd-client"))
            for _ in 0..<2 {
                fleet.advance(120)
                await fleet.prober.visit(store: "main")
            }
            #expect(fleet.value("kamaji_ds_up{datastore_name=\"main\"}") == "0")
        }
    }

    @Test("A member that does not answer once is not asked for the other tenants' keys")
    func silentMembers() async throws {
        let transport = FaultyTransport(CurlTransport())
        transport.fail { _ in .failure(.init(.timedOut, "too late")) }
        let facts = StoreFacts(
            KubeObject([
                "metadata": ["name": "main"], "spec": ["driver": "etcd", "endpoints": ["a:1", "b:1"]],
            ]))
        let probe = StoreProbe(transport: transport, dialer: SocketDialer(), timeout: .seconds(1))
        let counts = await probe.keyCounts(
            StoreAccess(facts: facts, tls: .system, stored: []), schemas: (0..<50).map { "schema\($0)" })
        #expect(counts.isEmpty)
        #expect(transport.asked.count == 2 && Set(transport.asked).count == 2)
    }

    @Test(
        "An etcd that hangs keeps nobody from counting the keys of another",
        .enabled(if: EtcdProcess.program != nil, "etcd is not installed"))
    func hungStore() async throws {
        try await ExporterFixture.run { fixture in
            let etcd = try await EtcdProcess(fixture)
            let fleet = SmallFleet(fixture)
            try await fixture.addSecret(
                "etcd", "client",
                [
                    "tls.crt": try #require(etcd.tls.clientCertificate),
                    "tls.key": try #require(etcd.tls.clientKey),
                ])
            fleet.transport.fail { $0.url.contains("a-hung:1/") ? .silence : nil }
            for (name, endpoint) in [("a", "a-hung:1"), ("b", etcd.endpoint)] {
                fleet.show(fleet.store(name, endpoints: [endpoint], secret: "etcd-client"))
                fleet.show(tenant: "of-\(name)", store: name)
            }
            try await fleet.running {
                try await fleet.eventually {
                    $0.contains("kamaji_tcp_storage_keys{tcp_namespace=\"team\",tcp_name=\"of-b\"")
                }
            }
        }
    }

    @Test(
        "What nobody's tenants left in etcd is read once for its size, and again when its keys are more",
        .enabled(if: EtcdProcess.program != nil, "etcd is not installed"))
    func orphans() async throws {
        try await ExporterFixture.run { fixture in
            let etcd = try await EtcdProcess(fixture)
            let fleet = SmallFleet(fixture)
            try await fixture.addSecret(
                "etcd", "client",
                ["tls.crt": try #require(etcd.tls.clientCertificate), "tls.key": try #require(etcd.tls.clientKey)])
            try await etcd.put("/prod/registry/pods/a", "planted-value")
            try await etcd.put("/left/registry/pods/a", "12345")
            try await etcd.put("/left/registry/pods/b", "67890")
            fleet.show(fleet.store("main", endpoints: [etcd.endpoint], secret: "etcd-client"))
            fleet.show(tenant: "prod", store: "main")
            await fleet.prober.visit(store: "main")
            func count() async -> Int {
                let before = fleet.transport.asked.count
                await fleet.prober.countKeys(in: "main")
                return fleet.transport.asked.count - before
            }
            let first = await count()
            #expect(fleet.value("kamaji_ds_orphan_schemas{datastore_name=\"main\"}") == "1")
            #expect(fleet.value("kamaji_ds_orphan_bytes{datastore_name=\"main\"}") == "\(2 * (21 + 5))")
            #expect(await count() == first - 1, "nothing changed")
            try await etcd.put("/left/registry/pods/c", "1")
            #expect(await count() == first)
            #expect(fleet.value("kamaji_ds_orphan_bytes{datastore_name=\"main\"}") == "\(2 * (21 + 5) + 22)")
            fleet.transport.fail { $0.url.hasSuffix("/KV/Range") ? Self.refused : nil }
            _ = await count()
            #expect(fleet.value("kamaji_ds_orphan_bytes{datastore_name=\"main\"}") != nil, "it is not less by that")
            #expect(!fleet.text.contains("planted-value"))
        }
    }

    @Test("Servers of a tunnel that nobody answers for hold up no probe of the API server, and are not told unready")
    func silentTunnel() async throws {
        try await ExporterFixture.run { fixture in
            var settings = FleetProber.Settings()
            settings.interval = .milliseconds(300)
            settings.slots = 2
            let fleet = SmallFleet(fixture, settings)
            fleet.transport.fail { $0.url.contains(":\(TunnelProbe.healthPort)/") ? .silence : nil }
            fleet.show(tenant: "prod", store: "main", pods: ["10.99.0.1", "10.99.0.2"])
            try await fleet.running {
                try await fleet.eventually {
                    $0.contains(
                        "kamaji_probe_attempts_total{tcp_namespace=\"team\",tcp_name=\"prod\",check=\"readyz\"} 4")
                }
            }
            #expect(!fleet.text.contains("kamaji_konnectivity_servers_ready{"))
        }
    }

    @Test("An answer that is awaited too long is one that did not come, whether or not who gives it can be stopped")
    func within() async throws {
        let quick = await TargetProbe.within(.seconds(240)) { 7 }
        #expect(quick == 7)
        let (endings, ending) = AsyncStream.makeStream(of: Void.self)
        let slow: Int? = await TargetProbe.within(.milliseconds(50)) {
            // Waits on, although cancelled, as a thread that resolves a name does.
            await Task.detached { for await _ in endings { break } }.value
            return 7
        }
        #expect(slow == nil)
        ending.yield()
    }
}

/// A prober and its picture over a fixture's APIs, with a clock and faults of its own.
private final class SmallFleet: Sendable {
    let transport: FaultyTransport
    let prober: FleetProber
    private let picture: FleetPicture
    private let endpoint: String
    private let authority: [UInt8]
    private let time: Time

    private final class Time: Sendable {
        let offset = Mutex(0.0)
        var now: Double { Date().timeIntervalSince1970 + offset.withLock { $0 } }
    }

    init(_ fixture: ExporterFixture, _ settings: FleetProber.Settings = .init()) {
        let time = Time()
        self.time = time
        (endpoint, authority) = (fixture.endpoint, fixture.tenantAuthority.certificate.pem)
        transport = FaultyTransport(fixture.transport)
        let api = KubeClient(
            connection: fixture.api.connection, transport: transport, fieldManager: "test", log: fixture.log,
            patience: .init(attempts: 1))
        let page = MetricPage(Catalogue.definitions(.full, compatible: true))
        picture = FleetPicture(page, settings: .init(), now: { time.now })
        prober = FleetProber(picture: picture, transport: transport, api: api, settings: settings, now: { time.now })
        picture.beginWriting()
    }

    func advance(_ seconds: Double) { time.offset.withLock { $0 += seconds } }

    func store(_ name: String, endpoints: [String], secret: String) -> KubeObject {
        func reference(_ path: String) -> JSON {
            ["secretReference": ["name": .string(secret), "namespace": "default", "keyPath": .string(path)]]
        }
        let given: JSON = ["content": .string(Base64.encode(authority))]
        return KubeObject([
            "metadata": ["name": .string(name)],
            "spec": [
                "driver": "etcd", "endpoints": .array(endpoints.map { .string($0) }),
                "tlsConfig": [
                    "certificateAuthority": ["certificate": given, "privateKey": given],
                    "clientCertificate": ["certificate": reference("tls.crt"), "privateKey": reference("tls.key")],
                ],
            ],
        ])
    }

    func show(_ store: KubeObject) {
        picture.show(store: store)
        prober.show(store: store)
    }

    /// One that is Ready, at the API server that answers.
    func show(tenant name: String, store: String, pods: [String] = []) {
        let key = ObjectKey(namespace: "team", name: name)
        var object = KubeObject([
            "metadata": ["name": .string(name), "namespace": "team", "uid": .string(name)],
            "spec": ["controlPlane": ["deployment": ["replicas": 2]]],
            "status": [
                "controlPlaneEndpoint": .string(endpoint),
                "kubernetesResources": ["version": ["status": "Ready"]],
                "storage": ["dataStoreName": .string(store), "driver": "etcd", "setup": ["schema": .string(name)]],
            ],
        ])
        if !pods.isEmpty { object[path: "spec", "addons", "konnectivity"] = [:] }
        for pod in pods { picture.show(pod: pod, address: pod, of: key) }
        _ = picture.show(object)
        prober.show(key, isUrgent: true)
    }

    var text: String {
        String(decoding: picture.page.render(.text, gzip: false, fresh: prober.families), as: UTF8.self)
    }

    /// Of the first sample that begins so.
    func value(_ start: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(start) }?.split(separator: " ").last.map(String.init)
    }

    /// For as long as `body` runs the prober keeps its schedule.
    func running(_ body: () async throws -> Void) async throws {
        let task = Task { await prober.run() }
        defer { task.cancel() }
        try await body()
    }

    func eventually(_ holds: (String) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < end {
            if holds(text) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("it did not come about: \(text.prefix(20_000))")
    }
}
