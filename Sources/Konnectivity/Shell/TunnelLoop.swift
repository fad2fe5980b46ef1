import Glibc
import Logging
import Sockets
import Synchronization

/// The tunnel's thread, and the one way to talk to it: commands, from any thread.
final class TunnelLoop: Sendable {
    enum Command: Sendable {
        case drain
        case stop
        case reconnect
        case usePolicy(DialPolicy)
        case leases(Int?)
        case credentials(UInt64, Result<TunnelCredentials, TunnelError>)
        case serverResolved(UInt64, [IPAddress])
        case targetResolved(UInt64, ConnectionID, [IPAddress])
        case status(CheckedContinuation<TunnelStatus, Never>)
    }

    fileprivate struct State {
        enum Phase { case idle, running, over }
        var phase = Phase.idle
        var commands: [Command] = []
        /// Written to end a wait; the thread closes it only after it has taken it back from here.
        var wakeUp: Int32?
        var result: CheckedContinuation<Void, any Error>?
        var lastStatus = TunnelStatus()
    }

    private let state = Mutex(State())
    /// What the thread needs to begin.
    struct Parts: Sendable {
        var configuration: TunnelConfiguration
        var credentials: Tunnel.CredentialsProvider
        var refused: Tunnel.RefusalListener
        var memory: TunnelMemory
        var logger: Logger
    }

    private let parts: Parts
    private let dialPolicy: DialPolicy

    init(_ parts: Parts, dialPolicy: DialPolicy) {
        self.parts = parts
        self.dialPolicy = dialPolicy
    }

    /// Before `run` a command waits for it; after it has returned it does nothing.
    func send(_ command: Command) {
        let unheard: Command? = state.withLock { state in
            if case .over = state.phase { return command }
            state.commands.append(command)
            state.wake()
            return nil
        }
        if case .status(let continuation) = unheard {
            continuation.resume(returning: state.withLock { $0.lastStatus })
        }
    }

    func status() async -> TunnelStatus {
        if state.withLock({ $0.phase == .idle }) { return TunnelStatus() }
        return await withCheckedContinuation { send(.status($0)) }
    }

    func run() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let isFirst = state.withLock { state in
                guard state.phase == .idle else { return false }
                state.phase = .running
                state.result = continuation
                return true
            }
            guard isFirst else {
                return continuation.resume(throwing: TunnelError(.shutDown, "the tunnel runs already, or has run"))
            }
            startThread()
        }
    }

    private func startThread() {
        let code = SystemThread.start { self.work() }
        if code != 0 { finish(TunnelStatus(), TunnelError(.shutDown, "no thread for the tunnel: error \(code)")) }
    }

    private func work() {
        do throws(TunnelError) {
            let engine = try TunnelEngine(parts, policy: dialPolicy, loop: self)
            state.withLock { $0.wakeUp = engine.poller.wakeUp }
            while !engine.isFinished {
                let commands = state.withLock { state in
                    defer { state.commands = [] }
                    return state.commands
                }
                for command in commands { engine.carryOut(command) }
                if !engine.isFinished { engine.turn() }
            }
            state.withLock { $0.wakeUp = nil }
            var last = engine.status()
            last.isRunning = false
            finish(last, nil)
        } catch {
            finish(TunnelStatus(), error)
        }
    }

    private func finish(_ status: TunnelStatus, _ error: TunnelError?) {
        let (commands, result) = state.withLock { state in
            state.phase = .over
            state.lastStatus = status
            defer {
                state.commands = []
                state.result = nil
            }
            return (state.commands, state.result)
        }
        for case .status(let continuation) in commands { continuation.resume(returning: status) }
        if let error { result?.resume(throwing: error) } else { result?.resume() }
    }
}

extension TunnelLoop.State {
    fileprivate func wake() {
        guard let wakeUp else { return }
        var one: UInt64 = 1
        _ = write(wakeUp, &one, 8)
    }
}
