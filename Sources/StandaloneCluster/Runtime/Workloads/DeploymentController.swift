import APIMachinery
import KubeObjects
import Logging

/// Rolls Deployments out: keeps their ReplicaSets as `RolloutPlan` says. Everything it goes by is in the API, so it
/// goes on where it, or another before it, was stopped.
package struct DeploymentController: Sendable {
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
        let feed = ObjectFeed(api: api, log: log)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await feed.run(.deployments) { news in
                    switch news {
                    case .listed(let all): for object in all { dirty.mark(object.key) }
                    case .changed(let object): dirty.mark(object.key)
                    case .gone: break
                    }
                }
            }
            group.addTask {
                await feed.run(.replicaSets) { news in
                    switch news {
                    case .listed(let all):
                        for object in all { mark(object, dirty) }
                        await markAll(dirty)
                    case .changed(let object), .gone(let object): mark(object, dirty)
                    }
                }
            }
            // Recreate waits until the last old pod is really gone.
            group.addTask {
                await feed.run(.pods) { news in
                    if case .gone(let pod) = news { await markOwner(of: pod, dirty) }
                }
            }
            await dirty.work { key throws(APIStatus) in try await reconcile(key) }
            group.cancelAll()
        }
    }

    private func mark(_ replicaSet: KubeObject, _ dirty: DirtyKeys) {
        guard let owner = replicaSet.controller, owner.kind == "Deployment" else { return }
        dirty.mark(ObjectKey(namespace: replicaSet.namespace, name: owner.name))
    }

    private func markAll(_ dirty: DirtyKeys) async {
        for object in (try? await api.list(.deployments).items) ?? [] { dirty.mark(object.key) }
    }

    private func markOwner(of pod: KubeObject, _ dirty: DirtyKeys) async {
        guard let owner = pod.controller, owner.kind == "ReplicaSet",
            let set = try? await api.find(.replicaSets, ObjectKey(namespace: pod.namespace, name: owner.name))
        else { return }
        mark(set, dirty)
    }

    private func reconcile(_ key: ObjectKey) async throws(APIStatus) -> Duration? {
        guard let deployment = try await api.find(.deployments, key) else { return nil }
        let sets = try await api.controlled(by: deployment, .replicaSets)
        var pods: [KubeObject] = []
        if deployment[path: "spec", "strategy", "type"] == "Recreate" {
            for set in sets { pods += try await api.controlled(by: set, .pods) }
        }
        let plan = RolloutPlan(deployment: deployment, replicaSets: sets, pods: pods, now: api.now())
        var status = plan.status
        for action in plan.actions {
            switch action {
            case .create(let set):
                if try await collides(set, deployment) {
                    status = deployment["status"] ?? [:]
                    status["collisionCount"] = .integer(deployment.statusCount("collisionCount") + 1)
                }
            case .update(let set): _ = try await api.update(.replicaSets, set.key, set, Self.options)
            case .delete(let set):
                _ = try await api.delete(
                    .replicaSets, set.key, DeleteOptions(uid: set.uid, resourceVersion: set.resourceVersion))
            }
        }
        var annotations = deployment.annotations
        if let revision = plan.revision { annotations[RolloutKeys.revision] = revision }
        try await api.writeStatus(status, of: deployment, .deployments, annotations: annotations, Self.options)
        return plan.checkAfter
    }

    /// Creates a ReplicaSet; true when something else bears its name, so that it needs another one.
    private func collides(_ set: KubeObject, _ deployment: KubeObject) async throws(APIStatus) -> Bool {
        do throws(APIStatus) {
            _ = try await api.create(.replicaSets, set, namespace: set.namespace, Self.options)
            return false
        } catch  where error.reason == "AlreadyExists" {
            guard let other = try await api.find(.replicaSets, set.key) else { throw error }
            return other.controller?.uid != deployment.uid || PodTemplate(of: other) != PodTemplate(of: set)
        }
    }
}
