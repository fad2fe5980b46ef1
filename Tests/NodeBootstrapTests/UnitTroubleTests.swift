import FoundationEssentials
import KubeObjects
import Logging
import NodeIdentity
import Synchronization
import Systemd
import Testing

@testable import NodeBootstrap

@Suite struct UnitTroubleTests {
    private static func unit(_ restarts: UInt32, sub: String = "running") -> UnitState {
        UnitState(
            load: "loaded", active: sub == "running" ? "active" : "activating", sub: sub, result: "success",
            restarts: restarts)
    }

    @Test func `restarts are counted over two minutes, and from a start that somebody asked for`() {
        var history = UnitHistory()
        func restarts(_ count: UInt32, _ seconds: Int) -> UInt32 {
            history.note(Self.unit(count), isWell: nil, at: .seconds(seconds)).restarts
        }
        // What was before the first look is not this agent's to judge.
        #expect(restarts(7, 0) == 0)
        #expect(restarts(8, 40) == 1 && restarts(9, 80) == 2 && restarts(9, 90) == 2)
        #expect(restarts(9, 199) == 1 && restarts(9, 200) == 0)
        #expect(restarts(0, 300) == 0 && restarts(1, 310) == 1)
    }

    @Test func `how long a unit is not well is known, until it is`() {
        var history = UnitHistory()
        func unwell(_ isWell: Bool?, _ seconds: Int) -> Duration {
            history.note(Self.unit(0), isWell: isWell, at: .seconds(seconds)).unwell
        }
        #expect(unwell(true, 0) == .zero && unwell(false, 10) == .zero && unwell(false, 80) == .seconds(70))
        #expect(unwell(true, 90) == .zero && unwell(false, 100) == .zero && unwell(nil, 110) == .zero)
    }

    private static func plan(_ change: (inout NodeState) -> Void) -> RepairPlan {
        var state = NodeState(now: Date(), kubeletCertificate: .missing)
        state.kubelet = unit(0)
        state.isKubeletWell = true
        change(&state)
        return RepairPlan(state, backoff: RepairBackoff())
    }

    @Test func `a kubelet that ends again and again is complained of in one way, whenever one looks`() throws {
        let waiting = Self.plan { $0.kubelet = Self.unit(3, sub: "auto-restart") }
        let complaint = try #require(waiting.complaints.first { $0.contains("ends again and again") })
        #expect(waiting.troubled == ["kubelet.service"])
        let running = Self.plan { $0.kubeletSteadiness = UnitSteadiness(restarts: 2) }
        #expect(running.complaints.contains(complaint) && running.troubled == ["kubelet.service"])
        // One end in two minutes is mended already.
        let once = Self.plan { $0.kubeletSteadiness = UnitSteadiness(restarts: 1) }
        #expect(!once.complaints.contains { $0.contains("again and again") } && once.troubled.isEmpty)
        let node = try #require(NodeName("edge-1"))
        #expect(!NodeReport(node: node, version: "1", plan: waiting).isHealthy)
        let runtime = Self.plan {
            $0.runtimeUnit = "containerd.service"
            $0.runtime = Self.unit(9, sub: "auto-restart-queued")
        }
        #expect(runtime.troubled == ["containerd.service"])
    }

    @Test func `a kubelet on its way up has a minute`() {
        func complains(_ sub: String, _ seconds: Int) -> Bool {
            Self.plan {
                $0.kubelet = Self.unit(0, sub: sub)
                $0.isKubeletWell = false
                $0.kubeletSteadiness = UnitSteadiness(unwell: .seconds(seconds))
            }.complaints.contains { $0.contains("is not well") }
        }
        #expect(!complains("start-pre", 30) && complains("start-pre", 61) && complains("running", 0))
    }

    @Test func `secrets that a unit has logged are not logged once more`() {
        #expect(
            UnitLog.withoutSecrets("token \"07401b.f395accd246ae52d\", or abcdef.0123456789abcdef.")
                == "token \"07401b.***\", or abcdef.***.")
        #expect(UnitLog.withoutSecrets("Bearer eyJhbGciOi.eyJpc3Mi.c2ln-_x end") == "Bearer eyJ*** end")
        let plain = "E1122 kubelet.go:3337] \"Failed\" err=\"no such file: /var/lib/kubelet/config.yaml\" v1.36.2…"
        #expect(UnitLog.withoutSecrets(plain) == plain)
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private struct Capture: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.add("\(event.message) \(event.metadata ?? [:])")
        }
    }

    /// A journal in which the kubelet has complained.
    private static func installJournal(_ machine: StandInMachine) throws {
        try machine.files.makeFolder("/usr/bin", mode: 0o755)
        let script = """
            #!/bin/sh
            case "$*" in *_SYSTEMD_UNIT=kubelet.service*) ;; *) exit 1 ;; esac
            for i in 1 2 3 4 5 6 7 8 9; do echo "line $i"; done
            echo 'unknown field "maxPodz" for 07401b.f395accd246ae52d'
            """
        try machine.files.write(NodeFile("/usr/bin/journalctl", mode: 0o755, script))
    }

    @Test func `a join whose kubelet does not come up ends with the kubelet's last words`() async throws {
        let machine = try StandInMachine(try StandInTenant())
        try Self.installJournal(machine)
        machine.kubelet.refused.withLock { $0 = "KubeletConfiguration" }
        let failure = await #expect(throws: JoinFailure.self) { try await machine.join() }
        #expect(failure?.phase == .kubeletStart)
        #expect(failure?.message.hasSuffix("maxPodz\" for 07401b.***") == true, "\(failure?.message ?? "")")
    }

    @Test(.timeLimit(.minutes(5)))
    func `the daemon's log has the last words of a kubelet that fails, once for each way`()
        async throws
    {
        let machine = try StandInMachine(try StandInTenant())
        _ = try await machine.join()
        try Self.installJournal(machine)
        machine.kubelet.unit.withLock { ($0.active, $0.sub, $0.restarts) = ("activating", "auto-restart", 4) }
        let lines = Lines()
        var environment = try await machine.environment()
        environment.log = Logger(label: "test") { _ in Capture(lines: lines) }
        let board = NodeBoard(environment, version: "1")
        let statuses = Lines()
        let daemon = NodeDaemon(
            environment, version: "1", tunnels: nil, heartbeat: NodeDaemon.Heartbeat(), board: board,
            lock: { nil }, status: { statuses.add($0) })
        let running = Task { try await daemon.run() }
        func look() async {
            let looks = statuses.all.count
            while statuses.all.count < looks + 3 { await Task.yield() }
        }
        var told: [String] { lines.all.filter { $0.contains("kubelet.service has logged") } }
        await look()
        #expect(told.count == 8 && told.last?.contains("maxPodz\" for 07401b.***") == true, "\(told)")
        // It is complained of already, and now it ends in another way.
        machine.kubelet.unit.withLock { ($0.restarts, $0.status, $0.invocation) = (5, 2, "next") }
        await look()
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(told.count == 16, "\(told)")
        #expect(statuses.all.last?.contains("ends again and again") == true)
        #expect(await board.standing.complaints.contains { $0.contains("ends again and again") })
    }
}

@Suite struct ReportPacingTests {
    private static func report(_ message: String = "") throws -> NodeReport {
        var plan = RepairPlan(NodeState(now: Date(), kubeletCertificate: .missing), backoff: RepairBackoff())
        plan.complaints = [message]
        return NodeReport(node: try #require(NodeName("edge-1")), version: "1", plan: plan)
    }

    @Test func `a node is reported on at once when something changes, else every five minutes`() throws {
        var pacing = ReportPacing()
        let (first, second) = (try Self.report("a"), try Self.report("b"))
        #expect(pacing.isDue(first, at: .seconds(0)))
        pacing.written(first, at: .seconds(0))
        #expect(!pacing.isDue(first, at: .seconds(299)) && pacing.isDue(first, at: .seconds(300)))
        #expect(pacing.isDue(second, at: .seconds(10)))
    }

    @Test func `a tenant that forbids it is asked again, and the log is told once until it allowed it`() throws {
        var pacing = ReportPacing()
        let report = try Self.report()
        var news = [pacing.forbidden(at: .seconds(0))]
        #expect(!pacing.isDue(report, at: .seconds(299)) && pacing.isDue(report, at: .seconds(300)))
        news.append(pacing.forbidden(at: .seconds(300)))
        #expect(!pacing.isDue(report, at: .seconds(310)))
        pacing.written(report, at: .seconds(600))
        news.append(pacing.forbidden(at: .seconds(900)))
        #expect(news == [true, false, true])
    }

    @Test func `only what is new is told`() {
        var pacing = ReportPacing()
        let told = [["a"], ["a", "b"], [], ["a"]].map { pacing.fresh(complaints: $0) }
        #expect(told == [["a"], ["b"], [], ["a"]])
    }
}
