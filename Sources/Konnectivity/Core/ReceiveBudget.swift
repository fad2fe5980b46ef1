import Sockets

/// Decides what becomes of bytes that come faster than their target takes them.
///
/// The protocol has no flow control for a connection, only HTTP/2's for all of them together. So there are two answers.
/// While a target takes its bytes at a good pace, the stream's credit is withheld and the sender slows down: everybody
/// on the stream shares that pace, which is fast. A target that is slower than that, or has stopped, is no reason to
/// withhold anything: its bytes gather up to a bound, and past it the connection is reset, with a reason.
struct ReceiveBudget: Sendable {
    struct Limits: Sendable, Hashable {
        /// Bytes that may wait for one target before the credit is withheld.
        var comfortable = 256 * 1024
        /// Bytes that may wait for one target at all.
        var perConnection = 8 * 1024 * 1024
        /// Bytes that may wait for all targets of the stream together.
        var total = 32 * 1024 * 1024
        /// How long one target may hold everybody up without taking anything.
        var patience = Duration.milliseconds(50)
        /// The pace, in bytes a second, at which a target must take its bytes for the stream to wait for it.
        var pace = 8 * 1024 * 1024
    }

    enum Verdict: Sendable, Hashable {
        case accepted
        /// The connection that must go, and what it is told.
        case overflow(ConnectionID, reason: String)
    }

    /// The connection that most waits for, and how much.
    var largest: (connection: ConnectionID, bytes: Int)? {
        byConnection.max { ($0.value, $0.key) < ($1.value, $1.key) }.map { (connection: $0.key, bytes: $0.value) }
    }

    let limits: Limits
    /// Bytes that wait for all targets.
    private(set) var waiting = 0
    private var byConnection: [ConnectionID: Int] = [:]
    /// Until when each of those that wait for much may hold the stream up.
    private var holds: [ConnectionID: ContinuousClock.Instant] = [:]
    /// Those that had their chance.
    private var slow: Set<ConnectionID> = []

    init(limits: Limits = Limits()) { self.limits = limits }

    /// `count` more bytes wait for the target of `connection`.
    mutating func add(_ count: Int, to connection: ConnectionID, now: ContinuousClock.Instant) -> Verdict {
        waiting += count
        let mine = byConnection[connection, default: 0] + count
        byConnection[connection] = mine
        if mine > limits.perConnection {
            return .overflow(
                connection, reason: "the target reads too slowly: more than \(limits.perConnection) bytes wait")
        }
        if waiting > limits.total, let largest {
            return .overflow(
                largest.connection, reason: "the node's targets read too slowly: more than \(limits.total) bytes wait")
        }
        if mine > limits.comfortable, holds[connection] == nil, !slow.contains(connection) {
            holds[connection] = now + limits.patience
        }
        return .accepted
    }

    /// The target took `count` of them.
    mutating func remove(_ count: Int, from connection: ConnectionID, now: ContinuousClock.Instant) {
        guard let before = byConnection[connection] else { return }
        let mine = max(0, before - count)
        waiting -= before - mine
        byConnection[connection] = mine == 0 ? nil : mine
        if mine <= limits.comfortable / 2 {
            holds[connection] = nil
            slow.remove(connection)
        } else if let until = holds[connection] {
            let earned = Duration.nanoseconds(Int64(count) * 1_000_000_000 / Int64(max(1, limits.pace)))
            holds[connection] = min(until + earned, now + limits.patience)
        }
    }

    /// The connection is gone, and what waited for it.
    mutating func forget(_ connection: ConnectionID) {
        waiting -= byConnection.removeValue(forKey: connection) ?? 0
        holds[connection] = nil
        slow.remove(connection)
    }

    /// Until when the stream's credit is to be withheld, unless something is taken before; nil when it is not.
    mutating func holdEnd(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard !holds.isEmpty else { return nil }
        for (connection, until) in holds where until <= now {
            holds[connection] = nil
            slow.insert(connection)
        }
        return holds.values.max()
    }
}
