/// Whether a discovery that failed is tried again, and when. Decides by the kind of failure, never by its text.
package struct DiscoveryPatience: Sendable {
    /// As kubeadm has it.
    package var limit: Duration
    package var interval = Duration.seconds(5)
    /// A signature is wrong for a moment only, while the tenant's signer catches up with a changed cluster-info.
    package var signatureLimit = Duration.seconds(20)

    package init(limit: Duration) { self.limit = limit }

    /// How long to wait before the next try; nil gives up.
    ///
    /// - Parameter attempt: the first is 1. The first few come quickly: most failures are of a server just starting.
    package func pause(after error: DiscoveryError, attempt: Int, elapsed: Duration) -> Duration? {
        guard error.isWorthWaiting else { return nil }
        let limit = limit(for: error)
        guard elapsed < limit else { return nil }
        let base = attempt <= 3 ? min(.seconds(1), interval) : interval
        return min(max(base, min(error.retryAfter ?? .zero, .seconds(60))), limit - elapsed)
    }
}

extension DiscoveryPatience {
    /// From the first try on.
    package func limit(for error: DiscoveryError) -> Duration {
        error.code == .badSignature ? min(limit, signatureLimit) : limit
    }
}

/// Time and waiting, as somebody may put something else in their place.
package struct Pacing: Sendable {
    package var elapsed: @Sendable () -> Duration
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        elapsed: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.elapsed = elapsed
        self.sleep = sleep
    }

    /// Of this process, unaffected by changes of the clock.
    package static var real: Pacing {
        let start = ContinuousClock.now
        return Pacing(elapsed: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0) })
    }

    /// Asks until there is an answer.
    ///
    /// - Returns: nil when there was none within `limit`; it is asked once at least.
    package func poll<Value>(
        within limit: Duration, every interval: Duration, _ ask: () async throws -> Value?
    ) async throws -> Value? {
        let start = elapsed()
        while true {
            if let value = try await ask() { return value }
            let left = limit - (elapsed() - start)
            guard left > .zero else { return nil }
            try await sleep(min(interval, left))
        }
    }
}
