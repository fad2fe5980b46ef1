import FoundationEssentials
import Logging
import NodeIdentity

/// What the tenant said last when it was asked for its news. It is asked as `InquiryPacing` has it, and at once when the
/// agent is told to reload.
struct TenantListening: Sendable {
    private(set) var news: TenantNews?
    /// How far its clock was ahead of this node's then, in seconds; nil when that is not known.
    private(set) var serverAhead: TimeInterval?
    /// Whom the node trusted when it asked.
    private var asked: [UInt8] = []
    private var pacing: InquiryPacing
    /// As many as there were when it was asked last.
    private var reloads = 0
    private var trouble: String?

    /// - Parameter place: from 0 to 1, the node's own.
    init(place: Double) { pacing = InquiryPacing(place: place) }

    mutating func listen(
        _ environment: NodeEnvironment, _ tenant: JoinedTenant, _ node: NodeName, reloads: Int
    ) async {
        let now = environment.pacing.elapsed()
        if reloads != self.reloads {
            self.reloads = reloads
            pacing.hasten()
        }
        // A join by hand has learned something else meanwhile: what was said before is old.
        if let news, tenant.authorityPEM != asked, tenant.authorityPEM != news.authorityPEM {
            self.news = nil
            pacing.hasten()
        }
        guard pacing.isDue(at: now) else { return }
        do {
            let news = try await TenantInquiry(environment, tenant, node).news()
            (self.news, serverAhead, asked, trouble) = (news, news.serverAhead, tenant.authorityPEM, nil)
            pacing.answered(at: now, serverAhead: news.serverAhead)
        } catch {
            if UnverifiedClock.isWorthAsking(after: error) {
                serverAhead = await UnverifiedClock(environment).farAhead(of: tenant.server)
            }
            pacing.failed(at: now, serverAhead: serverAhead)
            // What cuts a node off would fill its log.
            guard trouble != "\(error)" else { return }
            trouble = "\(error)"
            environment.log.info("no news of the tenant", metadata: ["why": "\(error)"])
        }
    }
}
