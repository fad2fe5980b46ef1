import Blueprint
import Datastores
import KubeClient
import KubeObjects
import Logging
import TenantAPI

extension TenantReconciler {
    /// Refuses names that are another tenant's: with them this one would read, and at its end delete, the other's data.
    func admit(_ tenant: TenantControlPlane, to store: ResolvedDatastore) throws(TenantFailure) {
        guard let conflict = users.admit(tenant.key, sharedUser: store.facts.sharedUser) else { return }
        let identity = tenant.storageIdentity
        switch conflict.part {
        case .schema:
            throw TenantFailure(
                .datastoreReady, "SchemaInUse",
                "schema \"\(identity.schema)\" of DataStore \"\(conflict.store)\" is that of tenant "
                    + "\(conflict.owner), or inside of it: make this tenant anew with another spec.dataStoreSchema, or "
                    + "without one")
        case .user:
            throw TenantFailure(
                .datastoreReady, "UsernameInUse",
                "user \"\(identity.user)\" of DataStore \"\(conflict.store)\" is that of tenant \(conflict.owner): "
                    + "make this tenant anew with another spec.dataStoreUsername, or without one")
        }
    }

    /// Brings the tenant's user, role and grants into being, unless this process did so since the stores appeared: what
    /// somebody took away meanwhile comes back with the next start, or when the store does.
    func provision(
        _ tenant: TenantControlPlane, _ store: ResolvedDatastore, _ further: [ResolvedDatastore], password: String
    ) async throws {
        let identity = tenant.storageIdentity
        let wanted = TenantStorage(schema: identity.schema, user: identity.user, password: password)
        let done = ProvisionMemory.Entry(
            uid: tenant.object.uid, storage: wanted, appearances: ([store] + further).map(\.appearance))
        if provisions.holds(done, of: tenant.key) { return }
        for one in further + [store] { try await one.driver.provision(wanted) }
        provisions.note(done, of: tenant.key)
    }

    /// Takes the tenant's data, role and user out of a store, unless another tenant has them as well: then they are left
    /// to that one.
    func clear(_ store: ResolvedDatastore, of tenant: TenantControlPlane) async throws {
        provisions.forget(tenant.key)
        let identity = tenant.storageIdentity
        if let other = users.cotenant(of: tenant.key, in: store.facts.name) {
            log.warning(
                "a tenant's data is another's too and stays",
                metadata: ["tenant": "\(tenant.key)", "other": "\(other)", "schema": "\(identity.schema)"])
            return
        }
        try await store.driver.teardown(
            TenantStorage(schema: identity.schema, user: identity.user, password: nil))
    }
}
