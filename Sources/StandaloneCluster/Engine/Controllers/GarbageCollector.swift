import APIMachinery
import KubeObjects

/// Deletes what has lost its last owner, and holds owners that are deleted in the foreground until their dependents
/// are gone.
struct GarbageCollector: Sendable {
    let api: ClusterAPI

    private static let options = WriteOptions(fieldManager: "kube-controller-manager")

    /// An object is gone: its dependents lose an owner, its owners may have lost the last dependent they wait for, its
    /// namespace the last thing in it.
    func objectGone(_ object: KubeObject) async throws(APIStatus) {
        for (resource, dependent) in try await dependents(of: object.uid) {
            try await loseOwner(resource, dependent)
        }
        for owner in object.ownerReferences where owner.blocksOwnerDeletion {
            try await release(owner, namespace: object.namespace)
        }
    }

    /// An object is marked for deletion with a finalizer of ours.
    func objectMarked(_ object: KubeObject, _ resource: APIResource) async throws(APIStatus) {
        if object.finalizers.contains("orphan") {
            for (dependentResource, dependent) in try await dependents(of: object.uid) {
                try await change(dependentResource, dependent.key) { dependent in
                    dependent.ownerReferences.removeAll { $0.uid == object.uid }
                }
            }
            try await change(resource, object.key) { $0.finalizers.removeAll { $0 == "orphan" } }
        } else if object.finalizers.contains("foregroundDeletion") {
            for (dependentResource, dependent) in try await dependents(of: object.uid) where !dependent.isBeingDeleted {
                try await delete(dependentResource, dependent, .foreground)
            }
            try await releaseIfAlone(resource, object)
        }
    }

    private func dependents(of uid: String) async throws(APIStatus) -> [(APIResource, KubeObject)] {
        guard !uid.isEmpty else { return [] }
        let rows: [(resource: String, key: ObjectKey)]
        do throws(StorageError) {
            rows = try await api.store.dependents(of: uid)
        } catch {
            throw APIStatus(error, .namespaces, "")
        }
        var found: [(APIResource, KubeObject)] = []
        for row in rows {
            guard let resource = api.catalog.snapshot.resource(storedAs: row.resource),
                let object = try await api.load(resource, row.key)
            else { continue }
            found.append((resource, object))
        }
        return found
    }

    /// Takes from `dependent` the owners that are no more, and deletes it when no other is left.
    func loseOwner(_ resource: APIResource, _ dependent: KubeObject) async throws(APIStatus) {
        guard !dependent.ownerReferences.isEmpty else { return }
        var living: [OwnerReference] = []
        for owner in dependent.ownerReferences where try await isAlive(owner.uid) { living.append(owner) }
        if living.isEmpty {
            try await delete(resource, dependent, .background)
        } else if living.count < dependent.ownerReferences.count {
            let kept = living
            try await change(resource, dependent.key) { $0.ownerReferences = kept }
        }
    }

    private func isAlive(_ uid: String) async throws(APIStatus) -> Bool {
        do throws(StorageError) {
            return try await api.store.exists(uid: uid)
        } catch {
            throw APIStatus(error, .namespaces, "")
        }
    }

    private func delete(
        _ resource: APIResource, _ object: KubeObject, _ propagation: DeleteOptions.Propagation
    ) async throws(APIStatus) {
        do throws(APIStatus) {
            _ = try await api.delete(
                resource.type, object.key, DeleteOptions(propagation: propagation, uid: object.uid))
        } catch  where error.reason == "NotFound" || error.reason == "Conflict" {
            return
        }
    }

    private func release(_ owner: OwnerReference, namespace: String?) async throws(APIStatus) {
        let resource = api.catalog.snapshot.all.first {
            $0.type.apiVersion == owner.apiVersion && $0.type.kind == owner.kind && $0.isStored
        }
        guard let resource else { return }
        let key = ObjectKey(namespace: resource.type.isNamespaced ? namespace : nil, name: owner.name)
        guard let object = try await api.load(resource, key), object.uid == owner.uid, object.isBeingDeleted,
            object.finalizers.contains("foregroundDeletion")
        else { return }
        try await releaseIfAlone(resource, object)
    }

    private func releaseIfAlone(_ resource: APIResource, _ object: KubeObject) async throws(APIStatus) {
        let blocking = try await dependents(of: object.uid).contains { _, dependent in
            dependent.ownerReferences.contains { $0.uid == object.uid && $0.blocksOwnerDeletion }
        }
        guard !blocking else { return }
        try await change(resource, object.key) { $0.finalizers.removeAll { $0 == "foregroundDeletion" } }
    }

    private func change(
        _ resource: APIResource, _ key: ObjectKey, _ edit: @escaping @Sendable (inout KubeObject) -> Void
    ) async throws(APIStatus) {
        let modification = Modification(key: key) { old throws(APIStatus) in
            guard var object = old else { throw .notFound(resource.type, key.name) }
            edit(&object)
            return object
        }
        do throws(APIStatus) {
            _ = try await api.modify(resource, modification, Self.options)
        } catch  where error.reason == "NotFound" {
            return
        }
    }
}
