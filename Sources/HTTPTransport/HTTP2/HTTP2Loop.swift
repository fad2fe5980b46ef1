import Glibc
import Sockets
import Synchronization

/// The thread that drives all connections of one transport, and the way to talk to it from any other.
final class HTTP2Loop: Sendable {
    struct Begin: Sendable {
        let serial: UInt64
        let request: HTTPRequest
        let recipient: any Recipient
    }

    enum Command: Sendable {
        case begin(Begin)
        case cancel(UInt64)
        /// A consumer has taken so many bytes.
        case pay(UInt64, Int)
        case resolved(UInt64, [IPAddress])
    }

    fileprivate struct State {
        var commands: [Command] = []
        var isStopping = false
        /// Written to end a wait; the thread closes it only after it has taken it back from here.
        var wakeUp: Int32?
        var nextSerial: UInt64 = 1
        var http1Only: [HTTP1Only: ContinuousClock.Instant] = [:]
    }

    private let state = Mutex(State())

    /// A server without HTTP/2 is asked again after this long.
    private static let memory = Duration.seconds(300)
    private static let stopped = HTTPTransportError(.shutDown, "the transport was shut down")

    func start() {
        let code = SystemThread.start { self.run() }
        if code != 0 { refuse(HTTPTransportError(.shutDown, "cannot start the transfer thread: error \(code)")) }
    }

    /// Begins; gives the number by which the request is spoken of later.
    func begin(_ request: HTTPRequest, _ recipient: any Recipient) -> UInt64 {
        let serial: UInt64? = state.withLock { state in
            guard !state.isStopping else { return nil }
            let serial = state.nextSerial
            state.nextSerial += 1
            state.commands.append(.begin(Begin(serial: serial, request: request, recipient: recipient)))
            state.wake()
            return serial
        }
        guard let serial else {
            recipient.finish(.failure(Self.stopped))
            return 0
        }
        return serial
    }

    func send(_ command: Command) {
        state.withLock { state in
            guard !state.isStopping else { return }
            state.commands.append(command)
            state.wake()
        }
    }

    func shutdown() {
        state.withLock { state in
            state.isStopping = true
            state.wake()
        }
    }

    func remember(_ server: HTTP1Only) {
        state.withLock { $0.http1Only[server] = .now + Self.memory }
    }

    func isHTTP1Only(_ origin: Origin) -> Bool {
        state.withLock { state in
            guard let until = state.http1Only[HTTP1Only(origin)] else { return false }
            if until > .now { return true }
            state.http1Only[HTTP1Only(origin)] = nil
            return false
        }
    }

    // MARK: The thread

    private func run() {
        let engine: HTTP2Engine
        do throws(SystemCallError) {
            engine = try HTTP2Engine(self)
        } catch {
            return refuse(HTTPTransportError(.shutDown, "no event loop: \(error.message)"))
        }
        state.withLock { $0.wakeUp = engine.poller.wakeUp }
        while carryOut(engine) { engine.turn() }
        state.withLock { $0.wakeUp = nil }
        engine.stop(Self.stopped)
    }

    /// Carries out what was asked for, and lets go of it before anybody waits. False when the loop is to end.
    private func carryOut(_ engine: HTTP2Engine) -> Bool {
        let (commands, isStopping) = state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.isStopping)
        }
        guard !isStopping else {
            for case .begin(let begin) in commands { begin.recipient.finish(.failure(Self.stopped)) }
            return false
        }
        for command in commands { carryOut(command, engine) }
        return true
    }

    private func carryOut(_ command: Command, _ engine: HTTP2Engine) {
        switch command {
        case .begin(let begin): engine.begin(begin)
        case .cancel(let serial): engine.cancel(serial)
        case .pay(let serial, let count): engine.pay(serial, count)
        case .resolved(let number, let addresses): engine.resolved(number, addresses)
        }
    }

    private func refuse(_ error: HTTPTransportError) {
        let commands = state.withLock { state in
            state.isStopping = true
            defer { state.commands = [] }
            return state.commands
        }
        for case .begin(let begin) in commands { begin.recipient.finish(.failure(error)) }
    }
}

extension HTTP2Loop.State {
    fileprivate func wake() {
        guard let wakeUp else { return }
        var one: UInt64 = 1
        _ = write(wakeUp, &one, 8)
    }
}
