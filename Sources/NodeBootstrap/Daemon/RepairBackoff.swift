import FoundationEssentials
import KubeObjects

/// How often something is tried that does not help: after 10 seconds, then twice as long each time up to the longest
/// pause that there is for it, each a fifth longer at most, so that a fleet does not come at once. What was not tried for
/// as long as that begins anew.
package struct RepairBackoff: Sendable, Hashable {
    private struct Record: Sendable, Hashable {
        var count: Int
        var last: Date
        /// Until the next try, in seconds.
        var pause: TimeInterval
        var longest: TimeInterval
    }

    private var records: [String: Record] = [:]
    private static let first: TimeInterval = 10
    /// Of the keys that are remembered; there are a dozen kinds of repair.
    private static let limit = 64

    package init() {}

    package func mayTry(_ key: String, at now: Date) -> Bool {
        guard let record = records[key] else { return true }
        let passed = now.timeIntervalSince(record.last)
        // A clock that was set back must not keep a node down.
        return passed < 0 || passed >= record.pause
    }

    /// Nil when it may be tried at any time.
    package func nextTry(_ key: String) -> Date? { records[key].map { $0.last.addingTimeInterval($0.pause) } }

    /// - Parameters:
    ///   - longest: the longest pause, in seconds.
    ///   - chance: from 0 to 1.
    package mutating func note(
        _ key: String, at now: Date, longest: TimeInterval, chance: Double = .random(in: 0..<1)
    ) {
        var count = 0
        if let record = records[key], now.timeIntervalSince(record.last) < record.pause + longest {
            count = record.count
        }
        let pause = min(longest, Self.first * Double(1 << min(count, 16)))
        records[key] = Record(
            count: count + 1, last: now, pause: pause * (1 + 0.2 * min(max(chance, 0), 1)), longest: longest)
        if records.count > Self.limit, let oldest = records.min(by: { $0.value.last < $1.value.last })?.key {
            records[oldest] = nil
        }
    }

    // MARK: Over a restart

    /// For the journal: an agent that ends again and again does not try again and again.
    package func json(of isKept: (String) -> Bool) -> JSON {
        .object(
            records.filter { isKept($0.key) }.mapValues { record in
                [
                    "count": JSON(record.count), "last": .integer(Int64(record.last.timeIntervalSince1970)),
                    "pause": .integer(Int64(record.pause)), "longest": .integer(Int64(record.longest)),
                ]
            })
    }

    package init(_ json: JSON) {
        for (key, value) in json.object ?? [:] {
            guard let count = value["count"]?.integer, let last = value["last"]?.integer,
                let pause = value["pause"]?.integer, let longest = value["longest"]?.integer
            else { continue }
            records[key] = Record(
                count: Int(clamping: min(max(0, count), 1000)), last: Date(timeIntervalSince1970: TimeInterval(last)),
                pause: TimeInterval(pause), longest: TimeInterval(longest))
        }
    }
}
