import FoundationEssentials

/// When the tenant is asked for its news, and its clock compared with the node's. Every five minutes, sooner after it did
/// not answer or where the clocks differ; each node at its own moment, so that a fleet does not come at once.
struct InquiryPacing: Sendable, Hashable {
    /// Nil is at once.
    private var next: Duration?
    private var failures = 0
    /// By which every interval is longer or shorter.
    private let share: Double

    private static let interval = Duration.seconds(300)
    private static let intervalOfWrongClock = Duration.seconds(60)
    private static let retry = Duration.seconds(20)

    /// - Parameter place: from 0 to 1, the node's own.
    init(place: Double) { share = 0.9 + 0.2 * min(max(place, 0), 1) }

    func isDue(at now: Duration) -> Bool { next.map { now >= $0 } ?? true }

    /// Nothing is waited for any more.
    mutating func hasten() { next = nil }

    /// - Parameter serverAhead: by which the clocks differ, in seconds; nil where that cannot be told.
    mutating func answered(at now: Duration, serverAhead: TimeInterval?) {
        failures = 0
        next = now + Self.longest(serverAhead) * share
    }

    /// - Parameter serverAhead: as far as it is known all the same.
    mutating func failed(at now: Duration, serverAhead: TimeInterval? = nil) {
        next = now + min(Self.retry * (1 << min(failures, 4)), Self.longest(serverAhead)) * share
        failures += 1
    }

    /// A clock is set right at any moment, soon after a start above all.
    private static func longest(_ serverAhead: TimeInterval?) -> Duration {
        abs(serverAhead ?? 0) > EdgeChecks.notableSkew ? intervalOfWrongClock : interval
    }
}
