import Testing

@testable import Probing

@Suite("Availability over thirty days")
struct AvailabilityLedgerTests {
    private let start = 1_700_000_000.0

    private func ledger(_ results: [(minutes: Double, isReady: Bool)]) -> AvailabilityLedger {
        var ledger = AvailabilityLedger()
        for result in results {
            ledger.add(isReady: result.isReady, now: start + result.minutes * 60, longestGap: 300)
        }
        return ledger
    }

    @Test("Each probe speaks for the time since the one before")
    func sums() {
        let ledger = ledger([(0, true), (1, true), (2, false), (3, false), (4, true)])
        let sums = ledger.sums(hours: 24, now: start + 300)
        #expect(sums.watched == 240 && sums.ready == 120)
    }

    @Test("Nothing counts before the tenant served, nor while nobody watched, nor when a clock is set back")
    func gaps() {
        #expect(ledger([(0, false), (1, false), (2, false)]).hours.isEmpty)
        let late = ledger([(0, false), (1, true), (2, true), (60, true), (61, true)])
        let sums = late.sums(hours: 24, now: start + 61 * 60)
        #expect(sums.watched == 180 && sums.ready == 180)
        let back = ledger([(0, true), (1, true), (-600, true), (-599, false), (2, true)])
        #expect(back.sums(hours: 24, now: start + 120).watched == 60)
    }

    @Test("What is older than the window does not count, and what is older than thirty days is forgotten")
    func windows() {
        var results: [(Double, Bool)] = []
        for hour in 0..<800 { results += [(Double(hour) * 60, true), (Double(hour) * 60 + 1, hour >= 790)] }
        let ledger = ledger(results)
        #expect(ledger.hours.count == AvailabilityLedger.length)
        let now = start + 800 * 3600
        #expect(ledger.sums(hours: 24, now: now).watched <= 24 * 60)
        #expect(ledger.sums(hours: 24, now: now).ready == 600)
    }

    @Test("What was remembered goes on, and only what changed is to be written")
    func restoring() {
        var first = ledger([(0, true), (1, true)])
        let unsaved = first.unsaved
        #expect(unsaved.count == 1 && first.unsaved == unsaved)
        first.confirm(unsaved)
        #expect(first.unsaved.isEmpty)
        var second = AvailabilityLedger(restoring: first.hours.reversed())
        #expect(second.unsaved.isEmpty)
        second.add(isReady: false, now: start + 600, longestGap: 300)
        second.add(isReady: false, now: start + 660, longestGap: 300)
        let sums = second.sums(hours: 24, now: start + 660)
        #expect(sums.watched == 120 && sums.ready == 60)
        #expect(second.unsaved.count == 1)
        let nonsense = AvailabilityLedger(restoring: [.init(number: 1, watched: .nan, ready: -1)])
        #expect(nonsense.hours.isEmpty)
    }
}
