/// Decides when to connect to a server once more, and which connections to keep. There may be a load balancer between,
/// so whom a connection reaches is known only once it is there.
struct LinkPlan: Sendable {
    struct Settings: Sendable, Hashable {
        var linksPerServer = 1
        var source = ServerCountSource.default
        /// After so long with all servers met, look whether there are more.
        var rediscovery = Duration.seconds(60)
        /// Meeting a server that has its connections already is no failure, but no reason to hurry either.
        var duplicates = ReconnectBackoff(initial: .seconds(1), cap: .seconds(30))
        var failures = ReconnectBackoff()
    }

    enum Verdict: Sendable, Hashable {
        case keep
        /// The server has all its connections already: this one is to be given back.
        case duplicate
    }

    private let settings: Settings
    private var failures: ReconnectBackoff
    private var duplicates: ReconnectBackoff
    private var servers: [UInt64: String] = [:]
    private var isAttempting = false
    private(set) var nextAttempt: ContinuousClock.Instant
    private var leases: Int?
    private var response: Int?

    init(_ settings: Settings, now: ContinuousClock.Instant) {
        self.settings = settings
        failures = settings.failures
        duplicates = settings.duplicates
        nextAttempt = now
    }

    var knownServers: Int { settings.source.count(leases: leases, response: response) }
    var isComplete: Bool { servers.count >= knownServers * max(1, settings.linksPerServer) }

    /// When to begin the next attempt; nil while one is under way.
    var due: ContinuousClock.Instant? { isAttempting ? nil : nextAttempt }

    mutating func attemptBegan() { isAttempting = true }

    mutating func attemptFailed(now: ContinuousClock.Instant, chance: Double) {
        isAttempting = false
        nextAttempt = now + failures.next(chance: chance)
    }

    mutating func opened(
        link: UInt64, _ server: ServerIntroduction, now: ContinuousClock.Instant, chance: Double
    ) -> Verdict {
        isAttempting = false
        failures.reset()
        response = server.serverCount
        guard servers.values.count(where: { $0 == server.serverID }) < max(1, settings.linksPerServer) else {
            // While servers are missing the next one may be met at any attempt.
            nextAttempt = now + (isComplete ? settings.rediscovery : duplicates.next(chance: chance))
            return .duplicate
        }
        servers[link] = server.serverID
        duplicates.reset()
        // All servers met: look again later. Else go on after the usual pause, for there may be many agents.
        nextAttempt = now + (isComplete ? settings.rediscovery : settings.failures.initial * (0.1 + chance * 0.1))
        return .keep
    }

    /// A link that was kept is gone, or about to go.
    mutating func lost(link: UInt64, now: ContinuousClock.Instant, chance: Double) {
        guard servers.removeValue(forKey: link) != nil else { return }
        // Soon, but not at once: a server that restarts has lost all its agents in the same moment.
        nextAttempt = min(nextAttempt, now + settings.failures.initial * min(max(chance, 0), 1))
    }

    mutating func counted(leases count: Int?, now: ContinuousClock.Instant) {
        leases = count.map { min(max(0, $0), ServerIntroduction.largestCount) }
        if !isComplete { nextAttempt = min(nextAttempt, now + settings.failures.initial) }
    }
}
