/// Decides when to ask the server whether it is there, and when it is not.
///
/// Servers count pings and leave with `too_many_pings` when they come faster than every 30 seconds (older ones: every
/// five minutes), unless they have sent data or headers themselves in between, which clears the count (gRPC's
/// keepalive enforcement). So a ping soon after silence is free on a connection in use, and an idle one is asked at the
/// interval only. Below all this the kernel's own probes notice a dead peer within seconds, but not through a load
/// balancer that answers them.
struct Keepalive: Sendable {
    struct Settings: Sendable, Hashable {
        var interval = Duration.seconds(30)
        /// On a connection in use: silence after which a ping is sent when it is free.
        var silence = Duration.seconds(5)
        /// How long an answer may take.
        var timeout = Duration.seconds(10)
    }

    enum Event: Sendable, Hashable { case ping, dead }

    private(set) var settings: Settings
    private var lastHeard: ContinuousClock.Instant
    private var lastPing: ContinuousClock.Instant
    private var pending: ContinuousClock.Instant?
    /// The server has sent data or headers since the last ping.
    private var isFree = true
    private(set) var roundTrip: Duration?

    init(_ settings: Settings, now: ContinuousClock.Instant) {
        self.settings = settings
        lastHeard = now
        lastPing = now
    }

    /// The server asked for fewer pings.
    static func relaxed(_ interval: Duration) -> Duration { min(interval * 2, .seconds(3600)) }

    /// How long nothing has come.
    func silence(now: ContinuousClock.Instant) -> Duration { max(.zero, now - lastHeard) }

    /// Anything came.
    mutating func heard(now: ContinuousClock.Instant, isPayload: Bool) {
        lastHeard = now
        if isPayload { isFree = true }
    }

    mutating func acknowledged(now: ContinuousClock.Instant) {
        if let pending { roundTrip = now - pending }
        pending = nil
        lastHeard = now
    }

    /// When `poll` has something to say next.
    func due(isInUse: Bool) -> ContinuousClock.Instant {
        // Whatever came since the ping was sent is as good as its answer.
        if let pending { return max(pending, lastHeard) + settings.timeout }
        let regular = max(lastHeard, lastPing) + settings.interval
        return isInUse && isFree ? min(regular, lastHeard + settings.silence) : regular
    }

    mutating func poll(now: ContinuousClock.Instant, isInUse: Bool) -> Event? {
        guard now >= due(isInUse: isInUse) else { return nil }
        if pending != nil { return .dead }
        return ping(now: now)
    }

    /// A ping for its own sake: the first one measures the round trip.
    mutating func ping(now: ContinuousClock.Instant) -> Event {
        pending = now
        lastPing = now
        isFree = false
        return .ping
    }
}

/// How much the server may send before it hears from us. Enough to keep the line full, and not more: it is what may
/// have to be buffered.
enum ReceiveWindow {
    static let smallest: Int32 = 1 << 20
    static let largest: Int32 = 8 << 20

    /// - Parameter roundTrip: as the first ping measured it.
    static func size(roundTrip: Duration) -> Int32 {
        // 64 MB/s is more than a site's line carries.
        let seconds = Double(roundTrip.components.seconds) + Double(roundTrip.components.attoseconds) / 1e18
        return Int32(min(Double(largest), max(Double(smallest), seconds * 64e6)))
    }
}

/// Notices that what waits to be sent does not move: the server's side stands still, most often because one of its
/// own clients has stopped reading.
struct StandStill: Sendable {
    private var since: ContinuousClock.Instant?

    /// - Parameters:
    ///   - waiting: bytes that wait to be sent.
    ///   - moved: whether some were sent since the last look.
    mutating func look(waiting: Int, moved: Bool, now: ContinuousClock.Instant) {
        if waiting == 0 {
            since = nil
        } else if moved || since == nil {
            since = now
        }
    }

    func duration(now: ContinuousClock.Instant) -> Duration? {
        guard let since, now > since else { return nil }
        return now - since
    }
}
