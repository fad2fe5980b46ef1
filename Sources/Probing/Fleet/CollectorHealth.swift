import Prometheus
import Synchronization

/// How the rounds of each collector go.
package final class CollectorHealth: Sendable {
    /// What is asked in rounds, by the values of the label `collector`.
    package enum Collector: String, Sendable, Hashable, CaseIterable {
        case probe, konnectivity, tenant
        case storeHealth = "ds_health"
        case storageUsage = "storage_usage"
    }

    private struct Record: Sendable {
        var duration = 0.0
        var isSuccess = false
        var lastSuccess: Double?
    }

    private struct State: Sendable {
        var records: [Collector: Record] = [:]
        var errors: [Collector: [ProbeFailure: Int]] = [:]
        var credentialErrors: [CredentialKind: Int] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// - Parameter duration: seconds; `isSuccess` says whether the round was carried out, not what it found.
    package func add(_ collector: Collector, duration: Double, isSuccess: Bool = true, now: Double) {
        state.withLock { state in
            state.records[collector, default: Record()].duration = duration
            state.records[collector]?.isSuccess = isSuccess
            if isSuccess { state.records[collector]?.lastSuccess = now }
        }
    }

    /// Lets go of collectors that have nobody left to ask: their last round is no old one, it was the last.
    package func keep(_ collectors: Set<Collector>) {
        state.withLock { $0.records = $0.records.filter { collectors.contains($0.key) } }
    }

    package func count(_ failure: ProbeFailure, of collector: Collector) {
        state.withLock { $0.errors[collector, default: [:]][failure, default: 0] += 1 }
    }

    package func count(_ kinds: Set<CredentialKind>) {
        state.withLock { state in
            for kind in kinds { state.credentialErrors[kind, default: 0] += 1 }
        }
    }

    package var families: [MetricFamily] {
        let state = state.withLock { $0 }
        var duration = MetricFamily(Catalogue.collectorDuration)
        var success = MetricFamily(Catalogue.collectorSuccess)
        var last = MetricFamily(Catalogue.collectorLastSuccess)
        for (collector, record) in state.records.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let labels = ["collector": collector.rawValue]
            duration.add(record.duration.wholeMicroseconds, labels: labels)
            success.add(record.isSuccess ? 1 : 0, labels: labels)
            if let time = record.lastSuccess { last.add(time.wholeMilliseconds, labels: labels) }
        }
        var errors = MetricFamily(Catalogue.collectorErrors)
        for collector in Collector.allCases {
            for cause in ProbeFailure.allCases {
                errors.add(
                    Double(state.errors[collector]?[cause] ?? 0),
                    labels: ["collector": collector.rawValue, "cause": cause.rawValue])
            }
        }
        var credentials = MetricFamily(Catalogue.credentialErrors)
        for kind in CredentialKind.allCases {
            credentials.add(Double(state.credentialErrors[kind] ?? 0), labels: ["kind": kind.rawValue])
        }
        return [duration, success, last, errors, credentials]
    }
}

/// Credentials that the exporter reads to ask with.
package enum CredentialKind: String, Sendable, Hashable, CaseIterable {
    case storeAuthority = "datastore_ca"
    case storeClient = "datastore_client"
    /// Of either kind, where the admin API did not say whether it is there.
    case storeUnread = "datastore_unread"
    case tenant
}
