import KubeClient
import Prometheus
import Synchronization

/// How the watches are: whether everything was listed, and when they last heard anything.
package final class WatchHealth: Sendable {
    private struct Record: Sendable {
        var isSynced = false
        /// Lists after the first.
        var relists = Dictionary(uniqueKeysWithValues: RelistReason.allCases.map { ($0, 0) })
        /// Why the next list is made, where it is not the first.
        var lost: RelistReason?
        var objects = 0
        var lastContact: Double?
        /// Why the first list is not there yet; nil also while it is under way.
        var obstacle: String?
        /// What somebody was told of a watch that fails, until it is heard of again.
        var complaint: String?
    }

    /// Something that has to be listed.
    package struct Source: Sendable, Hashable {
        package let name: String
        /// Nil until it was listed.
        package let objects: Int?
        /// Why it was not, where that is known.
        package let obstacle: String?
    }

    /// A watch that has failed for long enough to be told of, or is heard of again.
    package struct Notice: Sendable, Hashable {
        package let resource: String
        /// Without a name of anything; nil when it is heard of again.
        package let failure: String?
    }

    /// Watches are cut off now and then, and are back at once: one that is not after so many seconds is told of.
    private static let patience = 60.0

    private let required: Set<String>
    private let records: Mutex<[String: Record]>
    private let now: @Sendable () -> Double
    private let told: @Sendable (Notice) -> Void

    /// - Parameters:
    ///   - required: what has to be listed before a page is whole.
    ///   - told: of each failure once, and of its end.
    package init(
        required: [String], now: @escaping @Sendable () -> Double, told: @escaping @Sendable (Notice) -> Void = { _ in }
    ) {
        self.required = Set(required)
        self.told = told
        records = Mutex(Dictionary(uniqueKeysWithValues: required.map { ($0, Record()) }))
        self.now = now
    }

    package var isSynced: Bool { records.withLock { $0.values.allSatisfy(\.isSynced) } }

    /// Everything that a page needs, by name.
    package var sources: [Source] {
        records.withLock { $0 }.filter { required.contains($0.key) }.sorted { $0.key < $1.key }.map {
            Source(
                name: $0.key, objects: $0.value.isSynced ? $0.value.objects : nil,
                obstacle: $0.value.isSynced ? nil : $0.value.obstacle)
        }
    }

    /// Who was not listed yet and why, then who was, with how many objects; for people.
    package var progress: String {
        let sources = sources
        let missing = sources.filter { $0.objects == nil }.map {
            "\($0.name) not listed yet\($0.obstacle.map { " (\($0))" } ?? "")"
        }
        let listed = sources.compactMap { source in source.objects.map { "\($0) \(source.name)" } }
        return (missing + (listed.isEmpty ? [] : ["listed are \(listed.joined(separator: ", "))"])).joined(
            separator: "; ")
    }

    /// Seconds since the watch that has been silent for longest heard anything; nil before the first list.
    package var age: Double? {
        let oldest = records.withLock { $0.values.compactMap(\.lastContact).min() }
        return oldest.map { max(0, now() - $0) }
    }

    /// Why the admin API is not heard of, and for how many seconds; nil where it is. For people.
    package var silence: (why: String, seconds: Int)? {
        let (records, now) = (records.withLock { $0 }, now())
        let silent = records.values.filter { $0.isSynced && $0.complaint != nil }
        guard let worst = silent.min(by: { ($0.lastContact ?? 0) < ($1.lastContact ?? 0) }) else { return nil }
        return (worst.complaint ?? "", Int(max(0, now - (worst.lastContact ?? now))))
    }

    func listed(_ resource: String, objects: Int) {
        defer { recovered(resource) }
        records.withLock { records in
            records[resource, default: Record()].isSynced = true
            if let reason = records[resource]?.lost {
                records[resource]?.relists[reason, default: 0] += 1
                records[resource]?.lost = nil
            }
            records[resource]?.objects = objects
            records[resource]?.lastContact = now()
        }
    }

    func heard(_ resource: String, objects: Int) {
        defer { recovered(resource) }
        records.withLock { records in
            records[resource]?.objects = objects
            records[resource]?.lastContact = now()
        }
    }

    /// - Parameter why: without a name of anything.
    func failed(_ resource: String, _ why: String) {
        let isNews = records.withLock { records in
            records[resource]?.obstacle = why
            guard let record = records[resource], record.complaint != why,
                !record.isSynced || now() - (record.lastContact ?? 0) >= Self.patience
            else { return false }
            records[resource]?.complaint = why
            return true
        }
        if isNews { told(Notice(resource: resource, failure: why)) }
    }

    private func recovered(_ resource: String) {
        let wasTold = records.withLock { records in
            defer { records[resource]?.complaint = nil }
            return records[resource]?.complaint != nil
        }
        if wasTold { told(Notice(resource: resource, failure: nil)) }
    }

    /// The watch has no place to go on from.
    func lost(_ resource: String, _ reason: RelistReason) {
        records.withLock { $0[resource, default: Record()].lost = reason }
    }

    /// The API server answered, although there was nothing to tell.
    func alive(_ resource: String) {
        records.withLock { $0[resource]?.lastContact = now() }
        recovered(resource)
    }

    package var families: [MetricFamily] {
        let records = records.withLock { $0 }.sorted { $0.key < $1.key }
        var (synced, objects) = (MetricFamily(Catalogue.watchSynced), MetricFamily(Catalogue.watchObjects))
        var (relists, contact) = (MetricFamily(Catalogue.watchRelists), MetricFamily(Catalogue.watchLastContact))
        for (resource, record) in records {
            let labels = ["resource": resource]
            synced.add(record.isSynced ? 1 : 0, labels: labels)
            objects.add(Double(record.objects), labels: labels)
            for (reason, count) in record.relists.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                relists.add(Double(count), labels: ["resource": resource, "reason": reason.rawValue])
            }
            if let time = record.lastContact { contact.add(time.wholeMilliseconds, labels: labels) }
        }
        var age = MetricFamily(Catalogue.snapshotAge)
        if let seconds = self.age { age.add(seconds.wholeMilliseconds) }
        return [synced, objects, relists, contact, age]
    }
}
