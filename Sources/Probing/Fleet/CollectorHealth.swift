import Prometheus
import Synchronization

/// How the rounds of each collector go.
package final class CollectorHealth: Sendable {
    private struct Record: Sendable {
        var duration = 0.0
        var isSuccess = false
        var lastSuccess: Double?
    }

    private let records = Mutex<[String: Record]>([:])

    package init() {}

    /// - Parameter duration: seconds; `isSuccess` says whether the round was carried out, not what it found.
    package func add(_ collector: String, duration: Double, isSuccess: Bool = true, now: Double) {
        records.withLock { records in
            records[collector, default: Record()].duration = duration
            records[collector]?.isSuccess = isSuccess
            if isSuccess { records[collector]?.lastSuccess = now }
        }
    }

    package var families: [MetricFamily] {
        var duration = MetricFamily(Catalogue.collectorDuration)
        var success = MetricFamily(Catalogue.collectorSuccess)
        var last = MetricFamily(Catalogue.collectorLastSuccess)
        for (collector, record) in records.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            let labels = ["collector": collector]
            duration.add(record.duration.wholeMicroseconds, labels: labels)
            success.add(record.isSuccess ? 1 : 0, labels: labels)
            if let time = record.lastSuccess { last.add(time.wholeMilliseconds, labels: labels) }
        }
        return [duration, success, last]
    }
}
