import Blueprint
import Datastores
import KubeObjects
import PKI
import Synchronization
import TenantAPI

/// A DataStore whose references are resolved and whose server has answered.
package struct ResolvedDatastore: Sendable {
    package let facts: DatastoreFacts
    /// Signs tenants' clients of etcd.
    package let authority: CertificateAuthority?
    package let driver: any Datastore
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
    private let states = Mutex<[String: DatastoreState]>([:])

    package init() {}

    /// Nil when no DataStore of that name is known.
    package func state(of name: String) -> DatastoreState? { states.withLock { $0[name] } }

    package var names: [String] { states.withLock { $0.keys.sorted() } }

    func set(_ name: String, _ state: DatastoreState?) { states.withLock { $0[name] = state } }

    /// Takes note that there is a DataStore of this name, which will be looked at.
    func expect(_ name: String) { states.withLock { if $0[name] == nil { $0[name] = .pending } } }
}

/// Which tenants want which DataStores, as far as their last passes told.
package final class DatastoreUsers: Sendable {
    private let stores = Mutex<[ObjectKey: Set<String>]>([:])

    package init() {}

    /// Takes note of what a tenant uses now; gives the stores for which that is news.
    func set(_ tenant: ObjectKey, _ names: Set<String>) -> Set<String> {
        stores.withLock { stores in
            let before = stores[tenant] ?? []
            stores[tenant] = names.isEmpty ? nil : names
            return before.symmetricDifference(names)
        }
    }

    func tenants(of store: String) -> [ObjectKey] {
        stores.withLock { stores in stores.filter { $0.value.contains(store) }.keys.sorted() }
    }
}

extension TenantControlPlane {
    /// Every DataStore that holds or will hold data of this tenant.
    func datastoreNames(default defaultName: String?) -> Set<String> {
        var names = Set(spec.dataStoreOverrides.map(\.dataStore))
        if let name = spec.dataStore ?? defaultName, !name.isEmpty { names.insert(name) }
        if let name = object[path: "status", "storage", "dataStoreName"]?.string { names.insert(name) }
        return names
    }
}
