import FoundationEssentials
import KubeObjects
import Synchronization

/// Which tenants' last pass found or made everything as it should be, and for how long that may be believed.
package final class PassMemory: Sendable {
    /// A settled tenant is looked at again after this many seconds, whatever happens: watches may lie.
    static let longest: TimeInterval = 10 * 3600

    /// One pass, which may turn out to have looked too early.
    struct Ticket: Sendable, Equatable {
        fileprivate let number: UInt64
    }

    private struct State {
        var number: UInt64 = 0
        var latest: [ObjectKey: UInt64] = [:]
        var settled: [ObjectKey: Date] = [:]

        mutating func renew(_ key: ObjectKey) -> UInt64 {
            number += 1
            latest[key] = number
            settled[key] = nil
            return number
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// A pass that begins takes back what the one before it found.
    func begin(_ key: ObjectKey) -> Ticket { Ticket(number: state.withLock { $0.renew(key) }) }

    /// Believes what a pass found, unless something it depends on changed since it began.
    func settle(_ key: ObjectKey, until: Date, _ ticket: Ticket) {
        state.withLock { state in
            if state.latest[key] == ticket.number { state.settled[key] = until }
        }
    }

    /// Until when nothing needs to be looked at; nil when something does now.
    func settledUntil(_ key: ObjectKey, at now: Date) -> Date? {
        state.withLock { $0.settled[key].flatMap { now < $0 ? $0 : nil } }
    }

    /// The tenant wants a whole pass, though nothing of its own changed: its DataStore did.
    func invalidate(_ key: ObjectKey) { state.withLock { _ = $0.renew(key) } }

    func forget(_ key: ObjectKey) {
        state.withLock { state in
            state.latest[key] = nil
            state.settled[key] = nil
        }
    }
}
