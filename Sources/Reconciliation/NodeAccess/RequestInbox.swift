import KubeObjects
import Synchronization

/// The certificate requests of one tenant that somebody is to look at: new ones at once, those that could not be decided
/// after a pause.
final class RequestInbox: Sendable {
    private struct State {
        var new: [String: KubeObject] = [:]
        /// Names that wait for the end of the pause, and those that it has ended for.
        var postponed: Set<String> = []
        var due: Set<String> = []
        var isPausing = false
    }

    private let state = Mutex(State())
    /// One element for any number of requests that can be taken.
    let arrivals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (arrivals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    /// Of a request that is there already the newer state counts.
    func insert(_ requests: [KubeObject]) {
        guard !requests.isEmpty else { return }
        state.withLock { state in
            for request in requests { state.new[request.name] = request }
        }
        continuation.yield()
    }

    func remove(_ name: String) {
        state.withLock { state in
            state.new[name] = nil
            state.postponed.remove(name)
            state.due.remove(name)
        }
    }

    func postpone(_ name: String) { state.withLock { _ = $0.postponed.insert(name) } }

    /// What is to be looked at now; of a request that is new and postponed the new state alone.
    func takeAll() -> (requests: [KubeObject], again: [String]) {
        state.withLock { state in
            let new = state.new.values.sorted { $0.name < $1.name }
            state.postponed.subtract(state.new.keys)
            let again = state.due.subtracting(state.new.keys).sorted()
            (state.new, state.due) = ([:], [])
            return (new, again)
        }
    }

    /// True when something is postponed and nobody waits for it yet: the caller does, and says when it is over.
    func beginsPause() -> Bool {
        state.withLock { state in
            guard !state.isPausing, !state.postponed.isEmpty else { return false }
            state.isPausing = true
            return true
        }
    }

    func endPause() {
        state.withLock { state in
            state.isPausing = false
            (state.due, state.postponed) = (state.due.union(state.postponed), [])
        }
        continuation.yield()
    }
}
