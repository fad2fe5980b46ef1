/// When the daemon writes on its Node, and what it said lately, so that nothing is told every ten seconds.
struct ReportPacing: Sendable {
    private var complaints: Set<String> = []
    private var last: (report: NodeReport, at: Duration)?
    private var silentUntil: Duration?
    private var isForbidden = false

    /// As kubelets report theirs; and so is a tenant asked again that does not let agents write.
    private static let interval = Duration.seconds(300)

    /// - Returns: those that were not there the last time.
    mutating func fresh(complaints now: [String]) -> [String] {
        defer { complaints = Set(now) }
        return now.filter { !complaints.contains($0) }
    }

    /// On change, and every five minutes.
    func isDue(_ report: NodeReport, at now: Duration) -> Bool {
        if let silentUntil, now < silentUntil { return false }
        guard let last, last.report == report else { return true }
        return now - last.at >= Self.interval
    }

    mutating func written(_ report: NodeReport, at now: Duration) {
        last = (report, now)
        (silentUntil, isForbidden) = (nil, false)
    }

    /// A tenant without the policy that keeps agents to their own fields does not let them write at all; it may have one
    /// later.
    ///
    /// - Returns: whether that is news.
    mutating func forbidden(at now: Duration) -> Bool {
        defer { isForbidden = true }
        silentUntil = now + Self.interval
        return !isForbidden
    }
}
