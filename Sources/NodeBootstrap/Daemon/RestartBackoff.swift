import FoundationEssentials

/// How often a unit that does not stay up is started: after 10 seconds, then twice as long each time, at most every ten
/// minutes. One that stayed up for ten minutes begins anew.
package struct RestartBackoff: Sendable, Hashable {
    private struct Record: Sendable, Hashable {
        var count = 0
        var last: Date
    }

    private var records: [String: Record] = [:]
    private static let first: TimeInterval = 10
    private static let longest: TimeInterval = 600

    package init() {}

    package func mayStart(_ unit: String, at now: Date) -> Bool {
        guard let record = records[unit] else { return true }
        let passed = now.timeIntervalSince(record.last)
        // A clock that was set back must not keep a node down.
        return passed < 0 || passed >= Self.pause(after: record.count)
    }

    package mutating func noteStart(_ unit: String, at now: Date) {
        var record = records[unit] ?? Record(last: now)
        if now.timeIntervalSince(record.last) >= Self.longest { record.count = 0 }
        record.count += 1
        record.last = now
        records[unit] = record
    }

    private static func pause(after count: Int) -> TimeInterval {
        min(longest, first * Double(1 << min(max(0, count - 1), 10)))
    }
}
