import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// One running process, in a process group of its own. When it ends, what it left in its group is killed; when this
/// program is killed, so is it.
final class ContainerProcess: Sendable {
    let pid: pid_t
    private let state: Mutex<State>

    private struct State {
        var exit: ProcessExit?
        var waiters: [CheckedContinuation<ProcessExit, Never>] = []
        /// Nothing may be sent to this pid any more: it is reaped, and may be another's soon.
        var isReaped = false
    }

    init(pid: pid_t) throws(SpawnError) {
        self.pid = pid
        state = Mutex(State())
        guard WaitingThread.start({ self.reap() }) else {
            Glibc.kill(-pid, SIGKILL)
            throw SpawnError(description: "no thread can be started to wait for process \(pid)")
        }
    }

    /// How the process ended; waits until it has. Does not look at the task's cancellation.
    var exit: ProcessExit {
        get async {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> ProcessExit? in
                    if state.exit == nil { state.waiters.append(continuation) }
                    return state.exit
                }
                if let known { continuation.resume(returning: known) }
            }
        }
    }

    /// Asks the group to end, at once or after a `delay` that the grace contains, and after `grace` sees to it. May be
    /// called again with a shorter grace.
    func terminate(after delay: Duration = .zero, grace: Duration) {
        guard grace > .zero else { return signal(SIGKILL) }
        if delay > .zero {
            send(SIGTERM, after: min(delay, grace))
        } else {
            signal(SIGTERM)
        }
        kill(after: grace)
    }

    /// Ends the group after that time, if it still runs.
    func kill(after time: Duration) { send(SIGKILL, after: time) }

    private func send(_ number: Int32, after time: Duration) {
        MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(time)) { [weak self] in
            self?.signal(number)
        }
    }

    private func signal(_ number: Int32) {
        state.withLock { state in
            if !state.isReaped { Glibc.kill(-pid, number) }
        }
    }

    /// Runs on a thread of its own. The pid stays ours between the process' end and the moment it is reaped, so that
    /// no signal can reach anybody else.
    private func reap() {
        var facts = siginfo_t()
        while waitid(P_PID, id_t(pid), &facts, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        var status: Int32 = 0
        let waiters = state.withLock { state in
            Glibc.kill(-pid, SIGKILL)
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            state.isReaped = true
            let signal = status & 0x7F
            state.exit = signal == 0 ? ProcessExit(exited: (status >> 8) & 0xFF) : ProcessExit(signal: signal)
            defer { state.waiters = [] }
            return state.waiters
        }
        let exit = state.withLock { $0.exit } ?? ProcessExit(exited: -1)
        for waiter in waiters { waiter.resume(returning: exit) }
    }
}

/// A process could not be started; the description says which and why.
struct SpawnError: Error, CustomStringConvertible {
    let description: String
}
