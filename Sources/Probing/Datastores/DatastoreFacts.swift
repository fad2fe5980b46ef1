import KubeObjects
import TenantAPI

/// What of a DataStore becomes metrics.
package struct StoreFacts: Sendable, Hashable {
    package let name: String
    package let driver: String
    /// `host:port` each.
    package let endpoints: [String]
    package let isReady: Bool
    package let tenantCount: Int
    /// How many it is meant for, where its annotation says so.
    package let tenantLimit: Int?
    package let conditions: [TenantFacts.Condition]
    package let wantsTLS: Bool

    package init(_ object: KubeObject) {
        name = object.name
        let given = object[path: "spec", "driver"]?.string ?? ""
        driver = DatastoreDriver(rawValue: given) != nil ? given : "unknown"
        // A list beyond this is no list of members.
        endpoints = Array((object[path: "spec", "endpoints"]?.strings ?? []).prefix(64))
        isReady = object[path: "status", "ready"]?.bool ?? false
        tenantCount = object[path: "status", "usedBy"]?.array?.count ?? 0
        tenantLimit = object.annotations[Keys.tenantsLimit].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
        conditions = (object[path: "status", "conditions"]?.array ?? []).map(TenantFacts.Condition.init)
            .filter { !$0.type.isEmpty }
        wantsTLS = object[path: "spec", "tlsConfig"]?.object != nil
    }

    package var labelPairs: KeyValuePairs<String, String> { ["datastore_name": name] }
    package var isEtcd: Bool { driver == DatastoreDriver.etcd.rawValue }
    /// A directory of this machine, which nobody can dial.
    package var isLocal: Bool { driver == DatastoreDriver.sqlite.rawValue }
}
