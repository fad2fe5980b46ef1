/// What one object does not say and has to be remembered from one sight of it to the next: since when a phase lasts, how
/// long provisioning took.
package struct TenantMemory: Sendable, Hashable {
    package private(set) var uid = ""
    package private(set) var phase = ""
    package private(set) var phaseSince: Double = 0
    package private(set) var upgradeStart: Double?
    package private(set) var migrationStart: Double?
    /// Seconds; nil until the tenant served for the first time.
    package private(set) var provisioning: Double?

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
    package mutating func restore(uid: String, provisioning: Double?, now: Double) {
        guard let provisioning else { return }
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
        guard provisioning == nil, facts.isServing, let created = facts.created else { return }
        if isFirst {
            // It served before we looked. The conditions say since when, or since when again: an upper bound.
            let since = facts.conditions.first { $0.type == "Ready" && $0.status == "True" }?.since
            provisioning = max(0, (since ?? deployment?.availableSince ?? now) - created)
        } else {
            provisioning = max(0, now - created)
            events.append(.provisioned(max(0, now - created)))
        }
    }
}
