import Blueprint
import Datastores
import PKI
import Synchronization

/// A DataStore whose references are resolved and whose server has answered.
package struct ResolvedDatastore: Sendable {
    package let facts: DatastoreFacts
    /// Signs tenants' clients of etcd.
    package let authority: CertificateAuthority?
    package let driver: any Datastore
    /// Which appearance of the store this is: another one after each time it was away, or became another server. What
    /// was provisioned in an earlier one may be gone.
    package internal(set) var appearance: UInt64 = 0
    /// Somebody deleted it, and it goes with its last tenant: those that it has are kept, others are not taken.
    package internal(set) var isBeingDeleted = false
}

/// What is known of a DataStore by name.
package enum DatastoreState: Sendable {
    /// It exists and was not looked at yet, as after a start: nothing is to be concluded from that.
    case pending
    case ready(ResolvedDatastore)
    case notReady(reason: String, message: String)
}

/// Every DataStore as its reconciler last found it. Tenants read it without waiting: a store that is dead costs its own
/// tenants a line in their status and nobody else anything.
package final class DatastoreRegistry: Sendable {
    private struct States {
        var byName: [String: DatastoreState] = [:]
        var appearances: UInt64 = 0

        mutating func set(_ name: String, _ state: DatastoreState?) {
            guard case .ready(var store) = state else {
                byName[name] = state
                return
            }
            if case .ready(let before) = byName[name], before.facts == store.facts {
                store.appearance = before.appearance
            } else {
                appearances += 1
                store.appearance = appearances
            }
            byName[name] = .ready(store)
        }
    }

    private let states = Mutex(States())

    package init() {}

    /// Nil when no DataStore of that name is known.
    package func state(of name: String) -> DatastoreState? { states.withLock { $0.byName[name] } }

    package var names: [String] { states.withLock { $0.byName.keys.sorted() } }

    func set(_ name: String, _ state: DatastoreState?) { states.withLock { $0.set(name, state) } }

    /// Takes note that there is a DataStore of this name, which will be looked at.
    func expect(_ name: String) { states.withLock { if $0.byName[name] == nil { $0.byName[name] = .pending } } }
}
