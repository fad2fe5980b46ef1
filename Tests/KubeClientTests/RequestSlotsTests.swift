import Synchronization
import Testing

@testable import KubeClient

@Suite("Slots for requests", .timeLimit(.minutes(5)))
struct RequestSlotsTests {
    /// Opened once; tasks wait before it.
    private struct Gate {
        let stream: AsyncStream<Void>
        let continuation: AsyncStream<Void>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func open() { continuation.finish() }
        func pass() async { for await _ in stream {} }
    }

    private final class Counts: Sendable {
        private let state = Mutex((now: 0, most: 0, total: 0))
        var values: (now: Int, most: Int, total: Int) { state.withLock { $0 } }
        func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.total + 1) } }
        func leave() { state.withLock { $0.now -= 1 } }
    }

    @Test("No more run at once than there are slots, and all of them run")
    func bounded() async throws {
        let slots = RequestSlots(count: 3)
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await slots.run {
                        counts.enter()
                        for _ in 0..<5 { await Task.yield() }
                        counts.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counts.values.total == 200)
        #expect(counts.values.most == 3)
    }

    @Test("A failure gives its slot back")
    func failure() async throws {
        let slots = RequestSlots(count: 1)
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) { try await slots.run { throw CancellationError() } }
        }
        #expect(try await slots.run { 5 } == 5)
    }

    @Test("A task that is cancelled while it waits takes no slot with it")
    func cancelledWaiter() async throws {
        let slots = RequestSlots(count: 1)
        let (isTaken, mayEnd) = (Gate(), Gate())
        let holder = Task {
            try await slots.run {
                isTaken.open()
                await mayEnd.pass()
            }
        }
        await isTaken.pass()
        let waiters = (0..<20).map { _ in Task { try await slots.run { true } } }
        let patient = Task { try await slots.run { true } }
        for _ in 0..<50 { await Task.yield() }
        for waiter in waiters {
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        mayEnd.open()
        try await holder.value
        #expect(try await patient.value)
        #expect(try await slots.run { true })
    }
}
