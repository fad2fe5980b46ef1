import Glibc
import Sockets

/// The way to one origin: addresses, TCP, TLS, then streams. Lives on the loop's thread.
final class HTTP2Connection: Pollable {
    private enum Phase { case resolving, connecting, handshaking, open, over }

    let number: UInt64
    let origin: Origin
    private unowned let engine: HTTP2Engine
    private var phase = Phase.resolving
    private var candidates: [IPAddress] = []
    private var lastFailure: HTTPTransportError?
    private var descriptor: Int32 = -1
    private var token: UInt64?
    private var canRead = false
    private var canWrite = false
    private var tls: TLSSession?
    private var streams: HTTP2Streams?
    /// Requests that wait for the connection.
    private var waiting: [CarriedRequest] = []
    /// What the socket did not take yet.
    private var unsent = ByteQueue()
    /// Since when nothing is under way; nil while something is.
    private(set) var idleSince: ContinuousClock.Instant?
    private(set) var triesUntil: ContinuousClock.Instant

    /// One address of several has so long, at most.
    private static let candidateTime = Duration.seconds(3)
    /// All of them, and the handshake, as long as libcurl is given.
    static let connectTime = Duration.seconds(10)
    /// A silent peer is asked after this long, and given up on half a minute later.
    private static let silence = Duration.seconds(30)
    private static let userTimeout = Duration.seconds(30)
    /// Read in one go before others have their turn.
    private static let readsInTurn = 32

    init(number: UInt64, origin: Origin, engine: HTTP2Engine) {
        self.number = number
        self.origin = origin
        self.engine = engine
        triesUntil = engine.now + Self.connectTime
    }

    /// Whether another request may be added, and would not only wait for others.
    var hasRoom: Bool {
        switch phase {
        case .resolving, .connecting, .handshaking: true
        case .open: streams.map { !$0.isLeaving && !$0.isFull } ?? false
        case .over: false
        }
    }

    var isEstablishing: Bool { [.resolving, .connecting, .handshaking].contains(phase) }

    // MARK: Requests

    func add(_ entry: CarriedRequest) {
        idleSince = nil
        guard phase == .open else { return waiting.append(entry) }
        submit(entry)
    }

    private func submit(_ entry: CarriedRequest) {
        do {
            try streams?.submit(entry)
        } catch {
            engine.finish(entry, .failed(error))
        }
    }

    func cancel(_ entry: CarriedRequest) {
        if let stream = entry.stream {
            streams?.cancel(stream)
        } else {
            waiting.removeAll { $0 === entry }
        }
    }

    func pay(_ entry: CarriedRequest, _ count: Int) {
        if let stream = entry.stream { streams?.pay(stream, count) }
    }

    // MARK: Establishing

    func resolved(_ addresses: [IPAddress]) {
        guard phase == .resolving else { return }
        guard !addresses.isEmpty else { return end(failure(.unresolvedHost, "the name has no address")) }
        candidates = addresses
        connectNext()
    }

    private func connectNext() {
        closeSocket()
        guard !candidates.isEmpty else {
            return end(lastFailure ?? failure(.connectFailed, "no address answers"))
        }
        let address = candidates.removeFirst()
        phase = .connecting
        if !candidates.isEmpty { engine.remind(self, after: Self.candidateTime) }
        do throws(SystemCallError) {
            let (socket, state) = try SocketCalls.connect(to: Endpoint(address, origin.port))
            descriptor = socket
            SocketCalls.prepareForServer(socket, silence: Self.silence, timeout: Self.userTimeout)
            token = engine.poller.add(socket, self)
            lastFailure = failure(.timedOut, "no answer from \(address)")
            if case .done = state { connected() }
        } catch {
            lastFailure = failure(.connectFailed, error.message)
            connectNext()
        }
    }

    private func connected() {
        let code = SocketCalls.outcome(descriptor)
        guard code == 0 else {
            lastFailure = failure(.connectFailed, SocketCalls.message(code))
            return connectNext()
        }
        phase = .handshaking
        do throws(SocketFailure) {
            tls = try TLSSession(
                descriptor: descriptor, host: origin.certifiedHost, material: origin.material,
                protocols: ["h2", "http/1.1"])
        } catch {
            return end(failure(.tlsFailed, error.message))
        }
        handshake()
    }

    private func handshake() {
        do throws(SocketFailure) {
            guard case .done(let chosen) = try tls?.handshake() else { return }
            guard chosen == "h2" else { return engine.isOnlyHTTP1(self, waiting) }
        } catch {
            return end(failure(.tlsFailed, error.message))
        }
        do {
            streams = try HTTP2Streams(to: origin)
        } catch {
            return end(error)
        }
        phase = .open
        candidates = []
        // Edges that came during the handshake were for it; what is left must be looked at without one.
        canRead = true
        canWrite = true
        let entries = waiting
        waiting = []
        for entry in entries { submit(entry) }
        engine.touch(self)
    }

    // MARK: Turns

    func ready(_ readiness: Poller.Readiness) {
        if readiness.contains(.read) { canRead = true }
        if readiness.contains(.write) { canWrite = true }
        switch phase {
        case .connecting: if canWrite || canRead { connected() }
        case .handshaking: handshake()
        case .open: engine.touch(self)
        case .resolving, .over: break
        }
    }

    /// Moves what can be moved. True when there is more to read than fits one turn.
    func turn() -> Bool {
        guard phase == .open else { return false }
        var isSpent = false
        do throws(HTTPTransportError) {
            isSpent = try read()
            try flush()
        } catch {
            end(error)
            return false
        }
        for (entry, ending) in streams?.collect() ?? [] { engine.finish(entry, ending) }
        guard let streams, phase == .open else { return false }
        if streams.isOver || (streams.isLeaving && streams.count == 0) {
            end(failure(.connectionLost, "the server closed the connection"))
            return false
        }
        if streams.count > 0 {
            idleSince = nil
        } else if idleSince == nil {
            idleSince = engine.now
            engine.remind(self, after: HTTP2Engine.idleTime)
        }
        return isSpent
    }

    /// True when it was stopped by its turn's end.
    private func read() throws(HTTPTransportError) -> Bool {
        guard let tls, let streams else { return false }
        for _ in 0..<Self.readsInTurn where canRead {
            switch tls.read(into: engine.buffer) {
            case .moved(let count): try streams.receive(UnsafeRawBufferPointer(rebasing: engine.buffer[..<count]))
            case .wouldBlock: canRead = false
            case .ended: throw failure(.connectionLost, "the server closed the connection")
            case .failed(0): throw failure(.connectionLost, tls.lastFailure().message)
            case .failed(let code): throw failure(.connectionLost, SocketCalls.message(code))
            }
        }
        return canRead
    }

    private func flush() throws(HTTPTransportError) {
        guard let streams, let tls else { return }
        while true {
            // Small frames share a record: each costs the peer a decryption.
            while unsent.count < engine.buffer.count {
                let bytes = try streams.nextBytes()
                if bytes.isEmpty { break }
                unsent.append(bytes.bindMemory(to: UInt8.self))
            }
            if unsent.isEmpty {
                // An idle connection keeps no buffer.
                unsent = ByteQueue()
                return
            }
            guard canWrite else { return }
            switch unsent.withUnsafeBytes({ tls.write($0) }) {
            case .moved(let count): unsent.consume(count)
            case .wouldBlock: canWrite = false
            case .ended: throw failure(.connectionLost, "the server closed the connection")
            case .failed(0): throw failure(.connectionLost, tls.lastFailure().message)
            case .failed(let code): throw failure(.connectionLost, SocketCalls.message(code))
            }
        }
    }

    /// A time it asked to be reminded at has come.
    func reminded() {
        let now = engine.now
        if isEstablishing {
            if now >= triesUntil {
                end(lastFailure ?? failure(.timedOut, "no connection within \(Self.connectTime)"))
            } else if phase == .connecting, !candidates.isEmpty {
                connectNext()
            }
        } else if phase == .open, let idleSince, now >= idleSince + HTTP2Engine.idleTime {
            streams?.terminate()
            try? flush()
            end(failure(.connectionLost, "the connection was idle"))
        }
    }

    // MARK: The end

    /// Fails what is under way.
    func end(_ error: HTTPTransportError) {
        guard phase != .over else { return }
        let collected = streams?.collect() ?? []
        let entries = waiting + (streams?.abandon() ?? [])
        close()
        for (entry, ending) in collected { engine.finish(entry, ending) }
        for entry in entries { engine.finish(entry, .failed(error)) }
    }

    /// Without a word to those who wait.
    func close() {
        guard phase != .over else { return }
        phase = .over
        waiting = []
        tls?.shutdown()
        closeSocket()
        streams = nil
        engine.forget(self)
    }

    private func closeSocket() {
        guard descriptor >= 0 else { return }
        if let token { engine.poller.remove(token, descriptor) }
        tls = nil
        Glibc.close(descriptor)
        descriptor = -1
        token = nil
        canRead = false
        canWrite = false
    }

    private func failure(_ code: HTTPTransportError.Code, _ text: String) -> HTTPTransportError {
        HTTPTransportError(code, "\(origin.name): \(text)")
    }
}
