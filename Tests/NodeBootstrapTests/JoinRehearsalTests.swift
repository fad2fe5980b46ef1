import KubeObjects
import NodeIdentity
import Synchronization
import Testing

@testable import NodeBootstrap

@Suite struct JoinRehearsalTests {
    private final class Listener: Sendable {
        let events = Mutex<[JoinEvent]>([])

        func hear(_ event: JoinEvent) { events.withLock { $0.append(event) } }

        /// What a phase ended with, and whether it failed.
        func ending(of phase: JoinPhase) -> (text: String, failed: Bool)? {
            events.withLock { events in
                for case .failed(phase, let why) in events { return (why, true) }
                for case .finished(phase, let what, _) in events { return (what, false) }
                return nil
            }
        }

        func waits(_ phase: JoinPhase) -> [String] {
            events.withLock { events in
                events.compactMap { if case .waiting(phase, let why) = $0 { why } else { nil } }
            }
        }
    }

    private static let journals: Set = [Journal.path, "\(Journal.path)-wal", "\(Journal.path)-shm"]

    private static func rehearse(_ machine: StandInMachine, ignoring checks: String = "all") async throws -> (
        rehearsal: JoinRehearsal, listener: Listener
    ) {
        machine.tenant.state.withLock { $0.calls = [] }
        let listener = Listener()
        var configuration = try machine.tenant.configuration()
        configuration.ignoredChecks = [checks]
        let run = JoinRun(try await machine.environment(), configuration) { listener.hear($0) }
        let before = try machine.tree(leavingOut: journals)
        let rehearsal = try await run.rehearse()
        // Whatever it says, it makes nothing here and nothing there, and notes nothing.
        #expect(try machine.tree(leavingOut: journals) == before)
        #expect(machine.tenant.state.withLock { $0.calls.allSatisfy { $0.hasPrefix("GET ") } })
        #expect(try await run.journal.fact("tenant") == nil)
        #expect(try await run.journal.fact("join") == nil)
        #expect(try await run.journal.phases().isEmpty)
        return (rehearsal, listener)
    }

    private static func machine() throws -> StandInMachine {
        let machine = try StandInMachine(StandInTenant())
        try machine.install(kubelet: "v1.36.2")
        machine.tenant.state.withLock { $0.date = StandInMachine.httpDate() }
        return machine
    }

    @Test func `a rehearsal finds the tenant, verifies it and reads what a join reads`() async throws {
        let machine = try Self.machine()
        let (_, listener) = try await Self.rehearse(machine)
        #expect(listener.ending(of: .discovery)?.text == "\(StandInTenant.server), pin verified")
        #expect(listener.ending(of: .configuration)?.text == "cluster dev, Kubernetes v1.36.2")
        #expect(machine.tenant.state.withLock { $0.callers.contains("Bearer 07401b.f395accd246ae52d") })
    }

    @Test func `a tenant that no token of ours is known to is no tenant to join, and told so at once`() async throws {
        let machine = try Self.machine()
        machine.tenant.state.withLock { $0.isSigned = false }
        let (rehearsal, listener) = try await Self.rehearse(machine)
        #expect(!rehearsal.isFit && listener.ending(of: .discovery)?.failed == true)
        #expect(rehearsal.failure?.phase == .discovery && rehearsal.failedChecks.isEmpty)
        #expect(rehearsal.text == "This join would fail: phase discovery.")
        // Whoever looks on is not kept waiting for as long as a join waits.
        #expect((2...10).contains(machine.tenant.state.withLock { $0.clusterInfoReads }))
        // The first miss says why, and until when it is tried again; all later ones say the same.
        let waits = Set(listener.waits(.discovery))
        #expect(waits.count == 1)
        let wait = try #require(waits.first)
        #expect(wait.contains("is not signed for token 07401b") && wait.contains("It is tried again until 20"))
    }

    @Test func `what speaks against a join is counted up, each check once`() {
        func check(_ name: String) -> CheckResult { CheckResult(name, .error, "x") }
        let checks = [check("SystemVerification"), check("CRI"), check("SystemVerification")]
        let rehearsal = JoinRehearsal(failedChecks: checks, failure: JoinFailure(.configuration, "no"))
        #expect(!rehearsal.isFit && rehearsal.json["fit"] == false)
        #expect(
            rehearsal.text.hasPrefix("This join would fail: SystemVerification, CRI, phase cluster-configuration ("))
        #expect(rehearsal.json["failedChecks"] == ["SystemVerification", "CRI"])
        #expect(!JoinRehearsal(failedChecks: [check("CRI")]).isFit)
        #expect(JoinRehearsal(failedChecks: []).text == "Nothing speaks against this join.")
    }

    @Test func `a clock that is far off speaks against a join`() async throws {
        let machine = try Self.machine()
        machine.tenant.state.withLock { $0.date = StandInMachine.httpDate(86_400) }
        let (rehearsal, listener) = try await Self.rehearse(machine, ignoring: "none")
        #expect(!rehearsal.isFit && listener.ending(of: .discovery)?.text.contains("behind the tenant's") == true)
    }

    @Test func `a kubelet newer than the tenant speaks against a join`() async throws {
        let machine = try Self.machine()
        machine.tenant.state.withLock { $0.version = "v1.35.0" }
        let (rehearsal, listener) = try await Self.rehearse(machine, ignoring: "none")
        #expect(!rehearsal.isFit && listener.ending(of: .configuration)?.text.contains("newer than the tenant") == true)
    }
}
