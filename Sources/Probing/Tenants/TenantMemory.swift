/// What one object does not say and has to be remembered from one sight of it to the next: since when a phase lasts, how
/// long provisioning took.
package struct TenantMemory: Sendable, Hashable {
    package private(set) var uid = ""
    package private(set) var phase = ""
    package private(set) var phaseSince: Double = 0
    package private(set) var upgradeStart: Double?
    package private(set) var migrationStart: Double?
    /// Seconds; nil until the tenant served for the first time, and where nobody saw when that was.
    package private(set) var provisioning: Double?
    /// Whether it is still to serve for the first time, as far as can be told.
    package private(set) var isAwaited = false
    /// Whether its first serving, when it comes, is known to be the first.
    private var isWitnessed = false

    /// Seconds. Who is older when first seen, or says that it is ready since later, may have served before.
    static let longestProvisioning = 3600.0

    package init() {}

    /// Something that happened between two sights.
    package enum Event: Sendable, Hashable {
        case entered(phase: String)
        /// Seconds, of a tenant whose first serving was seen.
        case provisioned(Double)
        /// Seconds.
        case upgraded(Double)
    }

    /// - Parameter now: seconds since 1970, as everywhere here.
    package mutating func see(_ facts: TenantFacts, _ deployment: DeploymentFacts?, now: Double) -> [Event] {
        let isFirst = uid != facts.uid
        if isFirst {
            // Another tenant of the same name has a history of its own.
            self = TenantMemory()
            uid = facts.uid
        }
        var events: [Event] = []
        if phase != facts.phase {
            phase = facts.phase
            phaseSince = now
            events.append(.entered(phase: phase))
        }
        follow(facts, deployment, isFirst: isFirst, now: now, &events)
        let isUpgrading = Self.isUpgrading(facts)
        if isUpgrading, upgradeStart == nil {
            upgradeStart = now
        } else if !isUpgrading, let start = upgradeStart {
            upgradeStart = nil
            // One that was seen for the first time in its middle took longer than we know.
            if !isFirst { events.append(.upgraded(now - start)) }
        }
        migrationStart = facts.phase == "Migrating" ? migrationStart ?? now : nil
        return events
    }

    /// Takes up what a former run knew of this tenant.
    /// - Parameter hasServed: whether it is known to have served, also where nobody knows after how long.
    package mutating func restore(uid: String, provisioning: Double?, hasServed: Bool, now: Double) {
        guard provisioning != nil || hasServed else { return }
        self = TenantMemory()
        self.uid = uid
        self.provisioning = provisioning
        phaseSince = now
    }

    package static func isUpgrading(_ facts: TenantFacts) -> Bool {
        !facts.statusVersion.isEmpty && facts.statusVersion != facts.specVersion
    }

    private mutating func follow(
        _ facts: TenantFacts, _ deployment: DeploymentFacts?, isFirst: Bool, now: Double, _ events: inout [Event]
    ) {
        if isFirst {
            isAwaited = !facts.isAsleep && Self.beginnings.contains(facts.phase)
            let age = facts.created.map { now - $0 } ?? .infinity
            isWitnessed = isAwaited && (facts.phase == "Provisioning" || age <= Self.longestProvisioning)
        }
        // Who sleeps is awaited by nobody, and how long it takes once it wakes is no time of provisioning.
        if facts.isAsleep { (isAwaited, isWitnessed) = (false, false) }
        guard facts.isServing, let created = facts.created else { return }
        defer { (isAwaited, isWitnessed) = (false, false) }
        if isFirst {
            // It served before we looked. The conditions say since when, or since when again.
            let since = facts.conditions.first { $0.type == "Ready" && $0.status == "True" }?.since
            guard let seconds = (since ?? deployment?.availableSince).map({ max(0, $0 - created) }),
                seconds <= Self.longestProvisioning
            else { return }
            provisioning = seconds
        } else if isWitnessed {
            provisioning = max(0, now - created)
            events.append(.provisioned(max(0, now - created)))
        }
    }

    /// Phases in which a tenant may be that has never served; upstream says NotReady of a new one.
    private static let beginnings: Set<String> = ["Unknown", "Provisioning", "NotReady"]
}
