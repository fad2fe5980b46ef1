import Datastores
import KubeObjects
import Synchronization

/// What this process has provisioned, for whom, and in which appearance of each store. Nothing is believed that only a
/// status says: a store may have been restored, or rid of its users, while nobody looked.
package final class ProvisionMemory: Sendable {
    struct Entry: Sendable, Hashable {
        let uid: String
        let storage: TenantStorage
        let appearances: [UInt64]
    }

    /// Hashes, for an entry holds a password.
    private let done = Mutex<[ObjectKey: Int]>([:])

    package init() {}

    func holds(_ entry: Entry, of tenant: ObjectKey) -> Bool { done.withLock { $0[tenant] == entry.hashValue } }

    func note(_ entry: Entry, of tenant: ObjectKey) { done.withLock { $0[tenant] = entry.hashValue } }

    func forget(_ tenant: ObjectKey) { done.withLock { $0[tenant] = nil } }
}
