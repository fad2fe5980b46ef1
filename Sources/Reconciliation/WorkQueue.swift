import HeapModule

/// What becomes of a key that was worked on.
package enum WorkOutcome: Sendable, Equatable {
    /// Nothing more to do until something changes.
    case settled
    /// To be looked at again, at the latest after this long.
    case again(after: Duration)
    /// Waits for what no event tells of: to be looked at again soon, and later each time, up to this long.
    case poll(upTo: Duration)
    /// Went wrong; to be tried again, later each time.
    case failed
}

/// Keys that want to be worked on: each waits at most once, the earliest time asked for stands, none is worked on twice
/// at a time, and one that fails waits longer each time without holding up the others. Nothing is ever dropped.
///
/// Pure: time comes in, and what to do comes out. A key is in one of these states: unknown, waiting (until its time),
/// working, or working and asked for again, which puts it back to waiting when it is finished.
struct WorkQueue<Key: Hashable & Sendable>: Sendable {
    typealias Instant = ContinuousClock.Instant

    struct Backoff: Sendable {
        var first: Duration = .milliseconds(250)
        var most: Duration = .seconds(60)

        /// Doubles with each failure in a row.
        func delay(afterFailures count: Int) -> Duration {
            let doublings = min(max(count - 1, 0), 20)
            return min(first * (1 << doublings), most)
        }
    }

    enum Next: Equatable {
        case work(Key)
        /// Nothing is due before this instant; nil when nothing waits at all.
        case wait(until: Instant?)
    }

    private struct Entry: Comparable {
        let due: Instant
        /// Keys due at the same instant go in the order they came.
        let arrival: UInt64
        let key: Key

        static func < (left: Entry, right: Entry) -> Bool { (left.due, left.arrival) < (right.due, right.arrival) }
        static func == (left: Entry, right: Entry) -> Bool { left.arrival == right.arrival }
    }

    private let backoff: Backoff
    private var heap = Heap<Entry>()
    /// The time each waiting key is due; entries of the heap that disagree are stale and skipped.
    private var due: [Key: Instant] = [:]
    private var working: Set<Key> = []
    private var askedAgain: [Key: Instant] = [:]
    private var failures: [Key: Int] = [:]
    /// How often in a row a key was looked at in vain.
    private var polls: [Key: Int] = [:]
    private var arrivals: UInt64 = 0

    init(backoff: Backoff = Backoff()) { self.backoff = backoff }

    var waitingCount: Int { due.count }
    var workingCount: Int { working.count }
    var failingCount: Int { failures.count }

    /// Asks for `key` at `instant`, or sooner if it already waits for a sooner one.
    mutating func add(_ key: Key, at instant: Instant) {
        if working.contains(key) {
            askedAgain[key] = askedAgain[key].map { min($0, instant) } ?? instant
            return
        }
        if let already = due[key], already <= instant { return }
        due[key] = instant
        arrivals += 1
        heap.insert(Entry(due: instant, arrival: arrivals, key: key))
    }

    /// The next key that is due, which is then being worked on until `finish`.
    mutating func next(now: Instant) -> Next {
        while let entry = heap.min {
            guard due[entry.key] == entry.due else {
                heap.removeMin()
                continue
            }
            guard entry.due <= now else { return .wait(until: entry.due) }
            heap.removeMin()
            due[entry.key] = nil
            working.insert(entry.key)
            return .work(entry.key)
        }
        return .wait(until: nil)
    }

    /// Whether `next` would give a key now, with room for it among `capacity` workers.
    mutating func isDue(now: Instant, capacity: Int) -> Bool {
        guard working.count < capacity else { return false }
        while let entry = heap.min, due[entry.key] != entry.due { heap.removeMin() }
        return heap.min.map { $0.due <= now } ?? false
    }

    mutating func finish(_ key: Key, _ outcome: WorkOutcome, now: Instant) {
        working.remove(key)
        let asked = askedAgain.removeValue(forKey: key)
        if outcome != .failed { failures[key] = nil }
        if case .poll = outcome {} else { polls[key] = nil }
        switch outcome {
        case .settled:
            if let asked { add(key, at: asked) }
        case .again(let delay):
            add(key, at: min(now + delay, asked ?? now + delay))
        case .poll(let most):
            let count = (polls[key] ?? 0) + 1
            polls[key] = count
            let due = now + min(most, backoff.delay(afterFailures: count))
            add(key, at: min(due, asked ?? due))
        case .failed:
            // A key that is asked for while it fails still waits its turn: events do not undo the backoff.
            let count = (failures[key] ?? 0) + 1
            failures[key] = count
            add(key, at: now + backoff.delay(afterFailures: count))
        }
    }

    /// Forgets what is known of a key that is gone; one that is being worked on finishes first.
    mutating func forget(_ key: Key) {
        due[key] = nil
        failures[key] = nil
        polls[key] = nil
    }
}
