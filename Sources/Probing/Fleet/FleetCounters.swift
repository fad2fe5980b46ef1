import Prometheus
import Synchronization

/// What is counted over the whole fleet, since this process began.
package struct FleetCounters: Sendable {
    private var provisioning = Histogram(bounds: [5, 10, 15, 30, 60, 120, 300, 600, 1800])
    private var upgrades = Histogram(bounds: [10, 30, 60, 120, 300, 600, 1800, 3600])
    // What is known beforehand begins at 0: a counter that appears with its first event has risen by nothing.
    private var transitions = Dictionary(uniqueKeysWithValues: TenantFacts.phases.map { ($0, 0.0) })
    var rotations = Dictionary(uniqueKeysWithValues: SecretReading.names.map { ($0, 0.0) })
    var probes: [ProbeCheck: Histogram] = Dictionary(
        uniqueKeysWithValues: ProbeCheck.allCases.map {
            ($0, Histogram(bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]))
        })

    /// - Parameter isFirstSight: of a tenant that was there before this process: its phase is no transition.
    mutating func count(_ events: [TenantMemory.Event], isFirstSight: Bool) {
        for event in events {
            switch event {
            case .entered(let phase): if !isFirstSight { transitions[phase, default: 0] += 1 }
            case .provisioned(let seconds): provisioning.observe(seconds)
            case .upgraded(let seconds): upgrades.observe(seconds)
            }
        }
    }

    var families: [MetricFamily] {
        var all: [MetricFamily] = []
        for (definition, histogram) in [
            (Catalogue.fleetProvisioning, provisioning), (Catalogue.fleetUpgrade, upgrades),
        ] {
            var family = MetricFamily(definition)
            family.add(histogram)
            all.append(family)
        }
        var durations = MetricFamily(Catalogue.fleetProbeDuration)
        for check in ProbeCheck.allCases {
            if let histogram = probes[check] { durations.add(histogram, labels: ["check": check.rawValue]) }
        }
        all.append(durations)
        for (definition, label, counts) in [
            (Catalogue.fleetTransitions, "phase", transitions), (Catalogue.fleetRotations, "cert", rotations),
        ] where !counts.isEmpty {
            var family = MetricFamily(definition)
            for (value, count) in counts.sorted(by: { $0.key < $1.key }) { family.add(count, labels: [label: value]) }
            all.append(family)
        }
        return all
    }
}

extension FleetPicture {
    /// What is counted rather than kept written out.
    package var families: [MetricFamily] {
        let (counters, ready, total, rotation) = state.withLock { state in
            let facts = state.tenants.values.compactMap(\.facts)
            return (state.counters, facts.count { $0.phase == "Ready" }, facts.count, state.rotationDeadline)
        }
        var deadline = MetricFamily(Catalogue.rotationDeadline)
        deadline.add(rotation)
        var all = counters.families + [deadline]
        if settings.isCompatible {
            var tenants = MetricFamily(Catalogue.upstreamTenants)
            tenants.add(Double(total - ready), labels: ["ready": "false"])
            tenants.add(Double(ready), labels: ["ready": "true"])
            all.append(tenants)
        }
        return all
    }
}
