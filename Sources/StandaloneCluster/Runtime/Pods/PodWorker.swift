import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging
import Synchronization

/// What all pods of one runtime share.
struct PodMachinery: Sendable {
    let api: ClusterAPI
    let settings: RuntimeSettings
    let finder: ProgramFinder
    let thread: RuntimeThread
    let volumes: VolumeStore
    let logs: PodLogs
    let spawner: ProcessSpawner
    let records: ProcessRecords
    let prober: ProbeRunner
    let log: Logger

    static let options = WriteOptions(fieldManager: "kubelet")

    init(api: ClusterAPI, settings: RuntimeSettings, log: Logger) throws {
        self.api = api
        self.settings = settings
        self.log = log
        finder = ProgramFinder(directories: settings.programDirectories, searchPath: settings.searchPath)
        // Spawning waits for nobody's files.
        let spawning = try RuntimeThread()
        thread = try RuntimeThread()
        volumes = VolumeStore(directory: settings.directory, thread: thread)
        logs = PodLogs(settings.logs, thread: thread)
        spawner = ProcessSpawner(thread: spawning, finder: finder)
        records = ProcessRecords(directory: settings.directory, thread: thread)
        prober = try ProbeRunner()
    }
}

/// Runs one pod that is bound to this node, and keeps its status true.
final class PodWorker: Sendable {
    let pod: KubeObject
    let podIP: String
    let machinery: PodMachinery
    let content: PodContent
    let state: Mutex<State>
    private let changed = WatchSignal()
    private let stopped = WatchSignal()

    struct State {
        var status: PodStatus
        var processes: [RunningContainer] = []
        /// Set once the pod is to end: how long its processes may take.
        var grace: Duration?
        var isGone = false
        var isDeleted = false
    }

    struct RunningContainer {
        let process: ContainerProcess
        /// How long it goes on when its pod is deleted.
        let parting: Duration
    }

    /// Why a pod's processes are ended.
    enum Stop {
        /// The pod is marked for deletion: it goes when they have ended.
        case deletion
        /// The pod is no more.
        case gone
        /// This program ends; the pod stays for the next one.
        case shutdown
    }

    /// A longer grace than this would keep the whole program from ending.
    private static let shutdownGrace: Int64 = 10

    init(_ pod: KubeObject, podIP: String, _ machinery: PodMachinery) {
        self.pod = pod
        self.podIP = podIP
        self.machinery = machinery
        content = PodContent(pod, api: machinery.api)
        state = Mutex(State(status: PodStatus(pod, podIP: podIP, now: machinery.api.now())))
    }

    var log: Logger {
        var log = machinery.log
        log[metadataKey: "pod"] = "\(pod.key)"
        return log
    }

    /// How long the pod's processes may take to end, in seconds.
    var terminationGrace: Int64 { max(0, pod[path: "spec", "terminationGracePeriodSeconds"]?.integer ?? 30) }

    /// Runs until the pod is over, is stopped, or the task is cancelled, and then until its last process has ended.
    func run() async {
        await withTaskCancellationHandler {
            await writeStatus()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.runContainers() }
                group.addTask { _ = await self.stopped.wait() }
                group.addTask { while await self.changed.wait() { await self.writeStatus() } }
                await group.next()
                group.cancelAll()
            }
            let (isDeleted, isGone, grace) = state.withLock { ($0.isDeleted, $0.isGone, $0.grace) }
            if grace == nil { await writeStatus() }
            if isDeleted || isGone { await clear(deletingObject: isDeleted && !isGone) }
        } onCancel: {
            stop(.shutdown, graceSeconds: min(terminationGrace, Self.shutdownGrace))
        }
    }

    /// Ends the pod's processes: asks them, and kills what is left after the grace. Can be repeated with a shorter one.
    func stop(_ reason: Stop, graceSeconds: Int64) {
        let grace = Duration.seconds(graceSeconds)
        let processes = state.withLock { state -> [RunningContainer] in
            switch reason {
            case .deletion: state.isDeleted = true
            case .gone: state.isGone = true
            case .shutdown: break
            }
            if let known = state.grace, known <= grace { return [] }
            state.grace = grace
            return state.processes
        }
        for running in processes {
            // Who ends the whole cluster waits for nobody's clients.
            running.process.terminate(after: reason == .deletion ? running.parting : .zero, grace: grace)
        }
        stopped.close()
    }

    var isStopping: Bool { state.withLock { $0.grace != nil } }

    /// Takes part in the pod's end: a process that was being started when the pod was stopped is stopped too.
    ///
    /// - Parameter parting: the sleep of its container's preStop hook.
    func register(_ process: ContainerProcess, parting: Duration = .zero) {
        let grace = state.withLock { state in
            state.processes.append(RunningContainer(process: process, parting: parting))
            return state.grace
        }
        if let grace { process.terminate(grace: grace) }
    }

    func unregister(_ process: ContainerProcess) {
        state.withLock { state in state.processes.removeAll { $0.process === process } }
    }

    // MARK: Status

    /// Changes what is known of a container; the status follows by itself.
    func update(_ slot: ContainerSlot, _ edit: (inout ContainerRecord) -> Void) {
        state.withLock { state in
            switch slot {
            case .initial(let index): edit(&state.status.initContainers[index])
            case .main(let index): edit(&state.status.containers[index])
            }
        }
        changed.wake()
    }

    func record(_ slot: ContainerSlot) -> ContainerRecord {
        state.withLock { state in
            switch slot {
            case .initial(let index): state.status.initContainers[index]
            case .main(let index): state.status.containers[index]
            }
        }
    }

    func writeStatus() async {
        let (pod, api) = (pod, machinery.api)
        do throws(APIStatus) {
            var modification = Modification(key: pod.key) { old throws(APIStatus) in
                guard var object = old, object.uid == pod.uid else { throw .notFound(.pods, pod.name) }
                let status = self.state.withLock { $0.status }
                object["status"] = status.json(previous: object["status"], now: api.now())
                return object
            }
            modification.subresource = "status"
            _ = try await api.modify(api.resource(.pods), modification, PodMachinery.options)
        } catch  where error.reason == "NotFound" {
            return
        } catch {
            log.warning("could not write a pod's status", metadata: ["error": "\(error)"])
        }
    }

    /// Removes what the pod had on this machine, then the pod.
    private func clear(deletingObject: Bool) async {
        await Self.clear(pod, machinery)
        if deletingObject { await Self.release(pod, machinery) }
    }

    static func clear(_ pod: KubeObject, _ machinery: PodMachinery) async {
        await machinery.volumes.remove(pod.uid)
        await machinery.logs.remove(pod)
    }

    /// Lets a pod go that is marked for deletion and of which nothing runs.
    static func release(_ pod: KubeObject, _ machinery: PodMachinery) async {
        do throws(APIStatus) {
            _ = try await machinery.api.delete(.pods, pod.key, DeleteOptions(gracePeriod: 0, uid: pod.uid))
        } catch  where error.reason == "NotFound" || error.reason == "Conflict" {
            return
        } catch {
            machinery.log.warning(
                "could not delete a pod that has ended", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
        }
    }
}

/// Which container of a pod.
enum ContainerSlot: Sendable, Hashable {
    case initial(Int)
    case main(Int)
}
