import FoundationEssentials
import Glibc
import KubeObjects
import Synchronization

/// The logs of this machine's containers as files, and word of who writes them: a reader that follows one sleeps until
/// something is added to it, and knows when its container has ended.
package final class ContainerLogs: Sendable {
    private struct State {
        /// Runs that have begun and not ended, by path.
        var writers: [String: Int] = [:]
        var followers: [String: [ObjectIdentifier: WatchSignal]] = [:]
        var isClosed = false
    }

    /// `<root>/<namespace>_<pod>/<container>.log`.
    let root: String
    private let state = Mutex(State())

    /// - Parameter directory: the runtime's; logs are below it.
    package init(directory: String) { root = "\(directory)/logs" }

    func directory(of pod: KubeObject) -> String { "\(root)/\(pod.namespace ?? "")_\(pod.name)" }

    func path(_ container: String, of pod: KubeObject) -> String { "\(directory(of: pod))/\(container).log" }

    // MARK: Writers

    func begin(_ path: String) { state.withLock { $0.writers[path, default: 0] += 1 } }

    func noteWritten(_ path: String) {
        let signals = state.withLock { $0.followers[path]?.values.map { $0 } ?? [] }
        for signal in signals { signal.wake() }
    }

    func end(_ path: String) {
        state.withLock { state in
            let left = (state.writers[path] ?? 1) - 1
            state.writers[path] = left > 0 ? left : nil
        }
        noteWritten(path)
    }

    /// Whether a run of the container goes on: its log may still grow.
    func isWritten(_ path: String) -> Bool { state.withLock { $0.writers[path] != nil } }

    // MARK: Readers

    /// A signal that is raised when something was written to a log, or its container ended; until `forget`.
    func follow(_ path: String) -> WatchSignal {
        let signal = WatchSignal()
        let isClosed = state.withLock { state in
            state.followers[path, default: [:]][ObjectIdentifier(signal)] = signal
            return state.isClosed
        }
        if isClosed { signal.close() }
        return signal
    }

    func forget(_ signal: WatchSignal, _ path: String) {
        state.withLock { state in
            state.followers[path]?[ObjectIdentifier(signal)] = nil
            if state.followers[path]?.isEmpty ?? false { state.followers[path] = nil }
        }
    }

    /// Ends every present and later reader that follows a log.
    func endFollowing() {
        let signals = state.withLock { state in
            state.isClosed = true
            return state.followers.values.flatMap(\.values)
        }
        for signal in signals { signal.close() }
    }
}
