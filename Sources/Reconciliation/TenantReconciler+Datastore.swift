import Blueprint
import Datastores
import KubeObjects
import TenantAPI

extension TenantReconciler {
    /// The store that the tenant's spec asks for, with those of single resources as overrides.
    func resolveDatastore(of tenant: TenantControlPlane) throws -> ResolvedDatastore {
        guard let name = tenant.spec.dataStore ?? settings.defaultDatastore, !name.isEmpty else {
            throw TenantFailure(
                .datastoreReady, "NoDataStore",
                "spec.dataStore is empty and the manager has no --datastore: name a DataStore in spec.dataStore")
        }
        if let recorded = tenant.object[path: "status", "storage", "dataStoreName"]?.string, !recorded.isEmpty,
            recorded != name
        {
            // Anything else would start the tenant anew on an empty store and lose sight of its data.
            throw TenantFailure(
                .datastoreReady, "MigrationUnavailable",
                "spec.dataStore asks for \"\(name)\", but the tenant's data is in \"\(recorded)\" and this version moves "
                    + "no data: set it back to \"\(recorded)\"; the tenant runs on meanwhile")
        }
        var overrides: [String] = []
        for entry in tenant.spec.dataStoreOverrides {
            let store = try resolve(entry.dataStore, field: "spec.dataStoreOverrides")
            guard store.facts.driver == .etcd else {
                throw TenantFailure(
                    .datastoreReady, "OverrideNotEtcd",
                    "spec.dataStoreOverrides names DataStore \"\(entry.dataStore)\", whose driver is "
                        + "\(store.facts.driver.rawValue): only etcd can take single resources")
            }
            let endpoints = store.facts.endpoints.map { "https://\($0)" }.joined(separator: ";")
            overrides.append("\(entry.resource)#\(endpoints)")
        }
        let store = try resolve(name, field: tenant.spec.dataStore.map { _ in "spec.dataStore" })
        guard overrides.isEmpty || store.facts.driver == .etcd else {
            throw TenantFailure(
                .datastoreReady, "OverrideNotEtcd",
                "spec.dataStoreOverrides needs etcd for all other resources too, but the driver of DataStore "
                    + "\"\(name)\" is \(store.facts.driver.rawValue): name another in spec.dataStore, or no overrides")
        }
        var facts = store.facts
        facts.overrides = overrides
        guard !store.isBeingDeleted || tenant.object[path: "status", "storage", "dataStoreName"]?.string == name else {
            throw TenantFailure(
                .datastoreReady, "DataStoreBeingDeleted",
                "DataStore \"\(name)\" is being deleted and takes no other tenants: name another in spec.dataStore")
        }
        var resolved = ResolvedDatastore(facts: facts, authority: store.authority, driver: store.driver)
        resolved.appearance = store.appearance
        return resolved
    }

    /// The stores that single resources of the tenant go to: it needs its user and its right there too.
    func overrideDatastores(of tenant: TenantControlPlane) throws -> [ResolvedDatastore] {
        let names = Set(tenant.spec.dataStoreOverrides.map(\.dataStore))
        return try names.sorted().map { try resolve($0, field: "spec.dataStoreOverrides") }
    }

    /// - Parameter field: what of the tenant names it; nil when the manager's default does.
    private func resolve(_ name: String, field: String?) throws -> ResolvedDatastore {
        switch datastores.state(of: name) {
        case .ready(let store): return store
        case .pending: throw DatastorePending()
        case .notReady(let reason, let message):
            throw TenantFailure(.datastoreReady, reason, "DataStore \"\(name)\" is not ready: \(message)")
        case nil:
            throw TenantFailure(
                .datastoreReady, "DataStoreNotFound",
                field.map { "\($0) names DataStore \"\(name)\", which does not exist: create it, or name another" }
                    ?? "the manager's default DataStore \"\(name)\" does not exist: create it, or name one in "
                    + "spec.dataStore")
        }
    }
}
