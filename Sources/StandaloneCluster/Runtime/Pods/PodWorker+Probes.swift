import Glibc
import KubeObjects
import Logging
import Synchronization

/// The probes of one run of a container, for the tasks that ask them.
final class ContainerProbes: Sendable {
    private let state: Mutex<ProbeSchedule>
    private let start = ContinuousClock.now

    init(_ schedule: ProbeSchedule) { state = Mutex(schedule) }

    var schedule: ProbeSchedule { state.withLock { $0 } }

    /// Waits until a probe of that kind is due; nil when there is none to ask any more.
    func next(_ kind: ProbeSchedule.Kind) async -> Probe? {
        guard let (probe, due) = schedule.next(kind) else { return nil }
        guard (try? await Task.sleep(until: start + due, clock: .continuous)) != nil else { return nil }
        return probe
    }

    /// Takes an answer. Gives the schedule when it means anything new.
    func record(_ kind: ProbeSchedule.Kind, _ succeeded: Bool) -> ProbeSchedule? {
        let time = ContinuousClock.now - start
        return state.withLock { schedule in
            let before = (schedule.isStarted, schedule.isReady, schedule.failed)
            schedule.record(kind, succeeded: succeeded, at: time)
            return before == (schedule.isStarted, schedule.isReady, schedule.failed) ? nil : schedule
        }
    }
}

extension PodWorker {
    /// Asks a running container's probes until there is none to ask, the container is to be ended for one, or the task
    /// is cancelled.
    func probe(
        _ container: JSON, _ slot: ContainerSlot, _ planner: ProcessPlanner, _ launch: ProcessPlan.Launch,
        _ process: ContainerProcess, _ probes: ContainerProbes
    ) async {
        let ask: @Sendable (ProbeSchedule.Kind) async -> Void = { kind in
            while let probe = await probes.next(kind) {
                let succeeded = await self.machinery.prober.ask(probe) { command, timeout in
                    await self.execute(command, timeout, container, planner, launch)
                }
                guard !Task.isCancelled else { return }
                guard let schedule = probes.record(kind, succeeded) else { continue }
                self.update(slot) { if $0.isRunning { $0.note(schedule) } }
                if let failed = schedule.failed {
                    self.log.info(
                        "a probe failed too often: the container is ended",
                        metadata: ["container": "\(self.record(slot).name)", "probe": "\(failed)"])
                    process.terminate(grace: .seconds(self.terminationGrace))
                    return
                }
            }
        }
        await ask(.startup)
        await withDiscardingTaskGroup { group in
            group.addTask { await ask(.liveness) }
            group.addTask { await ask(.readiness) }
        }
    }

    /// Runs an exec probe's command with the container's environment. Its output goes nowhere.
    private func execute(
        _ command: [String], _ timeout: Duration, _ container: JSON, _ planner: ProcessPlanner,
        _ launch: ProcessPlan.Launch
    ) async -> Int32? {
        guard let probe = planner.plan(exec: command, in: container, environment: launch.environment),
            let nowhere = try? await machinery.thread.run({ open("/dev/null", O_WRONLY | O_CLOEXEC) }), nowhere >= 0
        else { return nil }
        defer { Files.close(nowhere) }
        let process: ContainerProcess
        do {
            process = try await machinery.spawner.spawn(
                probe, home: machinery.volumes.podDirectory(pod.uid), output: nowhere)
        } catch {
            log.info("could not run a probe", metadata: ["error": "\(error)"])
            return nil
        }
        register(process)
        process.kill(after: timeout)
        let exit = await process.exit
        unregister(process)
        return exit.code
    }
}
