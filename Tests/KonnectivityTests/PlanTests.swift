import KubeObjects
import Prometheus
import Sockets
import Testing

@testable import Konnectivity

@Suite struct PlanTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func server(_ id: String, of count: Int) throws -> ServerIntroduction {
        try ServerIntroduction(headers: [("serverid", id), ("servercount", "\(count)")])
    }

    @Test func `pauses grow as upstream's do, and each is a little longer by chance`() throws {
        let vector = try #require(try AgentVectors.json.get()["reconnectBackoff"])
        let sequence = try #require(vector["baseSequenceSeconds"]?.array)
        var plain = ReconnectBackoff()
        var jittered = ReconnectBackoff()
        for entry in sequence {
            let base = entry.number ?? 0
            #expect(abs(plain.next(chance: 0).inSeconds - base) < 1e-9)
            #expect(abs(jittered.next(chance: 0.5).inSeconds - base * 1.05) < 1e-9)
        }
        plain.reset()
        #expect(plain.next(chance: 0) == .seconds(1))
    }

    @Test func `servers are counted as upstream counts them`() throws {
        for vector in try AgentVectors.section("serverCount") {
            let source = try #require(ServerCountSource(rawValue: vector["source"]?.string ?? ""))
            let count = source.count(
                leases: vector["leases"]?.integer.map { Int($0) },
                response: vector["responses"]?.integer.map { Int($0) })
            #expect(Int64(count) == vector["result"]?.integer)
        }
        // 2026-01-01T00:00:00Z
        let base = 1_767_225_600.0
        for (vector, now) in zip(try AgentVectors.section("leaseValidity"), [29.0, 30, -3600]) {
            let lease = ServerLease(renewTime: base, durationSeconds: 30)
            #expect(lease.isValid(at: base + now) == (vector["valid"] == true))
        }
        #expect(!ServerLease(renewTime: nil, durationSeconds: 30).isValid(at: 0))
        #expect(ServerLease(renewTime: nil, acquireTime: 5, durationSeconds: 30).isValid(at: 10))
    }

    @Test(arguments: [
        [], [("serverid", "a")], [("servercount", "1")], [("serverid", "a"), ("serverid", "b"), ("servercount", "1")],
        [("serverid", ""), ("servercount", "1")], [("serverid", "a"), ("servercount", "x")],
        [("serverid", "a"), ("servercount", "0")], [("serverid", "a"), ("servercount", "99999999999999999999")],
    ])
    func `a server that does not introduce itself properly is refused`(headers: [(String, String)]) {
        let error = #expect(throws: TunnelError.self) {
            try ServerIntroduction(headers: headers.map { (name: $0.0, value: $0.1) })
        }
        #expect(error?.code == .protocolViolation)
    }

    @Test func `it connects until every server has been met, and looks again later`() throws {
        var plan = LinkPlan(LinkPlan.Settings(), now: at(0))
        #expect(plan.due == at(0))
        plan.attemptBegan()
        #expect(plan.due == nil)
        #expect(plan.opened(link: 1, try server("a", of: 2), now: at(1), chance: 0) == .keep)
        #expect(!plan.isComplete && plan.knownServers == 2)
        let next = try #require(plan.due)
        #expect(next > at(1) && next < at(2))
        plan.attemptBegan()
        #expect(plan.opened(link: 2, try server("a", of: 2), now: at(2), chance: 0) == .duplicate)
        #expect(plan.due == at(3))
        plan.attemptBegan()
        #expect(plan.opened(link: 3, try server("a", of: 2), now: at(3), chance: 0) == .duplicate)
        #expect(plan.due == at(4.5))
        plan.attemptBegan()
        #expect(plan.opened(link: 4, try server("b", of: 2), now: at(5), chance: 0) == .keep)
        #expect(plan.isComplete && plan.due == at(65))
        plan.attemptBegan()
        // A third server is found then.
        #expect(plan.opened(link: 5, try server("c", of: 3), now: at(65), chance: 0) == .keep)
        #expect(plan.isComplete)
    }

    @Test func `a lost server is sought soon, and failures make the pauses grow`() throws {
        var plan = LinkPlan(LinkPlan.Settings(), now: at(0))
        plan.attemptBegan()
        _ = plan.opened(link: 1, try server("a", of: 1), now: at(0), chance: 0)
        #expect(plan.due == at(60))
        plan.lost(link: 9, now: at(5), chance: 0.5)
        #expect(plan.due == at(60))
        plan.lost(link: 1, now: at(5), chance: 0.5)
        #expect(plan.due == at(5.5))
        for wait in [1, 1.5, 2.25] {
            plan.attemptBegan()
            plan.attemptFailed(now: at(10), chance: 0)
            #expect(plan.due == at(10 + wait))
        }
    }

    @Test func `several connections to a server are held where that is wanted`() throws {
        var plan = LinkPlan(LinkPlan.Settings(linksPerServer: 2), now: at(0))
        plan.attemptBegan()
        #expect(plan.opened(link: 1, try server("a", of: 1), now: at(0), chance: 0) == .keep)
        plan.attemptBegan()
        #expect(plan.opened(link: 2, try server("a", of: 1), now: at(0), chance: 0) == .keep)
        plan.attemptBegan()
        #expect(plan.opened(link: 3, try server("a", of: 1), now: at(0), chance: 0) == .duplicate)
    }

    @Test func `leases tell of servers without a connection to them`() throws {
        var plan = LinkPlan(LinkPlan.Settings(), now: at(0))
        plan.attemptBegan()
        _ = plan.opened(link: 1, try server("a", of: 1), now: at(0), chance: 0)
        plan.counted(leases: 3, now: at(10))
        #expect(plan.knownServers == 3 && plan.due == at(11))
        plan.counted(leases: nil, now: at(10))
        #expect(plan.knownServers == 1)
    }

    @Test func `a ping is sent when it is free or due, and silence after it means death`() {
        var keepalive = Keepalive(Keepalive.Settings(), now: at(0))
        #expect(keepalive.poll(now: at(4), isInUse: true) == nil)
        #expect(keepalive.poll(now: at(5), isInUse: true) == .ping)
        keepalive.acknowledged(now: at(5) + .milliseconds(200))
        #expect(keepalive.roundTrip == .milliseconds(200))
        // The server has sent no payload since: the next one would count against us.
        #expect(keepalive.poll(now: at(12), isInUse: true) == nil)
        keepalive.heard(now: at(13), isPayload: true)
        #expect(keepalive.poll(now: at(18), isInUse: false) == nil)
        #expect(keepalive.poll(now: at(18), isInUse: true) == .ping)
        // Anything that comes is a sign of life.
        keepalive.heard(now: at(20), isPayload: false)
        #expect(keepalive.poll(now: at(29), isInUse: true) == nil)
        #expect(keepalive.poll(now: at(30), isInUse: true) == .dead)
    }

    @Test func `an idle connection is asked at the interval only`() {
        var keepalive = Keepalive(Keepalive.Settings(), now: at(0))
        #expect(keepalive.due(isInUse: false) == at(30))
        #expect(keepalive.poll(now: at(29), isInUse: false) == nil)
        #expect(keepalive.poll(now: at(30), isInUse: false) == .ping)
        #expect(keepalive.due(isInUse: false) == at(40))
        #expect(Keepalive.relaxed(.seconds(30)) == .seconds(60))
        #expect(Keepalive.relaxed(.seconds(3000)) == .seconds(3600))
    }

    @Test func `the window fits the line`() {
        #expect(ReceiveWindow.size(roundTrip: .microseconds(100)) == 1 << 20)
        #expect(ReceiveWindow.size(roundTrip: .milliseconds(50)) == 3_200_000)
        #expect(ReceiveWindow.size(roundTrip: .seconds(3600)) == 8 << 20)
    }

    @Test func `a connection stands still when what waits does not move`() {
        var watch = StandStill()
        watch.look(waiting: 0, moved: false, now: at(0))
        #expect(watch.duration(now: at(9)) == nil)
        watch.look(waiting: 5, moved: false, now: at(10))
        watch.look(waiting: 5, moved: false, now: at(12))
        #expect(watch.duration(now: at(13)) == .seconds(3))
        watch.look(waiting: 5, moved: true, now: at(14))
        #expect(watch.duration(now: at(15)) == .seconds(1))
        watch.look(waiting: 0, moved: true, now: at(16))
        #expect(watch.duration(now: at(17)) == nil)
    }

    @Test func `bytes leave a queue as they came, and their memory with them`() {
        var queue = ByteQueue()
        var (wanted, found): ([UInt8], [UInt8]) = ([], [])
        var generator = SeededGenerator(seed: 3)
        for round in 0..<2000 {
            let piece = [UInt8](
                repeating: UInt8(truncatingIfNeeded: round), count: .random(in: 0..<2000, using: &generator))
            queue.append(piece)
            wanted += piece
            let count = Int.random(in: 0..<2000, using: &generator)
            queue.withUnsafeBytes { found += $0.prefix(count) }
            queue.consume(count)
        }
        var rest = ByteQueue()
        queue.move(.max, to: &rest)
        rest.withUnsafeBytes { found += $0 }
        #expect(queue.isEmpty && found == wanted)
    }

    @Test func `what cannot work is refused by the name of its setting`() throws {
        let server = HostPort(host: "a", port: 1)
        #expect(throws: TunnelError.self) { try TunnelConfiguration(servers: [], agentName: "a").validate() }
        #expect(throws: TunnelError.self) { try TunnelConfiguration(servers: [server], agentName: "a\r\nb").validate() }
        var configuration = TunnelConfiguration(servers: [server], agentName: "a")
        try configuration.validate()
        configuration.dialTimeout = .zero
        let error = #expect(throws: TunnelError.self) { try configuration.validate() }
        #expect(error?.message.contains("dialTimeout") == true)
    }

    @Test func `credentials never show in text`() {
        let credentials = TunnelCredentials(
            certificateAuthorities: [1], token: "secret-token", clientCertificate: [2],
            clientKey: Array("secret-key".utf8))
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] { #expect(!text.contains("secret")) }
    }

    @Test func `metrics have upstream's names where upstream measures the same`() {
        var status = TunnelStatus()
        status.counters.bytesToTargets = 5
        let text = MetricText.render(status.metricFamilies)
        for name in ["open_server_connections 0", "known_server_count 1", "open_endpoint_connections 0"] {
            #expect(text.contains("konnectivity_network_proxy_agent_\(name)\n"))
        }
        #expect(text.contains("kamaji_agent_tunnel_bytes_total{direction=\"to_target\"} 5\n"))
        #expect(text.contains("endpoint_dial_failure_total{reason=\"timeout\"} 0\n"))
    }
}
