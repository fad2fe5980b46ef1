import FoundationEssentials
import PKI
import Synchronization
import Testing

@testable import NodeBootstrap

/// How often the daemon asks its tenant, and with that compares clocks, and what it says of that.
@Suite struct ClockComparisonTests {
    /// The seconds at which it is asked, when it is looked after every ten of them.
    private static func asked(
        _ place: Double, until end: Int, _ answer: (inout InquiryPacing, Duration) -> Void
    ) -> [Int] {
        var pacing = InquiryPacing(place: place)
        return stride(from: 0, through: end, by: 10).filter { second in
            guard pacing.isDue(at: .seconds(second)) else { return false }
            answer(&pacing, .seconds(second))
            return true
        }
    }

    @Test func `a clock that is right is compared every five minutes, each node's at its own moment`() {
        for (place, seconds) in [(0.5, [0, 300, 600]), (0, [0, 270, 540]), (1, [0, 330, 660]), (7, [0, 330, 660])] {
            #expect(Self.asked(place, until: 660) { $0.answered(at: $1, serverAhead: 30) } == seconds, "\(place)")
        }
        #expect(Self.asked(0.5, until: 300) { $0.answered(at: $1, serverAhead: nil) } == [0, 300])
    }

    @Test(arguments: [-31.0, 31, 86_400]) func `one that is wrong is compared every minute until it is right`(
        ahead: Double
    ) {
        var answers = 0
        let seconds = Self.asked(0.5, until: 420) { pacing, now in
            answers += 1
            pacing.answered(at: now, serverAhead: answers < 3 ? ahead : 0)
        }
        #expect(seconds == [0, 60, 120, 420])
    }

    @Test func `a tenant that does not answer is asked ever more seldom, and as before once it did`() {
        #expect(Self.asked(0.5, until: 1200) { $0.failed(at: $1) } == [0, 20, 60, 140, 300, 600, 900, 1200])
        var pacing = InquiryPacing(place: 0.5)
        for second in [0, 20, 60] { pacing.failed(at: .seconds(second)) }
        pacing.answered(at: .seconds(140), serverAhead: 0)
        #expect(!pacing.isDue(at: .seconds(439)) && pacing.isDue(at: .seconds(440)))
        #expect(
            Self.asked(0.5, until: 300) { $0.failed(at: $1, serverAhead: 86_400) } == [0, 20, 60, 120, 180, 240, 300])
        pacing.failed(at: .seconds(440))
        #expect(pacing.isDue(at: .seconds(460)))
        pacing.hasten()
        #expect(pacing.isDue(at: .seconds(440)))
    }

    private static func skew(_ board: NodeBoard) async throws -> Double? {
        let lines = String(decoding: await board.answer("/metrics").body, as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("kamaji_agent_clock_skew_seconds ") }
        return line?.split(separator: " ").last.flatMap { Double($0) }
    }

    private static func complains(_ board: NodeBoard) async -> Bool {
        await board.standing.complaints.contains { $0.contains("the clock is ahead of the tenant's") }
    }

    @Test(.timeLimit(.minutes(5))) func `a clock by which no certificate is valid is told of too`() async throws {
        let (machine, other) = (try StandInMachine(try StandInTenant()), try StandInTenant())
        _ = try await machine.join()
        machine.tenant.state.withLock {
            ($0.root, $0.date) = (other.authority.certificate, StandInMachine.httpDate(-86_400))
        }
        let environment = try await machine.environment()
        let board = NodeBoard(environment, version: "1")
        let daemon = NodeDaemon(
            environment, version: "1", tunnels: nil, heartbeat: NodeDaemon.Heartbeat(), board: board, lock: { nil },
            status: { _ in })
        let running = Task { try await daemon.run() }
        while await !Self.complains(board) { await Task.yield() }
        #expect((-86_430 ... -86_370).contains(try #require(try await Self.skew(board))))
        machine.tenant.state.withLock { ($0.root, $0.date) = (nil, nil) }
        while await Self.complains(board) { await Task.yield() }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    @Test(.timeLimit(.minutes(5))) func `the daemon says how far the clocks differ, and soon that they do no more`()
        async throws
    {
        let machine = try StandInMachine(try StandInTenant())
        _ = try await machine.join()
        machine.tenant.state.withLock { $0.date = StandInMachine.httpDate(-400) }
        // Seconds of the daemon's own time at which it has asked.
        let asked = Mutex((seconds: [Int](), reads: machine.tenant.state.withLock { $0.clusterInfoReads }))
        let clock = Mutex(Duration.zero)
        var environment = try await machine.environment()
        environment.pacing = Pacing(
            elapsed: { clock.withLock { $0 } },
            sleep: { duration in
                try Task.checkCancellation()
                let reads = machine.tenant.state.withLock { $0.clusterInfoReads }
                asked.withLock { asked in
                    if reads != asked.reads {
                        asked.seconds.append(Int(clock.withLock { $0 }.components.seconds))
                        asked.reads = reads
                    }
                }
                clock.withLock { $0 += duration }
                await Task.yield()
            })
        let board = NodeBoard(environment, version: "1")
        let daemon = NodeDaemon(
            environment, version: "1", tunnels: nil, heartbeat: NodeDaemon.Heartbeat(), board: board, lock: { nil },
            renewalPlace: 0.5, status: { _ in })
        let running = Task { try await daemon.run() }
        while asked.withLock({ $0.seconds.count }) < 3 { await Task.yield() }
        #expect((-430 ... -370).contains(try #require(try await Self.skew(board))))
        #expect(await Self.complains(board))
        machine.tenant.state.withLock { $0.date = nil }
        while await Self.complains(board) { await Task.yield() }
        #expect(abs(try #require(try await Self.skew(board))) < 30)
        let soFar = asked.withLock { $0.seconds.count }
        while asked.withLock({ $0.seconds.count }) < soFar + 2 { await Task.yield() }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        let seconds = asked.withLock { $0.seconds }
        let pauses = zip(seconds, seconds.dropFirst()).map { $1 - $0 }
        let wrong = pauses.prefix { $0 == 60 }
        #expect(wrong.count >= 2 && pauses.dropFirst(wrong.count).allSatisfy { $0 == 300 }, "\(seconds)")
    }
}
