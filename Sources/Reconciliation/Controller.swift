import Logging
import Synchronization

/// Works off one queue with a bounded number of workers. Adding is free of waiting and may be done from anywhere.
package final class Controller<Key: Hashable & Sendable & CustomStringConvertible>: Sendable {
    private struct State {
        var queue = WorkQueue<Key>()
        var idle: CheckedContinuation<Void, Never>?
        var isStopping = false
    }

    private let state = Mutex(State())
    private let clock = ContinuousClock()
    private let name: String
    private let workers: Int
    private let log: Logger

    package init(name: String, workers: Int, log: Logger) {
        self.name = name
        self.workers = workers
        self.log = log
    }

    /// Asks for `key` now, or after `delay`.
    package func enqueue(_ key: Key, after delay: Duration = .zero) {
        let instant = clock.now + delay
        wake { $0.queue.add(key, at: instant) }
    }

    package var depth: (waiting: Int, working: Int, failing: Int) {
        state.withLock { ($0.queue.waitingCount, $0.queue.workingCount, $0.queue.failingCount) }
    }

    /// Runs until the task is cancelled; keys that are being worked on then are finished first.
    func run(_ reconcile: @escaping @Sendable (Key) async throws -> WorkOutcome) async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    let next = state.withLock { state in
                        state.queue.workingCount < workers ? state.queue.next(now: clock.now) : .wait(until: nil)
                    }
                    switch next {
                    case .work(let key): group.addTask { await self.work(on: key, reconcile) }
                    case .wait(let instant): await pause(until: instant)
                    }
                }
            }
        } onCancel: {
            wake { $0.isStopping = true }
        }
    }

    private func work(on key: Key, _ reconcile: @Sendable (Key) async throws -> WorkOutcome) async {
        let outcome: WorkOutcome
        do {
            outcome = try await reconcile(key)
        } catch is CancellationError {
            outcome = .settled
        } catch {
            log.warning(
                "reconciliation failed, to be tried again",
                metadata: ["controller": "\(name)", "key": "\(key)", "error": "\(error)"])
            outcome = .failed
        }
        wake { $0.queue.finish(key, outcome, now: clock.now) }
    }

    private func wake(_ change: (inout State) -> Void) {
        let sleeper = state.withLock { state in
            change(&state)
            let sleeper = state.idle
            state.idle = nil
            return sleeper
        }
        sleeper?.resume()
    }

    /// Sleeps until something is added or finished, or the instant comes.
    private func pause(until instant: ContinuousClock.Instant?) async {
        let alarm = instant.map { instant in
            // Held and cancelled below: it only wakes the loop at the instant the queue named.
            Task {
                try await clock.sleep(until: instant)
                wake { _ in }
            }
        }
        await withCheckedContinuation { continuation in
            let now = clock.now
            let resumed = state.withLock { state in
                // Something may have come between asking the queue and lying down.
                if state.isStopping || state.queue.isDue(now: now, capacity: workers) { return true }
                state.idle = continuation
                return false
            }
            if resumed { continuation.resume() }
        }
        alarm?.cancel()
    }
}
