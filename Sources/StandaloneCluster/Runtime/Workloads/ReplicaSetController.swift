import APIMachinery
import KubeObjects
import Logging

/// Keeps as many pods as each ReplicaSet wants, and its status.
package struct ReplicaSetController: Sendable {
    private static let options = WriteOptions(fieldManager: "kube-controller-manager")
    /// Pods made or deleted in one go; what is left follows.
    private static let burst = 100

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
                await feed.run(.replicaSets) { news in
                    switch news {
                    case .listed(let all): for object in all { dirty.mark(object.key) }
                    case .changed(let object): dirty.mark(object.key)
                    case .gone: break
                    }
                }
            }
            group.addTask {
                await feed.run(.pods) { news in
                    switch news {
                    case .listed:
                        // Also those whose pods went unheard.
                        for object in (try? await api.list(.replicaSets).items) ?? [] { dirty.mark(object.key) }
                    case .changed(let pod), .gone(let pod): mark(pod, dirty)
                    }
                }
            }
            await dirty.work { key throws(APIStatus) in try await reconcile(key) }
            group.cancelAll()
        }
    }

    private func mark(_ pod: KubeObject, _ dirty: DirtyKeys) {
        guard let owner = pod.controller, owner.kind == "ReplicaSet" else { return }
        dirty.mark(ObjectKey(namespace: pod.namespace, name: owner.name))
    }

    private func reconcile(_ key: ObjectKey) async throws(APIStatus) -> Duration? {
        guard let set = try await api.find(.replicaSets, key) else { return nil }
        let plan = ReplicaPlan(replicaSet: set, pods: try await api.controlled(by: set, .pods), now: api.now())
        let failed = await settle(plan, set)
        let pods = try await api.controlled(by: set, .pods)
        let failure = failed.map { ReplicaPlan.Failure(reason: $0.reason, message: $0.status.message) }
        let settled = ReplicaPlan(replicaSet: set, pods: pods, now: api.now(), failure: failure)
        try await api.writeStatus(settled.status, of: set, .replicaSets, Self.options)
        if let failed { throw failed.status }
        // More than one burst is missing.
        if settled.missing > 0 || !settled.doomed.isEmpty { return .zero }
        return settled.checkAfter
    }

    /// Makes and deletes pods; gives the first failure, at which it stops.
    private func settle(_ plan: ReplicaPlan, _ set: KubeObject) async -> (reason: String, status: APIStatus)? {
        for _ in 0..<min(plan.missing, Self.burst) {
            do throws(APIStatus) {
                _ = try await api.create(.pods, ReplicaPlan.pod(of: set), namespace: set.namespace, Self.options)
            } catch  where error.details?.causes.contains(where: { $0.reason == "NamespaceTerminating" }) == true {
                return nil
            } catch {
                return ("FailedCreate", error)
            }
        }
        for pod in plan.doomed.prefix(Self.burst) {
            do throws(APIStatus) {
                _ = try await api.delete(.pods, pod.key, DeleteOptions(uid: pod.uid))
            } catch  where error.reason == "NotFound" || error.reason == "Conflict" {
                continue
            } catch {
                return ("FailedDelete", error)
            }
        }
        return nil
    }
}
