import Prometheus
import Synchronization

/// What is remembered of a tenant across restarts, by its uid.
package struct RememberedTenant: Sendable, Hashable {
    package var hours: [AvailabilityLedger.Hour]
    /// Seconds; nil where it was not seen.
    package var provisioning: Double?

    package init(hours: [AvailabilityLedger.Hour] = [], provisioning: Double? = nil) {
        (self.hours, self.provisioning) = (hours, provisioning)
    }
}

extension FleetPicture {
    /// Hands over what was remembered; to be called before the watches begin.
    package func restore(_ remembered: [String: RememberedTenant]) {
        state.withLock { $0.remembered = remembered }
    }

    /// What is to be remembered and is not known to be written down, by uid.
    package var unsavedHistory: [String: RememberedTenant] {
        state.withLock { state in
            var changes: [String: RememberedTenant] = [:]
            for tenant in state.tenants.values {
                guard let facts = tenant.facts, !facts.uid.isEmpty else { continue }
                let hours = tenant.ledger.unsaved
                if !hours.isEmpty {
                    changes[facts.uid] = RememberedTenant(hours: hours, provisioning: tenant.memory.provisioning)
                }
            }
            return changes
        }
    }

    /// - Parameter saved: what `unsavedHistory` gave, once it is written down.
    package func confirm(_ saved: [String: RememberedTenant]) {
        state.withLock { state in
            for (key, tenant) in state.tenants {
                guard let uid = tenant.facts?.uid, let hours = saved[uid]?.hours else { continue }
                state.tenants[key]?.ledger.confirm(hours)
            }
        }
    }

    /// Writes every tenant's service level anew.
    /// - Parameter objective: share of the time in which an API server should be ready.
    package func writeServiceLevels(objective: Double) {
        let (tenants, now) = (state.withLock { $0.tenants }, now())
        for (key, tenant) in tenants {
            guard let facts = tenant.facts else { continue }
            let samples = ServiceLevelSamples.tenant(facts, tenant.ledger, objective: objective, now: now)
            state.withLock { state in
                // It may have left in the meantime.
                guard state.isWriting, state.tenants[key]?.facts?.uid == facts.uid else { return }
                page.set(SampleSource(Self.object(key), "service level"), samples)
            }
        }
    }
}

enum ServiceLevelSamples {
    static func tenant(
        _ facts: TenantFacts, _ ledger: AvailabilityLedger, objective: Double, now: Double
    ) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        for (window, hours) in [("1d", 24), ("30d", AvailabilityLedger.length)] {
            let (watched, ready) = ledger.sums(hours: hours, now: now)
            guard watched > 0 else { continue }
            samples.add(Catalogue.sloAvailability, (ready / watched).wholeMicroseconds, ["window": window])
            samples.add(Catalogue.sloDowntime, (watched - ready).wholeMilliseconds, ["window": window])
            if window == "30d" {
                // Of the whole thirty days, watched or not: a tenant of yesterday has the budget of a month before it.
                let budget = (1 - objective) * Double(hours) * 3600
                samples.add(Catalogue.sloBudget, (1 - (watched - ready) / budget).wholeMicroseconds)
            }
        }
        return samples
    }
}
