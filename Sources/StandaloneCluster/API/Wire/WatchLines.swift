import APIMachinery
import KubeObjects

/// A watch as it goes over the wire: one JSON line for each event, bookmarks in between when asked for, and an ERROR
/// line when history was cut under it.
package struct WatchLines: ResponseStream {
    private var session: WatchSession
    /// The flag is true for the first object of the watch.
    private let render: @Sendable (KubeObject, Bool) -> JSON
    private var isFirst = true
    private let bookmark: (@Sendable (Int64) -> JSON)?
    private var backlog: [UInt8]
    private let deadline: ContinuousClock.Instant
    private var nextBookmark: ContinuousClock.Instant
    private var bookmarked: Int64 = 0
    private var isOver = false

    /// Between bookmarks on a quiet watch.
    private static let bookmarkInterval = Duration.seconds(55)

    init(
        session: WatchSession, initial: [KubeObject], lasting duration: Duration,
        bookmark: (@Sendable (Int64) -> JSON)?, render: @escaping @Sendable (KubeObject, Bool) -> JSON
    ) {
        self.session = session
        self.render = render
        self.bookmark = bookmark
        let now = ContinuousClock.now
        deadline = now + duration
        nextBookmark = now + Self.bookmarkInterval
        backlog = []
        for object in initial {
            Self.append("ADDED", render(object, isFirst), to: &backlog)
            isFirst = false
        }
    }

    package var signal: WatchSignal { session.signal }

    /// Wakes the watch while it lasts. Runs beside `next()` until cancelled.
    package var timer: WatchTimer? {
        WatchTimer(signal: session.signal, deadline: deadline, interval: bookmark == nil ? nil : Self.bookmarkInterval)
    }

    package mutating func next() async -> [UInt8]? {
        if isOver { return nil }
        if !backlog.isEmpty {
            defer { backlog = [] }
            return backlog
        }
        var lines: [UInt8] = []
        do throws(APIStatus) {
            guard let events = try await session.next() else {
                isOver = true
                return nil
            }
            for event in events {
                Self.append(Self.word(event.change), render(event.object, isFirst), to: &lines)
                isFirst = false
            }
        } catch {
            Self.append("ERROR", error.json, to: &lines)
            isOver = true
            return lines
        }
        let now = ContinuousClock.now
        if now >= deadline { isOver = true }
        if let bookmark, now >= nextBookmark || isOver, session.position > bookmarked {
            bookmarked = session.position
            nextBookmark = now + Self.bookmarkInterval
            Self.append("BOOKMARK", bookmark(session.position), to: &lines)
        }
        return lines
    }

    private static func word(_ change: StoreEvent.Change) -> String {
        switch change {
        case .added: "ADDED"
        case .modified: "MODIFIED"
        case .deleted: "DELETED"
        }
    }

    private static func append(_ type: String, _ object: JSON, to lines: inout [UInt8]) {
        lines.append(contentsOf: "{\"type\":\"\(type)\",\"object\":".utf8)
        object.write(into: &lines)
        lines.append(contentsOf: "}\n".utf8)
    }
}

/// Raises a watch's signal when something is due.
package struct WatchTimer: Sendable {
    let signal: WatchSignal
    let deadline: ContinuousClock.Instant
    let interval: Duration?

    /// Returns at the deadline or when cancelled.
    package func run() async {
        while !Task.isCancelled, ContinuousClock.now < deadline {
            let next = interval.map { min(ContinuousClock.now + $0, deadline) } ?? deadline
            do {
                try await Task.sleep(until: next, clock: .continuous)
            } catch {
                return
            }
            signal.wake()
        }
    }
}
