import APIMachinery
import KubeObjects
import Logging
import Synchronization

/// Kubelet and scheduler of the standalone cluster: binds every pod to the one node and runs its containers as local
/// processes.
package struct PodRunner: Sendable {
    private let api: ClusterAPI
    private let settings: RuntimeSettings
    private let log: Logger

    package init(api: ClusterAPI, settings: RuntimeSettings, log: Logger) {
        self.api = api
        self.settings = settings
        self.log = log
    }

    /// Runs until the task is cancelled or the store closed, and ends only after every process it started has ended.
    /// Processes that an earlier run of this program left behind are ended first.
    package func run() async {
        let machinery: PodMachinery
        do {
            machinery = try PodMachinery(api: api, settings: settings, log: log)
        } catch {
            log.critical("pods cannot be run on this machine", metadata: ["error": "\(error)"])
            return
        }
        guard let addresses = PodAddresses(settings.podRange) else {
            log.critical(
                "the range of pod addresses is no IPv4 loopback block: give one such as 127.112.0.0/12",
                metadata: ["range": "\(settings.podRange)"])
            return
        }
        if machinery.spawner.guardian == nil {
            log.warning("setpriv of util-linux is missing: processes of pods outlive this program when it is killed")
        }
        let ended = await machinery.records.endLeftovers()
        if !ended.isEmpty {
            log.notice("ended processes of an earlier run", metadata: ["processes": "\(ended)"])
        }
        let registry = PodRegistry(addresses)
        await withDiscardingTaskGroup { group in
            group.addTask { await StandaloneNode(api: api, name: settings.nodeName, log: log).run() }
            await follow(registry, machinery, &group)
            group.cancelAll()
        }
    }

    private func follow(
        _ registry: PodRegistry, _ machinery: PodMachinery, _ group: inout DiscardingTaskGroup
    ) async {
        while !Task.isCancelled {
            do throws(APIStatus) {
                let page = try await api.list(.pods)
                let uids = Set(page.items.map(\.uid))
                registry.stopAll(except: uids)
                let kept = uids.union(registry.uids)
                await machinery.volumes.removeAll(except: kept)
                await machinery.logs.removeAll(except: kept)
                // Who has an address keeps it, before anybody new gets one.
                for pod in page.items.sorted(by: { address(of: $0) ?? "~" < address(of: $1) ?? "~" }) {
                    await attempt(.added, pod, registry, machinery, &group)
                }
                var session = try await api.watch(.pods, after: page.version)
                while let events = try await session.next() {
                    for event in events { await attempt(event.change, event.object, registry, machinery, &group) }
                }
                return
            } catch {
                // History was cut before it was seen: what there is is read anew.
                guard error.code == 410 else {
                    log.error("pods are no longer followed", metadata: ["error": "\(error)"])
                    return
                }
            }
        }
    }

    private func address(of pod: KubeObject) -> String? { pod[path: "status", "podIP"]?.string }

    private func attempt(
        _ change: StoreEvent.Change, _ pod: KubeObject, _ registry: PodRegistry, _ machinery: PodMachinery,
        _ group: inout DiscardingTaskGroup
    ) async {
        switch PodDuty(of: pod, isGone: change == .deleted, node: settings.nodeName, isRunning: registry.runs(pod.uid))
        {
        case .none: return
        case .bind: await bind(pod)
        case .start:
            guard let worker = registry.worker(for: pod, preferring: address(of: pod), machinery) else {
                log.error(
                    "no address is left for a pod", metadata: ["pod": "\(pod.key)", "range": "\(settings.podRange)"])
                return
            }
            group.addTask {
                await worker.run()
                registry.remove(worker)
            }
        case .stop(let grace):
            guard grace > 0 else { return registry.stop(pod.uid, .deletion, grace: grace) }
            let departure = PodDeparture(api: api, pod: pod)
            group.addTask {
                await departure.wait()
                registry.stop(pod.uid, .deletion, grace: grace)
            }
        case .abandon: registry.stop(pod.uid, .gone, grace: 0)
        case .clear(let isReleased):
            group.addTask {
                await PodWorker.clear(pod, machinery)
                if isReleased { await PodWorker.release(pod, machinery) }
            }
        }
    }

    /// What a scheduler does: there is one node, and everything fits.
    private func bind(_ pod: KubeObject) async {
        let node = settings.nodeName
        let modification = Modification(key: pod.key) { old throws(APIStatus) in
            guard var object = old, object.uid == pod.uid else { throw .notFound(.pods, pod.name) }
            if (object[path: "spec", "nodeName"]?.string ?? "").isEmpty {
                object[path: "spec", "nodeName"] = .string(node)
            }
            return object
        }
        do throws(APIStatus) {
            _ = try await api.modify(api.resource(.pods), modification, WriteOptions(fieldManager: "kube-scheduler"))
        } catch  where error.reason == "NotFound" {
            return
        } catch {
            log.warning("could not bind a pod", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
        }
    }
}

/// What the runtime owes a pod that it has just heard of.
enum PodDuty: Equatable, Sendable {
    case none
    case bind
    case start
    /// Its processes are to end within so many seconds, then it goes.
    case stop(grace: Int64)
    /// It is no more, and its processes are to end at once.
    case abandon
    /// Nothing of it runs; its files go, and with `isReleased` the object, which only waited for that.
    case clear(isReleased: Bool)

    init(of pod: KubeObject, isGone: Bool, node: String, isRunning: Bool) {
        let bound = pod[path: "spec", "nodeName"]?.string ?? ""
        let phase = pod[path: "status", "phase"]?.string ?? ""
        let isOver = phase == "Succeeded" || phase == "Failed"
        if !bound.isEmpty, bound != node {
            self = .none
        } else if isGone {
            self = isRunning ? .abandon : .clear(isReleased: false)
        } else if pod.isBeingDeleted {
            let grace = pod[path: "metadata", "deletionGracePeriodSeconds"]?.integer ?? 0
            if isRunning {
                self = .stop(grace: max(0, grace))
            } else {
                // With a grace of 0 only its finalizers hold it.
                self = grace > 0 ? .clear(isReleased: true) : .none
            }
        } else if bound.isEmpty {
            self = isOver ? .none : .bind
        } else {
            self = isOver || isRunning ? .none : .start
        }
    }
}

/// The pods that run, and their addresses.
final class PodRegistry: Sendable {
    private struct State {
        var addresses: PodAddresses
        var workers: [String: PodWorker] = [:]
    }

    private let state: Mutex<State>

    init(_ addresses: PodAddresses) { state = Mutex(State(addresses: addresses)) }

    var uids: Set<String> { state.withLock { Set($0.workers.keys) } }

    func runs(_ uid: String) -> Bool { state.withLock { $0.workers[uid] != nil } }

    /// A worker for a pod that has none; nil when no address is left.
    func worker(for pod: KubeObject, preferring address: String?, _ machinery: PodMachinery) -> PodWorker? {
        guard let address = state.withLock({ $0.addresses.allocate(preferring: address) }) else { return nil }
        let worker = PodWorker(pod, podIP: address, machinery)
        state.withLock { $0.workers[pod.uid] = worker }
        return worker
    }

    func remove(_ worker: PodWorker) {
        state.withLock { state in
            state.workers[worker.pod.uid] = nil
            state.addresses.release(worker.podIP)
        }
    }

    func stop(_ uid: String, _ reason: PodWorker.Stop, grace: Int64) {
        state.withLock { $0.workers[uid] }?.stop(reason, graceSeconds: grace)
    }

    func stopAll(except uids: Set<String>) {
        let gone = state.withLock { state in state.workers.filter { !uids.contains($0.key) }.values.map { $0 } }
        for worker in gone { worker.stop(.gone, graceSeconds: 0) }
    }
}
