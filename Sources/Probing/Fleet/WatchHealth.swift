import Prometheus
import Synchronization

/// How the watches are: whether everything was listed, and when they last heard anything.
package final class WatchHealth: Sendable {
    private struct Record: Sendable {
        var isSynced = false
        var lists = 0
        var objects = 0
        var lastContact: Double?
    }

    private let records: Mutex<[String: Record]>
    private let now: @Sendable () -> Double

    /// - Parameter required: what has to be listed before a page is whole.
    package init(required: [String], now: @escaping @Sendable () -> Double) {
        records = Mutex(Dictionary(uniqueKeysWithValues: required.map { ($0, Record()) }))
        self.now = now
    }

    package var isSynced: Bool { records.withLock { $0.values.allSatisfy(\.isSynced) } }

    /// Who was not listed yet.
    package var missing: [String] { records.withLock { $0.filter { !$0.value.isSynced }.keys.sorted() } }

    /// Seconds since the watch that has been silent for longest heard anything; nil before the first list.
    package var age: Double? {
        let oldest = records.withLock { $0.values.compactMap(\.lastContact).min() }
        return oldest.map { max(0, now() - $0) }
    }

    func listed(_ resource: String, objects: Int) {
        records.withLock { records in
            records[resource, default: Record()].isSynced = true
            records[resource]?.lists += 1
            records[resource]?.objects = objects
            records[resource]?.lastContact = now()
        }
    }

    func heard(_ resource: String, objects: Int) {
        records.withLock { records in
            records[resource]?.objects = objects
            records[resource]?.lastContact = now()
        }
    }

    /// The API server answered, although there was nothing to tell.
    func alive(_ resource: String) { records.withLock { $0[resource]?.lastContact = now() } }

    package var families: [MetricFamily] {
        let records = records.withLock { $0 }.sorted { $0.key < $1.key }
        var (synced, objects) = (MetricFamily(Catalogue.watchSynced), MetricFamily(Catalogue.watchObjects))
        var (relists, contact) = (MetricFamily(Catalogue.watchRelists), MetricFamily(Catalogue.watchLastContact))
        for (resource, record) in records {
            let labels = ["resource": resource]
            synced.add(record.isSynced ? 1 : 0, labels: labels)
            objects.add(Double(record.objects), labels: labels)
            relists.add(Double(max(0, record.lists - 1)), labels: labels)
            if let time = record.lastContact { contact.add(time.wholeMilliseconds, labels: labels) }
        }
        var age = MetricFamily(Catalogue.snapshotAge)
        if let seconds = self.age { age.add(seconds.wholeMilliseconds) }
        return [synced, objects, relists, contact, age]
    }
}
