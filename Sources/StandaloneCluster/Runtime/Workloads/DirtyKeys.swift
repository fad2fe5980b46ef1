import APIMachinery
import KubeObjects
import Logging
import Synchronization

/// Objects that want to be looked at. Each is worked on once at a time; marked meanwhile, it comes once more.
final class DirtyKeys: Sendable {
    private struct State {
        var queue: [ObjectKey] = []
        var head = 0
        var queued: Set<ObjectKey> = []
        var busy: Set<ObjectKey> = []
        var failures: [ObjectKey: Int] = [:]
        var timers: [ObjectKey: ContinuousClock.Instant] = [:]
    }

    private static let shortestPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    private let state = Mutex(State())
    private let signal = WatchSignal()
    private let log: Logger

    init(log: Logger) { self.log = log }

    func mark(_ key: ObjectKey) {
        state.withLock { state in
            if state.queued.insert(key).inserted { state.queue.append(key) }
        }
        signal.wake()
    }

    /// Works until the task is cancelled, on `atOnce` objects at most. Runs once.
    ///
    /// What loses a race is done again at once; what fails otherwise, after pauses that double up to a minute.
    /// - Parameter handle: Gives the time after which the object is to be looked at again, or nil for when it is marked.
    func work(
        atOnce: Int = 4, _ handle: @escaping @Sendable (ObjectKey) async throws(APIStatus) -> Duration?
    ) async {
        await withDiscardingTaskGroup { group in
            repeat {
                while let key = take(atOnce) {
                    group.addTask {
                        let pause = await self.attempt(key, handle)
                        self.finish(key)
                        if let pause { await self.mark(key, after: pause) }
                    }
                }
            } while await signal.wait()
            group.cancelAll()
        }
    }

    /// The next key that nobody works on.
    private func take(_ atOnce: Int) -> ObjectKey? {
        state.withLock { state in
            guard state.busy.count < atOnce else { return nil }
            for index in state.head..<state.queue.endIndex where !state.busy.contains(state.queue[index]) {
                let key = state.queue[index]
                // Those passed over are few, for they are being worked on: they move one place back.
                state.queue[index] = state.queue[state.head]
                state.head += 1
                if state.head * 2 > state.queue.count {
                    state.queue.removeFirst(state.head)
                    state.head = 0
                }
                state.queued.remove(key)
                state.busy.insert(key)
                return key
            }
            return nil
        }
    }

    private func finish(_ key: ObjectKey) {
        state.withLock { state in _ = state.busy.remove(key) }
        signal.wake()
    }

    private func attempt(
        _ key: ObjectKey, _ handle: @Sendable (ObjectKey) async throws(APIStatus) -> Duration?
    ) async -> Duration? {
        do throws(APIStatus) {
            let pause = try await handle(key)
            state.withLock { state in state.failures[key] = nil }
            return pause
        } catch {
            if Task.isCancelled { return nil }
            switch error.reason {
            case "Conflict": return .zero
            // Something went away meanwhile, mostly the object itself.
            case "NotFound": return Self.shortestPause
            default: break
            }
            let failures = state.withLock { state in
                state.failures[key, default: 0] += 1
                return state.failures[key] ?? 1
            }
            log.warning("could not handle an object", metadata: ["object": "\(key)", "error": "\(error)"])
            return min(Self.longestPause, Self.shortestPause * (1 << min(failures - 1, 6)))
        }
    }

    /// Waits, unless another one waits for the same object and not longer.
    private func mark(_ key: ObjectKey, after pause: Duration) async {
        guard pause > .zero else { return mark(key) }
        let due = ContinuousClock.now + pause
        let isFirst = state.withLock { state in
            if let other = state.timers[key], other <= due { return false }
            state.timers[key] = due
            return true
        }
        guard isFirst, (try? await Task.sleep(until: due, clock: .continuous)) != nil else { return }
        let isLast = state.withLock { state in
            guard state.timers[key] == due else { return false }
            state.timers[key] = nil
            return true
        }
        if isLast { mark(key) }
    }
}
