/// When which target is asked. Pure: it is told the time and how probes ended, and says which to begin.
///
/// Targets that do not answer hold a slot for the whole timeout. They move to a lane of their own, with a share of the
/// slots and growing pauses, so that a fleet of which a part is dead is still asked on time.
package struct ProbeSchedule<Key: Hashable & Comparable & Sendable>: Sendable {
    package struct Settings: Sendable, Hashable {
        /// Seconds from one probe of a target to its next.
        package var interval: Double
        /// The longest pause of a target that does not answer, in seconds.
        package var longestPause: Double
        /// Probes under way at once.
        package var slots: Int

        package init(interval: Double, longestPause: Double = 120, slots: Int = 256) {
            self.interval = interval
            self.longestPause = max(longestPause, interval)
            self.slots = max(2, slots)
        }

        var slowSlots: Int { max(1, slots / 4) }

        /// Seconds between two probes of a target beyond which nobody watched it: the longest pause, the probe itself and
        /// the wait for a slot fit in.
        package var longestGap: Double { longestPause * 2.5 }
    }

    package enum Lane: String, Sendable, Hashable, CaseIterable { case fast, slow }

    private struct Entry: Sendable {
        var due: Double
        var failures = 0
        var isRunning = false
        var lane: Lane { failures >= 2 ? .slow : .fast }
    }

    package var settings: Settings
    private var entries: [Key: Entry] = [:]
    private var running: [Lane: Int] = [:]
    /// Due, not begun.
    package private(set) var waiting: [Lane: Int] = [:]
    /// How much too late the last probe of the lane began, in seconds.
    package private(set) var lag: [Lane: Double] = [:]
    package private(set) var overruns = 0
    private var lanesOfRunning: [Key: Lane] = [:]

    package init(_ settings: Settings) { self.settings = settings }

    package var inflight: [Lane: Int] { running }
    package var count: Int { entries.count }
    package var keys: [Key] { Array(entries.keys) }

    /// - Parameter phase: in 0..<1, where in the interval its first probe falls; 0 is at once.
    package mutating func add(_ key: Key, phase: Double, now: Double) {
        guard entries[key] == nil else { return }
        entries[key] = Entry(due: now + settings.interval * min(max(phase, 0), 1))
    }

    /// Sets when a target that was not asked yet is asked first.
    package mutating func put(_ key: Key, phase: Double, now: Double) {
        guard let entry = entries[key], !entry.isRunning else { return }
        entries[key]?.due = now + settings.interval * min(max(phase, 0), 1)
    }

    /// A probe that is under way ends without trace.
    package mutating func remove(_ key: Key) { entries[key] = nil }

    /// Asks a target before its time: it changed.
    package mutating func hasten(_ key: Key, now: Double) {
        guard var entry = entries[key], !entry.isRunning else { return }
        entry.due = min(entry.due, now)
        entry.failures = min(entry.failures, 1)
        entries[key] = entry
    }

    /// The targets to ask now, the longest due first, as slots allow.
    package mutating func start(now: Double) -> [Key] {
        let due = entries.filter { $0.value.due <= now }.sorted { ($0.value.due, $0.key) < ($1.value.due, $1.key) }
        var begun: [Key] = []
        waiting = [:]
        for (key, entry) in due {
            if entry.isRunning {
                // Its probe outlasts the interval: the one that is due now is left out.
                overruns += 1
                entries[key]?.due = now + settings.interval
                continue
            }
            let total = running.values.reduce(0, +)
            let isFree =
                total < settings.slots && (entry.lane == .fast || running[.slow, default: 0] < settings.slowSlots)
            guard isFree else {
                waiting[entry.lane, default: 0] += 1
                continue
            }
            running[entry.lane, default: 0] += 1
            lanesOfRunning[key] = entry.lane
            lag[entry.lane] = now - entry.due
            entries[key]?.isRunning = true
            entries[key]?.due = entry.due + settings.interval
            begun.append(key)
        }
        return begun
    }

    /// - Parameter jitter: in 0..<1; spreads the next probe by a twentieth of the interval to either side.
    package mutating func finish(_ key: Key, failed: Bool, jitter: Double, now: Double) {
        if let lane = lanesOfRunning.removeValue(forKey: key) { running[lane, default: 1] -= 1 }
        guard var entry = entries[key] else { return }
        entry.isRunning = false
        entry.failures = failed ? min(entry.failures + 1, 16) : 0
        let pause =
            entry.failures < 2
            ? settings.interval
            : min(settings.longestPause, settings.interval * Double(1 << min(entry.failures - 2, 10)))
        let spread = settings.interval * 0.05 * (jitter * 2 - 1)
        // Counted from when it should have begun, so that the rhythm holds; never into the past.
        let begun = entry.due - settings.interval
        entry.due = max(now, (entry.failures < 2 ? begun : now) + pause + spread)
        entries[key] = entry
    }
}
