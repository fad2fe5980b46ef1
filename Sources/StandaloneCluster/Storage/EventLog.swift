import Synchronization

/// The newest events in memory, and who is to be woken by the next ones. A watcher owns no queue: it keeps a position,
/// and one that falls behind this window reads on from the history in the database, so that slow watchers cost
/// nothing but their own time.
final class EventLog: Sendable {
    /// Events kept in memory; about 8 MiB of ordinary objects.
    static let window = 256

    enum Reading {
        /// Events after the position asked for, and the position they lead to.
        case events([StoreEvent], upTo: Int64)
        /// The position is older than the window.
        case behind
    }

    private struct State {
        var recent: [StoreEvent] = []
        /// Every event after `floor` is in `recent`.
        var floor: Int64
        var head: Int64
        /// By resource; nil watches all of them.
        var watchers: [String?: [ObjectIdentifier: WatchSignal]] = [:]
        var followers: [String: @Sendable (StoreEvent) -> Void] = [:]
        var isClosed = false
    }

    private let state: Mutex<State>

    init(head: Int64) { state = Mutex(State(floor: head, head: head)) }

    var head: Int64 { state.withLock { $0.head } }

    /// Called by the writer after each commit, in order.
    func publish(_ events: [StoreEvent], head: Int64) {
        let followers = state.withLock { $0.followers }
        for event in events { followers[event.resource]?(event) }
        let woken: [WatchSignal] = state.withLock { state in
            state.recent.append(contentsOf: events)
            state.head = head
            if state.recent.count > 2 * Self.window {
                let surplus = state.recent.count - Self.window
                state.floor = state.recent[surplus - 1].version
                state.recent.removeFirst(surplus)
            }
            let resources = Set(events.map { Optional($0.resource) }).union([nil])
            return resources.flatMap { state.watchers[$0].map { Array($0.values) } ?? [] }
        }
        for signal in woken { signal.wake() }
    }

    /// Calls `body` with each write of `resource` on the writer's thread, in order, before any watcher or the write's
    /// author hears of it. One follower a resource.
    func follow(_ resource: String, _ body: @escaping @Sendable (StoreEvent) -> Void) {
        state.withLock { $0.followers[resource] = body }
    }

    func read(_ resource: String?, after position: Int64) -> Reading {
        state.withLock { state in
            guard position >= state.floor else { return .behind }
            // Versions rise by one, but the search does not lean on it.
            var low = 0
            var high = state.recent.count
            while low < high {
                let middle = (low + high) / 2
                if state.recent[middle].version <= position { low = middle + 1 } else { high = middle }
            }
            return .events(
                state.recent[low...].filter { resource == nil || $0.resource == resource },
                upTo: max(position, state.head))
        }
    }

    /// Adds a watcher; it is closed at once when the log is.
    func add(_ signal: WatchSignal, for resource: String?) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.watchers[resource, default: [:]][ObjectIdentifier(signal)] = signal }
            return state.isClosed
        }
        if isClosed { signal.close() }
    }

    func remove(_ signal: WatchSignal, for resource: String?) {
        state.withLock { state in
            state.watchers[resource]?[ObjectIdentifier(signal)] = nil
            if state.watchers[resource]?.isEmpty == true { state.watchers[resource] = nil }
        }
    }

    var watcherCount: Int { state.withLock { $0.watchers.values.reduce(0) { $0 + $1.count } } }

    /// Ends every watch; later ones end as they begin.
    func close() {
        let signals = state.withLock { state in
            state.isClosed = true
            let signals = state.watchers.values.flatMap(\.values)
            state.watchers = [:]
            return signals
        }
        for signal in signals { signal.close() }
    }
}

/// What a watcher sleeps on: raised by new events, by its own timer, and for good by `close`.
package final class WatchSignal: Sendable {
    private struct State {
        var isRaised = false
        var isClosed = false
        var sleeper: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package func wake() { raise(closing: false) }

    /// Every present and later `wait` gives false.
    package func close() { raise(closing: true) }

    private func raise(closing: Bool) {
        let sleeper = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            if closing { state.isClosed = true }
            guard let sleeper = state.sleeper else {
                state.isRaised = true
                return nil
            }
            state.sleeper = nil
            return sleeper
        }
        sleeper?.resume(returning: !closing)
    }

    /// Sleeps until raised; false when closed or cancelled. One sleeper at a time.
    package func wait() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.isClosed || Task.isCancelled { return false }
                    if state.isRaised {
                        state.isRaised = false
                        return true
                    }
                    state.sleeper = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            close()
        }
    }
}
