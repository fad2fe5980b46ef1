import Logging
import NodeIdentity

/// When the tenant is asked for its news, and what it said last. Every five minutes, sooner after it did not answer or
/// where the clocks differ, and at once when the agent is told to reload; each node at its own moment, so that a fleet
/// does not come at once.
struct TenantListening: Sendable {
    private(set) var news: TenantNews?
    /// Whom the node trusted when it asked.
    private var asked: [UInt8] = []
    private var next: Duration?
    /// As many as there were when it was asked last.
    private var reloads = 0
    private var failures = 0
    private var trouble: String?
    private let place: Double

    private static let interval = Duration.seconds(300)
    private static let intervalOfWrongClock = Duration.seconds(60)
    private static let retry = Duration.seconds(20)

    /// - Parameter place: from 0 to 1, the node's own.
    init(place: Double) { self.place = min(max(place, 0), 1) }

    mutating func listen(
        _ environment: NodeEnvironment, _ tenant: JoinedTenant, _ node: NodeName, reloads: Int
    ) async {
        let now = environment.pacing.elapsed()
        if reloads != self.reloads { (self.reloads, next) = (reloads, nil) }
        // A join by hand has learned something else meanwhile: what was said before is old.
        if let news, tenant.authorityPEM != asked, tenant.authorityPEM != news.authorityPEM {
            (self.news, next) = (nil, nil)
        }
        guard next.map({ now >= $0 }) ?? true else { return }
        do {
            let news = try await TenantInquiry(environment, tenant, node).news()
            (self.news, asked, failures, trouble) = (news, tenant.authorityPEM, 0, nil)
            // A clock is set right at any moment, soon after a start above all.
            let isOff = abs(news.serverAhead ?? 0) > EdgeChecks.notableSkew
            next = now + (isOff ? Self.intervalOfWrongClock : Self.interval) * (0.9 + 0.2 * place)
        } catch {
            failures += 1
            next = now + min(Self.retry * (1 << min(failures - 1, 4)), Self.interval) * (0.9 + 0.2 * place)
            // What cuts a node off would fill its log.
            guard trouble != "\(error)" else { return }
            trouble = "\(error)"
            environment.log.info("no news of the tenant", metadata: ["why": "\(error)"])
        }
    }
}
