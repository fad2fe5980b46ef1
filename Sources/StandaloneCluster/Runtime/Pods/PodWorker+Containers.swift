import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging
import Synchronization

extension PodWorker {
    /// How long until a program that is missing is looked for again.
    private static let searchPeriod = Duration.seconds(30)
    private static let fileRetry = Duration.seconds(10)
    private static let freshness = Duration.seconds(60)

    /// Init containers one after the other, then all others; ends when none of them is to run again.
    func runContainers() async {
        guard let places = await makeVolumes() else { return }
        let planner = ProcessPlanner(
            pod: pod, podIP: podIP, volumes: places, home: machinery.volumes.podDirectory(pod.uid),
            finder: machinery.finder, settings: machinery.settings)
        let initial = pod[path: "spec", "initContainers"]?.array ?? []
        let main = pod[path: "spec", "containers"]?.array ?? []
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.keepVolumesFresh()
                return false
            }
            for (index, container) in initial.enumerated() {
                let slot = ContainerSlot.initial(index)
                if PodStatus.isSidecar(container) {
                    group.addTask {
                        await self.keepRunning(container, slot, planner, .always)
                        return false
                    }
                    await waitUntilStarted(slot)
                } else {
                    // An init container that has done its work is not run again, unless the pod may not fail.
                    let policy: RestartPolicy =
                        state.withLock { $0.status.restartPolicy } == .never ? .never : .onFailure
                    await keepRunning(container, slot, planner, policy)
                    guard case .terminated(let end) = record(slot).state, end.exit.code == 0 else {
                        group.cancelAll()
                        return
                    }
                }
                if Task.isCancelled { return }
            }
            let policy = state.withLock { $0.status.restartPolicy }
            for (index, container) in main.enumerated() {
                let slot = ContainerSlot.main(index)
                update(slot) { $0.state = .waiting(reason: "ContainerCreating") }
                group.addTask {
                    await self.keepRunning(container, slot, planner, policy)
                    return true
                }
            }
            var left = main.count
            for await isMain in group {
                if isMain { left -= 1 }
                if left == 0 { break }
            }
            group.cancelAll()
            endSidecars()
        }
    }

    /// What still runs when the last of the other containers has ended for good.
    private func endSidecars() {
        for running in state.withLock({ $0.processes }) {
            running.process.terminate(grace: .seconds(terminationGrace))
        }
    }

    private func waitUntilStarted(_ slot: ContainerSlot) async {
        while !record(slot).isStarted, (try? await Task.sleep(for: .milliseconds(100))) != nil {}
    }

    // MARK: Volumes

    /// Where each volume is, once all of them could be made; nil when the pod is stopped first.
    private func makeVolumes() async -> [String: String]? {
        while !Task.isCancelled {
            var version: Int64 = 0
            do {
                let read = try await content.read()
                version = read.version
                try await machinery.logs.claim(pod)
                return try await machinery.volumes.materialise(
                    pod, podIP: podIP, read.sources, isBeginning: true)
            } catch let missing as MissingContent {
                blockAll(missing.message)
                await content.change(since: version)
            } catch {
                blockAll("\(error)")
                log.warning("could not make a pod's volumes", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.fileRetry)
            }
        }
        return nil
    }

    private func blockAll(_ message: String) {
        let counts = state.withLock { ($0.status.initContainers.count, $0.status.containers.count) }
        let slots = (0..<counts.0).map(ContainerSlot.initial) + (0..<counts.1).map(ContainerSlot.main)
        for slot in slots {
            update(slot) { $0.state = .waiting(reason: "CreateContainerConfigError", message: message) }
        }
    }

    /// Files follow their Secrets and ConfigMaps within a minute, as kubelet has it. What is gone leaves its last files.
    private func keepVolumesFresh() async {
        var known: [String: String] = [:]
        while (try? await Task.sleep(for: Self.freshness)) != nil {
            do {
                let sources = try await content.read().sources
                guard sources.versions != known else { continue }
                _ = try await machinery.volumes.materialise(pod, podIP: podIP, sources, isBeginning: false)
                known = sources.versions
            } catch {
                log.info("a volume is not brought up to date", metadata: ["because": "\(error)"])
            }
        }
    }

    // MARK: One container

    /// Runs a container again and again, as its policy wants it; ends when it is over or the pod is stopped.
    private func keepRunning(
        _ container: JSON, _ slot: ContainerSlot, _ planner: ProcessPlanner, _ policy: RestartPolicy
    ) async {
        var backoff = RestartBackoff()
        while !Task.isCancelled, !isStopping {
            let plan: ProcessPlan
            var version: Int64 = 0
            do {
                let read = try await content.read()
                version = read.version
                plan = try planner.plan(container, read.sources)
            } catch let missing as MissingContent {
                update(slot) { $0.state = .waiting(reason: "CreateContainerConfigError", message: missing.message) }
                await content.change(since: version)
                continue
            } catch {
                update(slot) { $0.state = .waiting(reason: "CreateContainerConfigError", message: "\(error)") }
                try? await Task.sleep(for: Self.fileRetry)
                continue
            }
            switch plan {
            case .servedByEngine:
                update(slot) { $0.state = .served }
                await tellOfEngine()
                while (try? await Task.sleep(for: .seconds(86_400))) != nil {}
            case .unavailable(let reason):
                update(slot) { $0.state = .waiting(reason: "ProgramNotFound", message: reason) }
                try? await Task.sleep(for: Self.searchPeriod)
            case .run(let launch):
                let end = await runOnce(container, slot, planner, launch)
                guard !isStopping, !Task.isCancelled, policy.restarts(after: end.exit.code) else {
                    update(slot) { $0.end(end) }
                    return
                }
                let delay = backoff.delay(afterRunOf: end.finishedAt.timeIntervalSince(end.startedAt))
                await pause(delay, slot, after: end)
            }
        }
    }

    /// The time between two runs of a container.
    private func pause(_ seconds: Int, _ slot: ContainerSlot, after end: ContainerTermination) async {
        update(slot) { record in
            record.end(end)
            record.last = end
            guard seconds > 0 else { return }
            record.state = .waiting(
                reason: "CrashLoopBackOff",
                message: "back-off \(seconds)s restarting container \(record.name): it ended with exit code "
                    + "\(end.exit.code)\(end.message.isEmpty ? "" : " (\(end.message))")")
        }
        if seconds > 0 { try? await Task.sleep(for: .seconds(seconds)) }
    }

    /// One run of a container, from its start to its end.
    private func runOnce(
        _ container: JSON, _ slot: ContainerSlot, _ planner: ProcessPlanner, _ launch: ProcessPlan.Launch
    ) async -> ContainerTermination {
        let api = machinery.api
        let startedAt = api.now()
        let process: ContainerProcess
        do {
            process = try await start(container, launch)
        } catch {
            log.warning(
                "could not start a container", metadata: ["container": "\(record(slot).name)", "error": "\(error)"])
            return ContainerTermination(
                exit: ProcessExit(exited: 128), startedAt: startedAt, finishedAt: api.now(), message: "\(error)")
        }
        register(process, parting: Self.parting(of: container))
        await machinery.records.add(process.pid)
        let probes = ContainerProbes(ProbeSchedule(container: container, podIP: podIP))
        update(slot) { record in
            if record.last != nil { record.restartCount += 1 }
            record.state = .running(since: startedAt)
            record.program =
                launch.executable == machinery.settings.embeddedEngine
                ? ContainerRecord.engineProgram : launch.executable
            record.note(probes.schedule)
        }
        let exit = await withTaskGroup(of: ProcessExit?.self) { group in
            group.addTask { await process.exit }
            group.addTask {
                await self.probe(container, slot, planner, launch, process, probes)
                return nil
            }
            var exit: ProcessExit?
            for await result in group {
                guard let result else { continue }
                exit = result
                group.cancelAll()
            }
            return exit ?? ProcessExit(exited: -1)
        }
        unregister(process)
        await machinery.records.remove(process.pid)
        let message = probes.schedule.failed.map { "the \($0) probe failed, so it was ended" } ?? ""
        return ContainerTermination(exit: exit, startedAt: startedAt, finishedAt: api.now(), message: message)
    }

    /// Of the hooks that a container may have before it is stopped the sleep alone is known here.
    private static func parting(of container: JSON) -> Duration {
        .seconds(max(0, container[path: "lifecycle", "preStop", "sleep", "seconds"]?.integer ?? 0))
    }

    private func start(_ container: JSON, _ launch: ProcessPlan.Launch) async throws -> ContainerProcess {
        guard machinery.finder.isExecutable(launch.executable) else {
            throw SpawnError(description: "\(launch.executable) is no file that can be run: is it still installed?")
        }
        let output = ContainerLog(
            path: machinery.logs.files.path(container["name"]?.string ?? "", of: pod), files: machinery.logs.files)
        let descriptor = try await machinery.thread.run { try output.open() }
        defer { Files.close(descriptor) }
        return try await machinery.spawner.spawn(
            launch, home: machinery.volumes.podDirectory(pod.uid), output: descriptor)
    }
}

extension ContainerRecord {
    /// It has ended.
    mutating func end(_ end: ContainerTermination) {
        state = .terminated(end)
        isReady = false
        isStarted = false
    }

    /// What its probes say.
    mutating func note(_ schedule: ProbeSchedule) {
        isStarted = schedule.isStarted
        isReady = schedule.isReady
    }
}
