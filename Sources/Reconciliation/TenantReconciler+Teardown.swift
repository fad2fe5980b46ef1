import Blueprint
import KubeClient
import KubeObjects
import Logging
import TenantAPI

extension TenantReconciler {
    /// Takes the tenant's data, role and user out of its datastores, then lets go of the object: the cluster collects
    /// the rest by its owner references. Repeated after a kill at any point it ends the same.
    func teardown(_ tenant: TenantControlPlane) async throws -> WorkOutcome {
        guard tenant.object.finalizers.contains(where: Self.ours.contains) else {
            passes.forget(tenant.key)
            return .settled
        }
        sessions.forget(tenant.key)
        // Pods that go on writing while their keys are deleted would leave some behind.
        try await api.deleteIfPresent(.deployments, tenant.key, ownedBy: tenant.object.uid)
        if let name = tenant.object[path: "status", "storage", "dataStoreName"]?.string ?? tenant.spec.dataStore
            ?? settings.defaultDatastore
        {
            switch datastores.state(of: name) {
            case .ready(let store): try await clear(store, of: tenant)
            case .pending: return .settled
            case .notReady(_, let message):
                guard abandonsData(tenant, in: name) else { return try await waitForDatastore(tenant, name, message) }
            case nil:
                // A DataStore cannot go while a tenant uses it; one that never was holds nothing of this tenant.
                if tenant.object[path: "status", "storage", "setup"] != nil, !abandonsData(tenant, in: name) {
                    return try await waitForDatastore(tenant, name, "it does not exist")
                }
            }
        }
        for entry in tenant.spec.dataStoreOverrides {
            switch datastores.state(of: entry.dataStore) {
            case .ready(let store): try await clear(store, of: tenant)
            case .pending: return .settled
            case .notReady(_, let message):
                guard abandonsData(tenant, in: entry.dataStore) else {
                    return try await waitForDatastore(tenant, entry.dataStore, message)
                }
            case nil: continue
            }
        }
        try await releaseSecret(of: tenant)
        try await releaseTenant(tenant)
        log.info("tenant torn down", metadata: ["tenant": "\(tenant.key)"])
        return .settled
    }

    private static let ours: Set<String> = [Keys.tenantFinalizer, Keys.sootFinalizer]

    /// Whether the tenant may go without its data being removed from a DataStore that is away.
    private func abandonsData(_ tenant: TenantControlPlane, in store: String) -> Bool {
        guard tenant.object.annotations[Keys.abandonData] != nil else { return false }
        let identity = tenant.storageIdentity
        events.record(
            .warning, on: tenant.object, reason: "DataAbandoned", action: "Delete",
            note: "schema \"\(identity.schema)\" and user \"\(identity.user)\" stay in DataStore \"\(store)\"")
        return true
    }

    private func waitForDatastore(_ tenant: TenantControlPlane, _ name: String, _ message: String) async throws
        -> WorkOutcome
    {
        var progress = TenantProgress()
        progress.failure = (
            .datastoreReady, "TeardownWaits",
            "the tenant's data cannot be removed while DataStore \"\(name)\" is not ready: \(message); repair that, or "
                + "set annotation \(Keys.abandonData) to let the tenant go and leave its data there"
        )
        _ = try await writeStatus(of: tenant, progress)
        return .again(after: .seconds(15))
    }

    /// The credentials were needed until here.
    private func releaseSecret(of tenant: TenantControlPlane) async throws {
        let name = Component.datastoreConfiguration.objectName(of: tenant.name)
        let key = ObjectKey(namespace: tenant.namespace, name: name)
        guard let secret = try await api.find(.secrets, key),
            secret.finalizers.contains(Keys.datastoreSecretFinalizer)
        else { return }
        try await api.removeFinalizers([Keys.datastoreSecretFinalizer], from: secret, .secrets)
    }

    private func releaseTenant(_ tenant: TenantControlPlane) async throws {
        guard let live = try await api.find(.tenantControlPlanes, tenant.key), live.uid == tenant.object.uid else {
            return
        }
        try await api.removeFinalizers(Self.ours, from: live, .tenantControlPlanes)
    }
}

extension KubeClient {
    /// Removes finalizers and nothing else; an object that changed meanwhile is left for the next pass to read again.
    func removeFinalizers(_ names: Set<String>, from object: KubeObject, _ type: ResourceType) async throws {
        let remaining = object.finalizers.filter { !names.contains($0) }
        guard remaining.count < object.finalizers.count else { return }
        let change: JSON = [
            "metadata": [
                "resourceVersion": .string(object.resourceVersion), "uid": .string(object.uid),
                "finalizers": JSON(remaining),
            ]
        ]
        do {
            _ = try await patch(type, object.key, .merge(change))
        } catch let error as KubeError where error.isNotFound {
            return
        }
    }

    func deleteIfPresent(_ type: ResourceType, _ key: ObjectKey, ownedBy uid: String) async throws {
        guard let live = try await find(type, key), !live.isBeingDeleted,
            live.ownerReferences.contains(where: { $0.uid == uid })
        else { return }
        try await delete(type, key, uid: live.uid)
    }

    /// Deletes this very object; one that is gone is as good.
    func delete(_ type: ResourceType, _ key: ObjectKey, uid: String) async throws {
        do {
            try await delete(type, key, preconditions: Preconditions(uid: uid))
        } catch let error as KubeError where error.isNotFound || error.isConflict {
            return
        }
    }
}
