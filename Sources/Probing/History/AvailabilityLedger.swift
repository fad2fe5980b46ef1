/// When a tenant's API server was watched and when it was ready, by the hour, for thirty days.
///
/// A probe speaks for the time since the one before it. Time that nobody watched counts neither way, and nothing counts
/// before the tenant served for the first time: provisioning has a measure of its own.
package struct AvailabilityLedger: Sendable, Hashable {
    package struct Hour: Sendable, Hashable {
        /// Hours since 1970.
        package let number: UInt32
        /// Seconds.
        package var watched: Float
        package var ready: Float

        package init(number: UInt32, watched: Float, ready: Float) {
            (self.number, self.watched, self.ready) = (number, watched, ready)
        }
    }

    /// Rising, at most `length` of them.
    package private(set) var hours: [Hour] = []
    private var lastProbe: Double?
    package private(set) var hasServed = false
    private var changed: Set<UInt32> = []

    package static let length = 30 * 24

    package init() {}

    /// - Parameter hours: what was remembered, in any order.
    package init(restoring hours: [Hour]) {
        self.hours = hours.filter { $0.watched.isFinite && $0.ready.isFinite && $0.watched >= 0 && $0.ready >= 0 }
            .sorted { $0.number < $1.number }.suffix(Self.length)
        hasServed = self.hours.contains { $0.ready > 0 }
    }

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - longestGap: seconds; a pause beyond it was not watched.
    package mutating func add(isReady: Bool, now: Double, longestGap: Double) {
        defer { lastProbe = now }
        if isReady { hasServed = true }
        guard hasServed, let last = lastProbe, now > last, now - last <= longestGap,
            let number = UInt32(exactly: (now / 3600).rounded(.down))
        else { return }
        if hours.last?.number != number {
            // A clock that was set back writes no second history.
            guard hours.last.map({ $0.number < number }) ?? true else { return }
            hours.append(Hour(number: number, watched: 0, ready: 0))
            if hours.count > Self.length { hours.removeFirst(hours.count - Self.length) }
        }
        hours[hours.count - 1].watched += Float(now - last)
        if isReady { hours[hours.count - 1].ready += Float(now - last) }
        changed.insert(number)
    }

    /// Seconds watched and seconds ready of the last so many hours.
    package func sums(hours count: Int, now: Double) -> (watched: Double, ready: Double) {
        let first = now / 3600 - Double(count)
        return hours.reduce(into: (0, 0)) { sums, hour in
            guard Double(hour.number) > first else { return }
            sums.watched += Double(hour.watched)
            sums.ready += Double(min(hour.ready, hour.watched))
        }
    }

    /// What changed and is not known to be written down.
    package var unsaved: [Hour] { changed.isEmpty ? [] : hours.filter { changed.contains($0.number) } }

    /// - Parameter saved: hours as they were written down; one that went on meanwhile is still to be.
    package mutating func confirm(_ saved: [Hour]) {
        for hour in saved where hours.last(where: { $0.number == hour.number }).map({ $0 == hour }) ?? true {
            changed.remove(hour.number)
        }
        // What left the thirty days is nobody's any more.
        if let first = hours.first { changed = changed.filter { $0 >= first.number } }
    }
}
