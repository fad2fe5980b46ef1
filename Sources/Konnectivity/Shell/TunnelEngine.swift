import Glibc
import Logging
import Sockets

/// Sums over all links, written by them.
final class TunnelCounters {
    var values = TunnelStatus.Counters()
}

/// What runs on the loop's thread: the links, and the plan for them.
final class TunnelEngine {
    let configuration: TunnelConfiguration
    let logger: Logger
    let poller: Poller
    let counters = TunnelCounters()
    /// Where every read goes first.
    let scratch: UnsafeMutableRawBufferPointer
    /// Tells this process from the last one of the same name, which servers may not have noticed to be gone.
    let identity: String
    private unowned let loop: TunnelLoop
    private let credentials: Tunnel.CredentialsProvider
    private let refused: Tunnel.RefusalListener
    /// That a server has just refused; told before the next credentials are asked for.
    private var refusedToken: String?
    private let memory: TunnelMemory
    /// What of `memory` is this tunnel's.
    private var counted = 0
    private let resolver = Resolver()

    private var policy: DialPolicy
    private var plan: LinkPlan
    private var links: [UInt64: ServerLink] = [:]
    private var preparations: [UInt64: Task<Void, Never>] = [:]
    private var nextNumber: UInt64 = 1
    /// Pings that servers found too frequent.
    private var intervals: [HostPort: Duration] = [:]
    private var lastError: (text: String, at: ContinuousClock.Instant)?
    private var isDraining = false
    private(set) var now = ContinuousClock.now
    private(set) var isFinished = false

    init(
        _ parts: TunnelLoop.Parts, policy: DialPolicy, loop: TunnelLoop
    ) throws(TunnelError) {
        configuration = parts.configuration
        credentials = parts.credentials
        refused = parts.refused
        memory = parts.memory
        logger = parts.logger
        self.policy = policy
        self.loop = loop
        do throws(SystemCallError) {
            poller = try Poller()
        } catch {
            throw TunnelError(.shutDown, "no event loop: \(error.message)")
        }
        scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
        identity = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        plan = LinkPlan(parts.configuration.linkPlan, now: now)
    }

    deinit {
        memory.change(by: -counted)
        scratch.deallocate()
    }

    /// One round: waits for news or the next deadline, and deals with it.
    func turn() {
        poller.wait(timeout())
        now = ContinuousClock.now
        poller.tell()
        if !isDraining, let due = plan.due, due <= now { beginAttempt() }
        for link in Array(links.values) { link.turn() }
        relieve()
        if isDraining, links.isEmpty { isFinished = true }
    }

    private func timeout() -> Duration? {
        var moments = links.values.compactMap { $0.deadline() }
        if !isDraining, let due = plan.due { moments.append(due) }
        guard let first = moments.min() else { return nil }
        return max(.zero, first - ContinuousClock.now)
    }

    /// Resets the largest connections while too much waits in the process.
    private func relieve() {
        while true {
            let held = links.values.reduce(0) { $0 + $1.heldBytes }
            memory.change(by: held - counted)
            counted = held
            guard memory.held > configuration.bufferTotal,
                let link = links.values.max(by: { $0.largestHeld < $1.largestHeld }),
                memory.wantsRelief(limit: configuration.bufferTotal, own: held, largest: link.largestHeld)
            else { return }
            link.resetLargest(
                "the node's targets read too slowly: more than \(configuration.bufferTotal) bytes wait for all of them")
        }
    }

    // MARK: From outside

    func carryOut(_ command: TunnelLoop.Command) {
        now = ContinuousClock.now
        switch command {
        case .drain:
            if isDraining { return }
            isDraining = true
            logger.info("draining the tunnel", metadata: ["connections": "\(links.count)"])
            for link in Array(links.values) { link.drain(grace: .zero, limit: configuration.drainTimeout) }
            if links.isEmpty { isFinished = true }
        case .stop:
            isDraining = true
            for link in Array(links.values) { link.end(nil) }
            isFinished = true
        case .reconnect:
            for link in Array(links.values) { retire(link, grace: .seconds(1)) }
        case .usePolicy(let policy):
            self.policy = policy
            for link in links.values { link.table.use(policy) }
        case .leases(let count): plan.counted(leases: count, now: now)
        case .credentials(let number, let result): links[number]?.received(result)
        case .serverResolved(let number, let addresses): links[number]?.received(addresses: addresses)
        case .targetResolved(let number, let id, let addresses): links[number]?.resolved(id, addresses)
        case .status(let continuation): continuation.resume(returning: status())
        }
    }

    // MARK: Attempts

    private func beginAttempt() {
        let number = nextNumber
        nextNumber += 1
        let server = configuration.servers[Int((number - 1) % UInt64(configuration.servers.count))]
        let link = ServerLink(
            number: number, server: server, policy: policy,
            keepaliveInterval: intervals[server] ?? configuration.keepaliveInterval, engine: self, now: now)
        links[number] = link
        plan.attemptBegan()
        counters.values.connects += 1
        let loop = loop
        resolver.resolve((configuration.proxy ?? server).host) { loop.send(.serverResolved(number, $0)) }
        let (provider, refused, refusedToken) = (credentials, refused, refusedToken)
        self.refusedToken = nil
        // Held until the link has its answer or is over; cancelled then.
        preparations[number] = Task {
            if let refusedToken { await refused(refusedToken) }
            do {
                loop.send(.credentials(number, .success(try await provider())))
            } catch {
                let text = "\(server): no credentials: \(error)"
                loop.send(.credentials(number, .failure(TunnelError(.credentials, text))))
            }
        }
    }

    func resolve(_ host: String, for link: ServerLink, _ id: ConnectionID) {
        let loop = loop
        let number = link.number
        resolver.resolve(host) { loop.send(.targetResolved(number, id, $0)) }
    }

    // MARK: From links

    func opened(_ link: ServerLink, _ introduction: ServerIntroduction) {
        preparations.removeValue(forKey: link.number)
        if isDraining { return link.drain(grace: .zero, limit: .zero) }
        switch plan.opened(link: link.number, introduction, now: now, chance: .random(in: 0..<1)) {
        case .keep:
            logger.info(
                "connected to a server",
                metadata: ["server": "\(link.server)", "server_id": "\(introduction.serverID)"])
        case .duplicate:
            // The server may have placed a dial on it already.
            link.drain(grace: .seconds(1), limit: configuration.drainTimeout)
        }
    }

    /// The server said that it goes, or that we ask too often.
    func serverIsLeaving(_ link: ServerLink, code: UInt32, text: String) {
        if text.contains("too_many_pings") {
            intervals[link.server] = Keepalive.relaxed(intervals[link.server] ?? configuration.keepaliveInterval)
        }
        note("\(link.server): the server is leaving: \(text.isEmpty ? "code \(code)" : text)")
        retire(link, grace: .seconds(1))
    }

    private func retire(_ link: ServerLink, grace: Duration) {
        guard link.isOpen else { return }
        link.drain(grace: grace, limit: configuration.drainTimeout)
        plan.lost(link: link.number, now: now, chance: .random(in: 0..<1))
    }

    func ended(_ link: ServerLink, wasOpen: Bool) {
        links[link.number] = nil
        preparations.removeValue(forKey: link.number)?.cancel()
        counters.values.add(link.table.tally)
        if let failure = link.failure {
            note(failure.message)
            if failure.code == .unauthenticated { refusedToken = link.presentedToken }
            if wasOpen {
                counters.values.connectionsLost += 1
                logger.warning(
                    "lost a server", metadata: ["server": "\(link.server)", "reason": "\(failure.message)"])
            } else {
                counters.values.connectFailures += 1
                logger.warning(
                    "cannot connect to a server",
                    metadata: ["server": "\(link.server)", "reason": "\(failure.message)"])
            }
        }
        if wasOpen {
            plan.lost(link: link.number, now: now, chance: .random(in: 0..<1))
        } else {
            plan.attemptFailed(now: now, chance: .random(in: 0..<1))
        }
    }

    private func note(_ text: String) { lastError = (text, now) }

    // MARK: Status

    func status() -> TunnelStatus {
        let now = ContinuousClock.now
        var status = TunnelStatus()
        status.isRunning = !isFinished
        status.links = links.values.map { $0.report(now) }.sorted { $0.number < $1.number }
        status.knownServers = plan.knownServers
        status.counters = counters.values
        for link in links.values { status.counters.add(link.table.tally) }
        status.lastError = lastError?.text
        status.lastErrorAge = lastError.map { now - $0.at }
        return status
    }
}

extension TunnelStatus.Counters {
    fileprivate mutating func add(_ tally: ConnectionTable.Tally) {
        dials += UInt64(tally.dials)
        dialFailures += UInt64(tally.dialFailures)
        dialTimeouts += UInt64(tally.dialTimeouts)
        dialsRefused += UInt64(tally.refusals)
        dialsAbandoned += UInt64(tally.abandonedDials)
        overflows += UInt64(tally.overflows)
        strayPackets += UInt64(tally.strayPackets)
    }
}
