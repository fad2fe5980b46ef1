import Synchronization
import Testing

@testable import NodeBootstrap

/// That one agent at a time changes a machine, and that commands wait a little for the daemon.
@Suite(.timeLimit(.minutes(5))) struct HostLockTests {
    /// Time that goes on by waiting alone; `waited` is told how often that was.
    private static func pacing(_ waited: @escaping @Sendable (Int) throws -> Void) -> Pacing {
        let state = Mutex((clock: Duration.zero, waits: 0))
        return Pacing(
            elapsed: { state.withLock { $0.clock } },
            sleep: { duration in
                let waits = state.withLock { state in
                    state.clock += duration
                    state.waits += 1
                    return state.waits
                }
                try waited(waits)
            })
    }

    @Test func `who comes second waits until the first is done`() async throws {
        let machine = try StandInMachine(StandInTenant())
        let files = machine.files
        let first = Mutex(try HostLock(files))
        #expect(try HostLock(files) == nil)
        let second = try await HostLock.patiently(
            Self.pacing { waits in if waits == 5 { first.withLock { $0 = nil } } }
        ) { try HostLock(files) }
        #expect(second != nil)
        #expect(try HostLock(files) == nil)
        withExtendedLifetime((machine, second)) {}
    }

    @Test func `who comes second does not wait for ever`() async throws {
        let machine = try StandInMachine(StandInTenant())
        let files = machine.files
        let first = try #require(try HostLock(files))
        let waits = Mutex(0)
        let second = try await HostLock.patiently(Self.pacing { count in waits.withLock { $0 = count } }) {
            try HostLock(files)
        }
        #expect(second == nil && waits.withLock { $0 } == 60)
        withExtendedLifetime((machine, first)) {}
    }

    @Test func `the daemon holds a machine while it mends it, and only then`() async throws {
        let machine = try StandInMachine(StandInTenant())
        _ = try await machine.join()
        let files = machine.files
        try files.remove(KubeletFiles.flagsPath)
        let others = Mutex<[Bool]>([])
        let environment = try await machine.environment { _ in
            let lock = try HostLock(files)
            others.withLock { $0.append(lock != nil) }
        }
        let board = NodeBoard(environment, version: "1")
        let daemon = NodeDaemon(
            environment, version: "1", tunnels: nil, heartbeat: NodeDaemon.Heartbeat(), board: board,
            lock: { try HostLock(files) }, status: { _ in })
        let running = Task { try await daemon.run() }
        while await board.standing.repairs.isEmpty { await Task.yield() }
        // As "kamaji-agent join" does.
        let lock = try await HostLock.patiently(.real) { try HostLock(files) }
        #expect(lock != nil)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(files.exists(KubeletFiles.flagsPath))
        let seen = others.withLock { $0 }
        #expect(!seen.isEmpty && !seen.contains(true), "\(seen)")
    }
}
