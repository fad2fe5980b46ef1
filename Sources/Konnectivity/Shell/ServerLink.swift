import Glibc
import Logging
import Sockets

/// One connection to a server, from asking for credentials to its end. Lives on the loop's thread.
final class ServerLink: Pollable {
    enum Phase {
        /// Waiting for credentials and for the server's addresses.
        case preparing
        case connecting
        case askingProxy
        case handshaking
        /// HTTP/2 is up and the request is sent.
        case introducing
        case open
        case over
    }

    let number: UInt64
    let server: HostPort
    let configuration: TunnelConfiguration
    let logger: Logger
    /// Shared by all links of the loop.
    let poller: Poller
    let scratch: UnsafeMutableRawBufferPointer
    let counters: TunnelCounters
    unowned let engine: TunnelEngine

    let began: ContinuousClock.Instant
    /// Of the loop's present round.
    var now: ContinuousClock.Instant { engine.now }
    var phase = Phase.preparing
    private(set) var introduction: ServerIntroduction?
    /// Why it ended; nil while it has not, or when it was asked to.
    private(set) var failure: TunnelError?
    /// When the connection came about.
    private var opened: ContinuousClock.Instant?
    /// Told the server to prefer others; with the moment from which it may close once it is empty, and the one at
    /// which it closes in any case.
    private(set) var draining: (from: ContinuousClock.Instant, until: ContinuousClock.Instant)?

    var credentials: TunnelCredentials?
    /// As it was given, for whoever has to know that it was refused.
    var presentedToken: String?
    var candidates: [Endpoint]?
    var lastConnectError: TunnelError?
    var candidateDeadline: ContinuousClock.Instant?
    var descriptor: Int32 = -1
    var token: UInt64?
    var canRead = false
    var canWrite = false
    var tls: TLSSession?
    var proxyAnswer: [UInt8] = []
    private var status: [(name: String, value: String)] = []

    var http: HTTP2Session?
    var table: ConnectionTable
    var targets: [ConnectionID: TargetSocket] = [:]
    /// Dials in the order in which they run out of time.
    var dialDeadlines: [(deadline: ContinuousClock.Instant, id: ConnectionID)] = []
    var lingering: [TargetSocket] = []
    /// Those that can be read, in turn.
    var readable: [TargetSocket] = []
    var holdEnd: ContinuousClock.Instant?
    private var keepalive: Keepalive
    private var standStill = StandStill()
    private var movedBytes: UInt64 = 0

    /// A server that takes nothing while its requests need answers is given up at so many bytes.
    private static let outgoingLimit = 8 * 1024 * 1024
    /// Bytes read from a server in one turn.
    private static let turnBudget = 1024 * 1024

    init(
        number: UInt64, server: HostPort, policy: DialPolicy, keepaliveInterval: Duration, engine: TunnelEngine,
        now: ContinuousClock.Instant
    ) {
        self.number = number
        self.server = server
        self.engine = engine
        configuration = engine.configuration
        poller = engine.poller
        scratch = engine.scratch
        counters = engine.counters
        var logger = engine.logger
        logger[metadataKey: "server"] = "\(server)"
        logger[metadataKey: "connection"] = "\(number)"
        self.logger = logger
        began = now
        // Streams of one identity that meet on a server must not use the same numbers; 2^31 connections fit between
        // two bases, and all stay positive.
        let firstID = (Int64.random(in: 1..<(1 << 31)) << 31) + 1
        table = ConnectionTable(
            policy: policy, maxConnections: configuration.maxConnections, firstID: firstID,
            limits: configuration.receiveLimits)
        keepalive = Keepalive(
            Keepalive.Settings(
                interval: keepaliveInterval, silence: configuration.silence, timeout: configuration.keepaliveTimeout),
            now: now)
    }

    var isOver: Bool { if case .over = phase { true } else { false } }
    var isOpen: Bool { if case .open = phase { true } else { false } }

    // MARK: Events

    func ready(_ readiness: Poller.Readiness) {
        // TLS may have had to write before it could read on.
        if !readiness.isEmpty { canRead = true }
        if readiness.contains(.write) { canWrite = true }
    }

    /// Does all that can be done now.
    func turn() {
        switch phase {
        case .preparing: break
        case .connecting: if canWrite { connected() }
        case .askingProxy: readProxyAnswer()
        case .handshaking: handshake()
        case .introducing, .open, .over: break
        }
        if case .askingProxy = phase { readProxyAnswer() }
        if http != nil, !isOver {
            readServer()
            checkTime()
            readTargets()
            flush()
        } else {
            checkTime()
        }
    }

    private func readServer() {
        var budget = Self.turnBudget
        while canRead, budget > 0, !isOver, let tls, let http {
            switch tls.read(into: scratch) {
            case .moved(let count):
                budget -= count
                keepalive.heard(now: now, isPayload: false)
                do throws(TunnelError) {
                    let bytes = UnsafeBufferPointer(
                        start: scratch.baseAddress?.assumingMemoryBound(to: UInt8.self), count: count)
                    for event in try http.receive(bytes) where !isOver { handle(event) }
                } catch {
                    end(TunnelError(error.code, "\(server): \(error.message)"))
                }
            case .wouldBlock: canRead = false
            case .ended: end(lost("the server closed the connection"))
            case .failed(0): end(TunnelError(.connectionLost, "\(server): \(tls.lastFailure().message)"))
            case .failed(let code): end(lost(SocketCalls.message(code)))
            }
        }
        guard !isOver else { return }
        holdEnd = table.holdEnd(now: now)
        if holdEnd == nil { http?.payBack() }
    }

    private func lost(_ reason: String) -> TunnelError {
        let code: TunnelError.Code = isOpen ? .connectionLost : .connectFailed
        return TunnelError(code, "\(server): \(reason)")
    }

    private func handle(_ event: HTTP2Session.Event) {
        switch event {
        case .headers(let fields, let isTrailers):
            keepalive.heard(now: now, isPayload: true)
            received(fields, isTrailers: isTrailers)
        case .message(let message):
            keepalive.heard(now: now, isPayload: true)
            receive(message)
        case .pingAcknowledged:
            keepalive.acknowledged(now: now)
            if let time = keepalive.roundTrip { http?.setWindow(ReceiveWindow.size(roundTrip: time)) }
        case .goingAway(let code, let text):
            engine.serverIsLeaving(self, code: code, text: text)
        case .closed(let code):
            let status = StreamStatus(
                code: status.first { $0.name == "grpc-status" }?.value,
                message: status.first { $0.name == "grpc-message" }?.value)
            let text = status.code == nil ? "HTTP/2 error code \(code)" : "\(status)"
            let reason: TunnelError.Code =
                if isOpen {
                    .connectionLost
                } else if presentedToken != nil, status.mayRefuseToken {
                    .unauthenticated
                } else {
                    .refused
                }
            end(TunnelError(reason, "\(server): the server ended the stream: \(text)"))
        case .malformed(let error):
            end(TunnelError(.protocolViolation, "\(server): \(error.message)"))
        }
    }

    private func received(_ fields: [(name: String, value: String)], isTrailers: Bool) {
        let httpStatus = fields.first { $0.name == ":status" }?.value
        if httpStatus?.hasPrefix("1") == true { return }
        // A refusal comes as trailers alone.
        if isTrailers || fields.contains(where: { $0.name == "grpc-status" }) {
            status = fields
            return
        }
        guard httpStatus == "200" else {
            return end(
                TunnelError(
                    httpStatus == "401" && presentedToken != nil ? .unauthenticated : .refused,
                    "\(server): the server answered with HTTP status \(httpStatus ?? "none")"))
        }
        do throws(TunnelError) {
            let introduction = try ServerIntroduction(headers: fields)
            self.introduction = introduction
            phase = .open
            opened = now
            _ = keepalive.ping(now: now)
            http?.ping()
            engine.opened(self, introduction)
        } catch {
            end(TunnelError(error.code, "\(server): \(error.message)"))
        }
    }

    private func checkTime() {
        if isOver { return }
        switch phase {
        case .over: return
        case .open: break
        default:
            if now >= began + configuration.connectTimeout {
                return end(TunnelError(.timedOut, "\(server): no connection within \(configuration.connectTimeout)"))
            }
            if let deadline = candidateDeadline, now >= deadline { connectNext() }
            return
        }
        switch keepalive.poll(now: now, isInUse: !table.isEmpty) {
        case .ping: http?.ping()
        case .dead: return end(TunnelError(.timedOut, "\(server): the server is silent, and answers no ping"))
        case nil: break
        }
        expireDials()
        expireLingering()
        if let draining, now >= draining.until || (now >= draining.from && isIdle) { end(nil) }
    }

    /// Nothing to do for anybody.
    var isIdle: Bool { table.isEmpty && lingering.isEmpty && (http?.waiting ?? 0) == 0 }

    /// When `turn` has something to do without news.
    func deadline() -> ContinuousClock.Instant? {
        var moments: [ContinuousClock.Instant] = []
        switch phase {
        case .over: return nil
        case .open:
            if canRead || (!readable.isEmpty && mayReadTargets) { return now }
            moments.append(keepalive.due(isInUse: !table.isEmpty))
            if let next = dialDeadlines.first { moments.append(next.deadline) }
            for case .lingering(let until) in lingering.lazy.map(\.phase) { moments.append(until) }
            if let holdEnd { moments.append(holdEnd) }
            if let draining { moments.append(isIdle ? draining.from : draining.until) }
        default:
            if canRead, http != nil { return now }
            moments.append(began + configuration.connectTimeout)
            if let candidateDeadline { moments.append(candidateDeadline) }
        }
        return moments.min()
    }

    /// Writes what can be written.
    private func flush() {
        guard !isOver, let http, let tls else { return }
        do throws(TunnelError) {
            while canWrite, try http.pump() {
                switch http.wire.withUnsafeBytes({ tls.write($0) }) {
                case .moved(let count): http.sent(count)
                case .wouldBlock: canWrite = false
                case .ended: return end(lost("the server closed the connection"))
                case .failed(0): return end(TunnelError(.connectionLost, "\(server): \(tls.lastFailure().message)"))
                case .failed(let code): return end(lost(SocketCalls.message(code)))
                }
            }
        } catch {
            return end(TunnelError(error.code, "\(server): \(error.message)"))
        }
        standStill.look(waiting: http.waiting, moved: http.movedBytes != movedBytes, now: now)
        movedBytes = http.movedBytes
        if http.waiting > Self.outgoingLimit {
            end(TunnelError(.connectionLost, "\(server): the server takes nothing; \(http.waiting) bytes wait for it"))
        }
    }

    // MARK: Ending

    /// Tells the server to prefer others, and ends when the connections are over.
    /// - Parameter grace: how long the server may need to hear it; a dial may be under way to us.
    func drain(grace: Duration, limit: Duration) {
        guard isOpen else { return end(nil) }
        if draining == nil { http?.send(Packet.drain.frame) }
        draining = (now + grace, min(draining?.until ?? now + limit, now + limit))
    }

    /// - Parameter error: nil when it was asked to.
    func end(_ error: TunnelError?) {
        guard !isOver else { return }
        let wasOpen = isOpen
        phase = .over
        failure = error
        if wasOpen, error == nil, let http, let tls {
            http.terminate()
            // What fits goes out; nobody waits for the rest.
            if canWrite, (try? http.pump()) == true { _ = http.wire.withUnsafeBytes { tls.write($0) } }
            tls.shutdown()
        }
        closeTargets()
        closeSocket()
        http = nil
        engine.ended(self, wasOpen: wasOpen)
    }

    func closeSocket() {
        tls = nil
        if let token { poller.remove(token, descriptor) }
        token = nil
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        canRead = false
        canWrite = false
    }

    /// What the server's own side says about this link.
    func report(_ now: ContinuousClock.Instant) -> TunnelStatus.Link {
        TunnelStatus.Link(
            number: number, state: draining != nil ? .draining : isOpen ? .connected : .connecting,
            server: server.description, serverID: introduction?.serverID, age: now - (opened ?? began),
            connections: table.openCount, dials: table.dialCount, roundTrip: keepalive.roundTrip,
            silence: keepalive.silence(now: now), bytesToServer: http?.waiting ?? 0,
            bytesToTargets: table.budget.waiting,
            standStill: standStill.duration(now: now).flatMap { $0 > .seconds(2) ? $0 : nil })
    }
}
