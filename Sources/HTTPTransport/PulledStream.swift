import Synchronization

extension HTTPTransport {
    /// By way of `stream`, with a task that pulls.
    package func open(
        _ request: HTTPRequest, _ receive: @escaping @Sendable (StreamSignal) -> Void
    ) -> any OpenStream {
        PulledStream(self, request, receive)
    }
}

/// An open stream over a body that is pulled.
final class PulledStream: OpenStream {
    private struct State {
        /// Told and not taken yet, in bytes.
        var outstanding = 0
        var waiter: CheckedContinuation<Void, Never>?
        var isCancelled = false
        var task: Task<Void, Never>?
    }

    /// Shared with the task, which must not hold the stream itself.
    private final class Shared: Sendable {
        let state = Mutex(State())

        func took(_ count: Int) {
            let waiter = state.withLock { state in
                state.outstanding -= count
                return state.outstanding < Exchange.streamBufferLimit ? state.waiter.take() : nil
            }
            waiter?.resume()
        }

        func told(_ count: Int) async {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let mayGoOn = state.withLock { state in
                    state.outstanding += count
                    if state.outstanding < Exchange.streamBufferLimit || state.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        }

        func cancel() {
            let (waiter, task) = state.withLock { state in
                state.isCancelled = true
                return (state.waiter.take(), state.task.take())
            }
            task?.cancel()
            waiter?.resume()
        }
    }

    private let shared = Shared()

    init(
        _ transport: some HTTPTransport, _ request: HTTPRequest, _ receive: @escaping @Sendable (StreamSignal) -> Void
    ) {
        let shared = shared
        let task = Task {
            do {
                let response = try await transport.stream(request)
                receive(.head(status: response.status, headers: response.headers))
                for try await chunk in response.body {
                    receive(.chunk(chunk))
                    await shared.told(chunk.count)
                }
                receive(.end(nil))
            } catch {
                receive(.end(error))
            }
        }
        let isLate = shared.state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isLate { task.cancel() }
    }

    deinit { shared.cancel() }

    func took(_ count: Int) { shared.took(count) }

    func cancel() { shared.cancel() }
}
