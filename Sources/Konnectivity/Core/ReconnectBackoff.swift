/// How long to wait before the next attempt to reach a server: 1, 1.5, 2.25 ... up to 10 seconds, each up to a tenth
/// longer, so that the agents of a site do not come back all at once (upstream's `sync-interval` and its cap).
package struct ReconnectBackoff: Sendable, Hashable {
    package var initial: Duration
    package var factor: Double
    package var cap: Duration
    package var jitter: Double
    private var failures = 0

    package init(
        initial: Duration = .seconds(1), factor: Double = 1.5, cap: Duration = .seconds(10), jitter: Double = 0.1
    ) {
        self.initial = initial
        // What is no number, or no sensible one, must not become a pause.
        self.factor = factor.isFinite ? min(max(1, factor), 100) : 1.5
        self.cap = max(initial, cap)
        self.jitter = jitter.isFinite ? min(max(0, jitter), 10) : 0.1
    }

    /// The pause after one more failure.
    /// - Parameter chance: drawn anew each time, 0 up to but not including 1.
    package mutating func next(chance: Double) -> Duration {
        var base = initial
        // Past the cap more failures change nothing.
        for _ in 0..<min(failures, 64) where base < cap { base = min(cap, base * factor) }
        failures += 1
        return base * (1 + min(max(chance, 0), 1) * jitter)
    }

    package mutating func reset() { failures = 0 }
}
