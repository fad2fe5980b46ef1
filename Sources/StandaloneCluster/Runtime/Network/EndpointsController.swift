import APIMachinery
import KubeObjects
import Logging

/// Writes Endpoints and EndpointSlices for every Service with a selector. A Service without one is never touched.
package struct EndpointsController: Sendable {
    private static let options = WriteOptions(fieldManager: "kube-controller-manager")

    private let api: ClusterAPI
    private let log: Logger

    package init(api: ClusterAPI, log: Logger) {
        self.api = api
        self.log = log
    }

    /// Runs until the task is cancelled.
    package func run() async {
        let dirty = DirtyKeys(log: log)
        let selection = ServiceSelection()
        let feed = ObjectFeed(api: api, log: log)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await feed.run(.pods) { news in
                    for key in selection.note(pods: news) { dirty.mark(key) }
                }
            }
            group.addTask {
                await feed.run(.services) { news in
                    for key in selection.note(services: news) { dirty.mark(key) }
                }
            }
            group.addTask { await markLeftovers(dirty) }
            await dirty.work { key throws(APIStatus) in
                // Without having seen all pods, every Service would seem to have none.
                guard selection.isComplete else { return .milliseconds(10) }
                try await reconcile(key, selection)
                return nil
            }
            group.cancelAll()
        }
    }

    /// Endpoints have no owner that takes them along: those of Services that went unseen are looked for.
    private func markLeftovers(_ dirty: DirtyKeys) async {
        let labels = LabelSelector(equals: [ServiceEndpoints.endpointsManagerLabel: ServiceEndpoints.endpointsManager])
        let page = try? await api.list(ServiceEndpoints.endpoints, Selection(labels: labels))
        for object in page?.items ?? [] { dirty.mark(object.key) }
    }

    private func reconcile(_ key: ObjectKey, _ selection: ServiceSelection) async throws(APIStatus) {
        guard let service = try await api.find(.services, key), !service.isBeingDeleted else {
            try await removeEndpoints(key)
            return
        }
        guard ServiceEndpoints.selector(of: service) != nil else { return }
        let wanted = ServiceEndpoints(service: service, pods: selection.pods(of: service))
        let old = try await api.find(ServiceEndpoints.endpoints, key)
        try await write(wanted.endpoints, over: old, ServiceEndpoints.endpoints, fields: ["subsets"])
        var slices: [ObjectKey: KubeObject] = [:]
        for slice in try await api.controlled(by: service, ServiceEndpoints.slices)
        where slice.labels[ServiceEndpoints.sliceManagerLabel] == ServiceEndpoints.sliceManager {
            slices[slice.key] = slice
        }
        for slice in wanted.slices {
            let old = slices.removeValue(forKey: slice.key)
            try await write(slice, over: old, ServiceEndpoints.slices, fields: ["endpoints", "ports"])
        }
        for slice in slices.values {
            _ = try await api.delete(ServiceEndpoints.slices, slice.key, DeleteOptions(uid: slice.uid))
        }
    }

    private func write(
        _ wanted: KubeObject, over old: KubeObject?, _ type: ResourceType, fields: [String]
    ) async throws(APIStatus) {
        guard let old else {
            _ = try await api.create(type, wanted, namespace: wanted.namespace, Self.options)
            return
        }
        var object = old
        object.labels = wanted.labels
        for field in fields { object[field] = wanted[field] }
        guard object != old else { return }
        _ = try await api.update(type, old.key, object, Self.options)
    }

    private func removeEndpoints(_ key: ObjectKey) async throws(APIStatus) {
        guard let old = try await api.find(ServiceEndpoints.endpoints, key),
            old.labels[ServiceEndpoints.endpointsManagerLabel] == ServiceEndpoints.endpointsManager
        else { return }
        _ = try await api.delete(ServiceEndpoints.endpoints, key, DeleteOptions(uid: old.uid))
    }
}
