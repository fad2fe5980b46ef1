import FoundationEssentials
import KubeObjects
import Synchronization

/// Which control planes start now and which wait: so many at a time, the oldest first.
///
/// Pure. A control plane's start is the dearest thing in its life; a herd that starts all at once starves itself of CPU
/// until probes kill what is merely slow, and starts over. One that takes longer than `patience` does not hold its place:
/// what is broken must not keep the others from starting.
struct StartingLine: Sendable {
    enum Answer: Sendable, Equatable {
        case start
        /// Nil when it waits behind nobody but those that are starting.
        case wait(before: Int)
    }

    private struct Place: Sendable, Comparable {
        let born: String
        let tenant: ObjectKey

        static func < (left: Place, right: Place) -> Bool { (left.born, left.tenant) < (right.born, right.tenant) }
    }

    /// How long a start may take before the next one begins beside it.
    static let patience: TimeInterval = 120

    /// How many start at a time; at least one.
    var limit: Int
    private var starting: [ObjectKey: Date] = [:]
    private var waiting: [ObjectKey: Place] = [:]

    init(limit: Int) { self.limit = limit }

    var startingCount: Int { starting.count }
    var waitingCount: Int { waiting.count }

    /// The tenant has pods to start. `born` is its creation time as the API server writes it, which sorts as text.
    mutating func ask(_ tenant: ObjectKey, born: String, now: Date) -> Answer {
        if starting[tenant] != nil { return .start }
        let place = Place(born: born, tenant: tenant)
        waiting[tenant] = place
        let ahead = waiting.values.count { $0 < place }
        guard ahead < free(now) else { return .wait(before: ahead) }
        occupy(tenant, now: now)
        return .start
    }

    /// The tenant's pods are on their way already.
    mutating func occupy(_ tenant: ObjectKey, now: Date) {
        waiting[tenant] = nil
        if starting[tenant] == nil { starting[tenant] = now }
    }

    /// The tenant answers, sleeps, is gone, or has something else to overcome first. Gives those whose turn it is then.
    mutating func leave(_ tenant: ObjectKey, now: Date) -> [ObjectKey] {
        let held = starting.removeValue(forKey: tenant) != nil
        let queued = waiting.removeValue(forKey: tenant) != nil
        guard held || queued else { return [] }
        return waiting.values.sorted().prefix(free(now)).map(\.tenant)
    }

    private func free(_ now: Date) -> Int {
        max(0, max(1, limit) - starting.values.count { now.timeIntervalSince($0) < Self.patience })
    }
}

/// The line of a whole fleet.
package final class StartingQueue: Sendable {
    private let line: Mutex<StartingLine>
    private let turn: @Sendable (ObjectKey) -> Void

    /// - Parameter turn: told of a tenant that waited and may start now.
    package init(limit: Int, turn: @escaping @Sendable (ObjectKey) -> Void) {
        line = Mutex(StartingLine(limit: limit))
        self.turn = turn
    }

    func ask(_ tenant: ObjectKey, born: String, now: Date) -> StartingLine.Answer {
        line.withLock { $0.ask(tenant, born: born, now: now) }
    }

    func occupy(_ tenant: ObjectKey, now: Date) { line.withLock { $0.occupy(tenant, now: now) } }

    func leave(_ tenant: ObjectKey, now: Date) {
        for next in line.withLock({ $0.leave(tenant, now: now) }) { turn(next) }
    }

    /// As the admin cluster grows and shrinks.
    func resize(_ limit: Int) { line.withLock { $0.limit = limit } }
}
