import KubeObjects

/// A watch on one resource: a position in the history of the store that moves on as events are taken.
///
/// Ends by throwing `expired` when history was cut before the reader got there, and by giving nil when the store or
/// `signal` is closed. Not shared between tasks.
package struct WatchCursor: Sendable {
    private let store: ObjectStore
    private let resource: String?
    private let registration: Registration
    /// Everything up to here has been taken.
    package private(set) var position: Int64

    private static let chunk = 100

    /// Starts after `position`, which must not lie in the future or before what history keeps.
    package init(_ store: ObjectStore, resource: String?, after position: Int64) {
        self.store = store
        self.resource = resource
        self.position = position
        registration = Registration(log: store.events, resource: resource)
    }

    /// Wakes a sleeping `next()` (which then gives an empty array) or, closed, ends it.
    package var signal: WatchSignal { registration.signal }

    /// The next events. Waits for one; an empty array means that the signal was raised and nothing happened.
    package mutating func next() async throws(StorageError) -> [StoreEvent]? {
        let events = try await pending()
        if !events.isEmpty { return events }
        guard await registration.signal.wait() else { return nil }
        return try await pending()
    }

    /// Moves on over what has happened so far, without waiting.
    private mutating func pending() async throws(StorageError) -> [StoreEvent] {
        switch store.events.read(resource, after: position) {
        case .events(let events, let upTo):
            position = upTo
            return events
        case .behind:
            let (resource, position) = (resource, position)
            let chunk = Self.chunk
            let (events, upTo) = try await store.read { snapshot throws(StorageError) in
                try snapshot.events(resource, after: position, limit: chunk)
            }
            self.position = upTo
            // Raised again, because more may be waiting than was read.
            registration.signal.wake()
            return events
        }
    }
}

/// Holds the watcher's place in the log for as long as the cursor lives.
private final class Registration: Sendable {
    let signal = WatchSignal()
    private let log: EventLog
    private let resource: String?

    init(log: EventLog, resource: String?) {
        self.log = log
        self.resource = resource
        log.add(signal, for: resource)
    }

    deinit { log.remove(signal, for: resource) }
}

extension ObjectStore {
    /// Watches `resource`, or with nil all of them, from `version` on; nil starts now. Throws at once when that version is gone or not yet there.
    package func watch(_ resource: String?, after version: Int64?) async throws(StorageError) -> WatchCursor {
        let cursor = WatchCursor(self, resource: resource, after: version ?? currentVersion)
        guard let version else { return cursor }
        try await read { snapshot throws(StorageError) in
            let (current, oldest) = (try snapshot.revision(), try snapshot.compacted())
            guard version >= oldest else { throw .expired(requested: version, oldest: oldest) }
            guard version <= current else { throw .future(requested: version, current: current) }
        }
        return cursor
    }
}
