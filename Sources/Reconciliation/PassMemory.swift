import FoundationEssentials
import KubeObjects
import Synchronization

/// Which tenants' last pass found or made everything as it should be, and for how long that may be believed.
package final class PassMemory: Sendable {
    /// A settled tenant is looked at again after this many seconds, whatever happens: watches may lie.
    static let longest: TimeInterval = 10 * 3600

    private let settled = Mutex<[ObjectKey: Date]>([:])

    package init() {}

    /// A pass that begins takes back what the one before it found.
    func begin(_ key: ObjectKey) { settled.withLock { $0[key] = nil } }

    func settle(_ key: ObjectKey, until: Date) {
        settled.withLock { $0[key] = until }
    }

    func isSettled(_ key: ObjectKey, at now: Date) -> Bool { settled.withLock { $0[key].map { now < $0 } ?? false } }

    /// The tenant wants a whole pass, though nothing of its own changed: its DataStore did.
    func invalidate(_ key: ObjectKey) { settled.withLock { $0[key] = nil } }

    func forget(_ key: ObjectKey) { settled.withLock { $0[key] = nil } }
}
