import Synchronization

/// Bounds how many requests are under way at once; the others wait in the order they came. A herd of tenants that want
/// to write at once becomes a queue here, not thousands of streams at the API server.
final class RequestSlots: Sendable {
    private struct State {
        var free: Int
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(free: count)) }

    /// Runs `body` in a slot; throws `CancellationError` when the task is cancelled while it waits for one.
    func run<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await take()
        defer { give() }
        return try await body()
    }

    private func take() async throws {
        let id = state.withLock { state -> UInt64? in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let refusal = state.withLock { state -> Bool? in
                    if Task.isCancelled { return true }
                    if state.free > 0 {
                        state.free -= 1
                        return false
                    }
                    state.waiting.append((id, continuation))
                    return nil
                }
                switch refusal {
                case true: continuation.resume(throwing: CancellationError())
                case false: continuation.resume()
                case nil: break
                }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    private func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }
}
