import Sockets

/// The connections of one stream: what a packet or a socket's news leads to. Decides everything, does nothing.
struct ConnectionTable: Sendable {
    enum Action: Sendable, Hashable {
        case send(Packet)
        /// Look the name up, then say `resolved`.
        case resolve(ConnectionID, host: String)
        /// Connect, then say `connected` or `connectFailed`.
        case connect(ConnectionID, Endpoint)
        /// Nobody wants this dial any more.
        case abandon(ConnectionID)
        /// Hand the bytes to the target after those that already wait for it.
        case write(ConnectionID, ArraySlice<UInt8>)
        /// Close the target's socket, after what waits for it was taken or a short while has passed.
        case close(ConnectionID)
        /// Close the target's socket at once, with a reset.
        case reset(ConnectionID)
    }

    /// What happened, for the counters.
    struct Tally: Sendable, Hashable {
        var dials = 0
        var dialFailures = 0
        var dialTimeouts = 0
        var refusals = 0
        var abandonedDials = 0
        var overflows = 0
        var strayPackets = 0
    }

    private struct Dial {
        let random: Int64
        let target: HostPort
        var candidates: [Endpoint] = []
        /// What the last candidate failed with.
        var failure: String?
    }

    private var policy: DialPolicy
    private let maxConnections: Int
    private var dials: [ConnectionID: Dial] = [:]
    private var open: Set<ConnectionID> = []
    /// Closed a moment ago: the server may not know yet, and what it still sends needs no answer.
    private var lately: [ConnectionID] = []
    private var nextID: ConnectionID
    private(set) var budget: ReceiveBudget
    private(set) var tally = Tally()

    private static let latelyLimit = 64

    /// - Parameter firstID: servers take two streams of one agent for one when their numbers meet, so each stream
    ///   starts elsewhere.
    init(
        policy: DialPolicy, maxConnections: Int, firstID: ConnectionID, limits: ReceiveBudget.Limits = .init()
    ) {
        self.policy = policy
        self.maxConnections = maxConnections
        nextID = max(1, firstID)
        budget = ReceiveBudget(limits: limits)
    }

    /// For dials from now on.
    mutating func use(_ policy: DialPolicy) { self.policy = policy }

    var openCount: Int { open.count }
    var dialCount: Int { dials.count }
    var isEmpty: Bool { open.isEmpty && dials.isEmpty }
    /// The last number that was given out.
    var highestID: ConnectionID { nextID - 1 }

    // MARK: From the server

    mutating func receive(_ packet: Packet, now: ContinuousClock.Instant) -> [Action] {
        switch packet {
        case .dialRequest(let request): dial(request)
        case .data(let id, let bytes): data(bytes, for: id, now: now)
        case .closeRequest(let id): close(id)
        case .closeDial(let random): abandonDial(random)
        case .dialResponse, .closeResponse, .drain, .unknown:
            // The first three only ever go the other way; what a later version says is none of ours.
            stray()
        }
    }

    private mutating func stray() -> [Action] {
        tally.strayPackets += 1
        return []
    }

    private mutating func dial(_ request: Packet.DialRequest) -> [Action] {
        tally.dials += 1
        let id = nextID
        nextID = nextID == .max ? 1 : nextID + 1
        guard ["tcp", "tcp4", "tcp6"].contains(request.network) else {
            return refuse(request.random, "dial \(request.network): only tcp is dialled here")
        }
        guard let target = HostPort(request.address) else {
            return refuse(request.random, "dial \(request.address): not host:port with a port between 1 and 65535")
        }
        guard dials.count + open.count < maxConnections else {
            return refuse(request.random, "dial \(target): the node has \(maxConnections) connections open, its limit")
        }
        switch policy.decide(target) {
        case .refuse(let reason): return refuse(request.random, "dial \(reason)")
        case .connect(let address):
            let endpoint = Endpoint(address, target.port)
            dials[id] = Dial(random: request.random, target: target)
            return [.connect(id, endpoint)]
        case .resolve:
            dials[id] = Dial(random: request.random, target: target)
            return [.resolve(id, host: target.host)]
        }
    }

    private mutating func refuse(_ random: Int64, _ reason: String) -> [Action] {
        tally.refusals += 1
        return [.send(.dialResponse(random: random, connection: 0, error: reason))]
    }

    private mutating func data(
        _ bytes: ArraySlice<UInt8>, for id: ConnectionID, now: ContinuousClock.Instant
    ) -> [Action] {
        guard open.contains(id) else {
            tally.strayPackets += 1
            if id == 0 || lately.contains(id) { return [] }
            return [.send(.closeResponse(id, error: "unrecognized connectID"))]
        }
        if bytes.isEmpty { return [] }
        switch budget.add(bytes.count, to: id, now: now) {
        case .accepted: return [.write(id, bytes)]
        case .overflow(let victim, let reason):
            let reset = overflow(victim, reason)
            return victim == id ? reset : reset + [.write(id, bytes)]
        }
    }

    /// Gives an open connection up because too much waits for its target.
    mutating func overflow(_ id: ConnectionID, _ reason: String) -> [Action] {
        guard open.contains(id) else { return [] }
        tally.overflows += 1
        forget(id)
        return [.reset(id), .send(.closeResponse(id, error: reason))]
    }

    private mutating func close(_ id: ConnectionID) -> [Action] {
        guard open.contains(id) else {
            tally.strayPackets += 1
            if lately.contains(id) { return [] }
            return [.send(.closeResponse(id, error: "Unknown connectID"))]
        }
        forget(id)
        return [.close(id), .send(.closeResponse(id, error: ""))]
    }

    private mutating func abandonDial(_ random: Int64) -> [Action] {
        let abandoned = dials.filter { $0.value.random == random }.map(\.key)
        for id in abandoned { dials[id] = nil }
        tally.abandonedDials += abandoned.count
        return abandoned.map(Action.abandon)
    }

    private mutating func forget(_ id: ConnectionID) {
        open.remove(id)
        budget.forget(id)
        lately.append(id)
        if lately.count > Self.latelyLimit { lately.removeFirst() }
    }

    // MARK: From the sockets

    /// - Parameter addresses: empty when the name has none.
    mutating func resolved(_ id: ConnectionID, _ addresses: [IPAddress]) -> [Action] {
        guard var dial = dials[id] else { return [] }
        let endpoints = addresses.map { Endpoint($0, dial.target.port) }
        let allowed = endpoints.filter { policy.refusal(of: $0) == nil }
        if allowed.isEmpty, let reason = endpoints.first.flatMap({ policy.refusal(of: $0) }) {
            dials[id] = nil
            return refuse(dial.random, "dial \(dial.target): \(reason)")
        }
        dial.candidates = allowed
        dial.failure = "lookup \(dial.target.host): no such host"
        dials[id] = dial
        return tryNext(id)
    }

    mutating func connected(_ id: ConnectionID) -> [Action] {
        guard let dial = dials.removeValue(forKey: id) else { return [] }
        open.insert(id)
        return [.send(.dialResponse(random: dial.random, connection: id, error: ""))]
    }

    /// - Parameter reason: as the system words it.
    mutating func connectFailed(_ id: ConnectionID, _ reason: String) -> [Action] {
        guard let dial = dials[id] else { return [] }
        dials[id]?.failure = "dial tcp \(dial.target): connect: \(reason)"
        return tryNext(id)
    }

    private mutating func tryNext(_ id: ConnectionID) -> [Action] {
        guard var dial = dials[id] else { return [] }
        if dial.candidates.isEmpty {
            dials[id] = nil
            tally.dialFailures += 1
            let reason = dial.failure ?? "dial tcp \(dial.target): failed"
            return [.send(.dialResponse(random: dial.random, connection: 0, error: reason))]
        }
        let next = dial.candidates.removeFirst()
        dials[id] = dial
        return [.connect(id, next)]
    }

    /// The dial took longer than it may.
    mutating func dialExpired(_ id: ConnectionID) -> [Action] {
        guard let dial = dials.removeValue(forKey: id) else { return [] }
        tally.dialTimeouts += 1
        let reason = "dial tcp \(dial.target): i/o timeout"
        return [.abandon(id), .send(.dialResponse(random: dial.random, connection: 0, error: reason))]
    }

    /// The target took `count` bytes.
    mutating func wrote(_ id: ConnectionID, _ count: Int, now: ContinuousClock.Instant) {
        budget.remove(count, from: id, now: now)
    }

    /// The target closed its end, or its socket failed. There is no half-close: the connection is over, and what the
    /// target has sent was sent on before.
    mutating func targetEnded(_ id: ConnectionID) -> [Action] {
        guard open.contains(id) else { return [] }
        forget(id)
        return [.close(id), .send(.closeResponse(id, error: ""))]
    }

    /// Until when the sender's credit is to be withheld.
    mutating func holdEnd(now: ContinuousClock.Instant) -> ContinuousClock.Instant? { budget.holdEnd(now: now) }
}
