import APIMachinery
import KubeObjects

/// Empties namespaces that are being deleted and lets them go.
struct NamespaceTermination: Sendable {
    let api: ClusterAPI

    /// Deletes everything in the namespace; finalizers may keep some of it, and then its last object's end comes back
    /// here as a call of `finish`.
    func clear(_ namespace: KubeObject) async throws(APIStatus) {
        let name = namespace.name
        for storage in try await storages(in: name) {
            guard let resource = api.catalog.snapshot.resource(storedAs: storage) else { continue }
            _ = try await api.deleteCollection(
                resource.type, Selection(namespace: name), DeleteOptions(propagation: .background, gracePeriod: 0))
        }
        try await finish(name)
    }

    private func storages(in name: String) async throws(APIStatus) -> [String] {
        do throws(StorageError) {
            return try await api.store.namesOfResources(inNamespace: name)
        } catch {
            throw APIStatus(error, .namespaces, name)
        }
    }

    /// Takes the namespace's own finalizer when nothing is left in it.
    func finish(_ name: String) async throws(APIStatus) {
        guard try await storages(in: name).isEmpty else { return }
        let resource = try api.resource(.namespaces)
        var modification = Modification(key: ObjectKey(namespace: nil, name: name)) { old throws(APIStatus) in
            guard var namespace = old, namespace.isBeingDeleted else { throw .notFound(.namespaces, name) }
            namespace[path: "spec", "finalizers"] = []
            return namespace
        }
        modification.subresource = "finalize"
        _ = try await api.modify(resource, modification, WriteOptions(fieldManager: "kube-controller-manager"))
    }
}
