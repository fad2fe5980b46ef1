import APIMachinery
import KubeObjects
import Logging

/// Follows everything that is written: collects garbage, empties namespaces that are being deleted, and ends custom
/// resource definitions with their instances.
struct LifecycleController: Sendable {
    let api: ClusterAPI
    let log: Logger

    private var collector: GarbageCollector { GarbageCollector(api: api) }
    private var namespaces: NamespaceTermination { NamespaceTermination(api: api) }

    func run() async {
        while !Task.isCancelled {
            do throws(StorageError) {
                let position = api.store.currentVersion
                try await catchUp()
                var cursor = try await api.store.watch(nil, after: position)
                while let events = try await cursor.next() {
                    for event in events { await attempt(event) }
                }
                return
            } catch {
                if case .expired = error { continue }
                if error != .closed {
                    log.error("garbage collection has ended", metadata: ["error": "\(error)"])
                }
                return
            }
        }
    }

    /// Takes up what was left when this process, or the one before it, ended.
    private func catchUp() async throws(StorageError) {
        let unfinished = try await api.store.unfinished()
        for (storage, key, isMarked) in unfinished {
            guard let object = try await api.store.get(key, in: storage) else { continue }
            await report(object) { () throws(APIStatus) in
                if isMarked { try await handleMarked(object, storage) } else { try await handleOwned(object, storage) }
            }
        }
    }

    private func attempt(_ event: StoreEvent) async {
        let (object, storage) = (event.object, event.resource)
        await report(object) { () throws(APIStatus) in
            if event.change == .deleted {
                try await handleGone(object, storage)
            } else if object.isBeingDeleted {
                try await handleMarked(object, storage)
            } else if object.ownerReferences != event.previous?.ownerReferences ?? [] {
                // Written by somebody who did not know yet that the owner is gone: nothing else would ever end it.
                try await handleOwned(object, storage)
            }
        }
    }

    private func report(_ object: KubeObject, _ body: () async throws(APIStatus) -> Void) async {
        do throws(APIStatus) {
            try await body()
        } catch  where error.reason == "NotFound" || error.reason == "Conflict" {
            // Somebody else was faster; what they wrote comes as an event of its own.
            return
        } catch {
            log.warning(
                "could not clear up after an object",
                metadata: ["object": "\(object.kind) \(object.key)", "error": "\(error)"])
        }
    }

    private func handleMarked(_ object: KubeObject, _ storage: String) async throws(APIStatus) {
        guard let resource = api.catalog.snapshot.resource(storedAs: storage) else { return }
        try await collector.objectMarked(object, resource)
        switch storage {
        case ResourceType.namespaces.description: try await namespaces.clear(object)
        case ResourceType.customResourceDefinitions.description: try await removeInstances(of: object)
        default: return
        }
    }

    private func handleOwned(_ object: KubeObject, _ storage: String) async throws(APIStatus) {
        guard let resource = api.catalog.snapshot.resource(storedAs: storage),
            let current = try await api.load(resource, object.key), current.uid == object.uid
        else { return }
        try await collector.loseOwner(resource, current)
    }

    private func handleGone(_ object: KubeObject, _ storage: String) async throws(APIStatus) {
        try await collector.objectGone(object)
        if let name = object.namespace,
            let namespace = try await api.find(.namespaces, ObjectKey(namespace: nil, name: name)),
            namespace.isBeingDeleted
        {
            try await namespaces.finish(name)
        }
        try await restore(object, storage)
        guard api.catalog.snapshot.resource(storedAs: storage)?.isCustom == true,
            let definition = try await api.find(.customResourceDefinitions, ObjectKey(namespace: nil, name: storage)),
            definition.isBeingDeleted
        else { return }
        try await removeInstances(of: definition)
    }

    /// What a namespace always has comes back when somebody deletes it.
    private func restore(_ object: KubeObject, _ storage: String) async throws(APIStatus) {
        let isFurniture =
            storage == ResourceType.serviceAccounts.description && object.name == "default"
            || storage == ResourceType.configMaps.description && object.name == "kube-root-ca.crt"
        guard isFurniture, let name = object.namespace,
            let namespace = try await api.find(.namespaces, ObjectKey(namespace: nil, name: name)),
            !namespace.isBeingDeleted
        else { return }
        await api.furnish(namespace: name)
    }

    /// Deletes all instances of a definition, and when none is left, lets the definition go.
    private func removeInstances(of definition: KubeObject) async throws(APIStatus) {
        if let resource = api.catalog.snapshot.resource(storedAs: definition.name) {
            let left = try await api.list(resource.type).items
            for object in left where !object.isBeingDeleted {
                _ = try await api.delete(resource.type, object.key, DeleteOptions(propagation: .background))
            }
            guard try await api.list(resource.type, limit: 1).items.isEmpty else { return }
        }
        let definitions = try api.resource(.customResourceDefinitions)
        let modification = Modification(key: definition.key) { old throws(APIStatus) in
            guard var object = old else { throw .notFound(.customResourceDefinitions, definition.name) }
            object.finalizers.removeAll { $0 == CustomResources.cleanupFinalizer }
            return object
        }
        _ = try await api.modify(definitions, modification, WriteOptions(fieldManager: "kube-apiserver"))
    }
}
