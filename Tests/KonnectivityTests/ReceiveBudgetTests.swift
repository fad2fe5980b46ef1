import Sockets
import Testing

@testable import Konnectivity

@Suite struct ReceiveBudgetTests {
    private let start = ContinuousClock.now
    private var budget = ReceiveBudget(
        limits: ReceiveBudget.Limits(
            comfortable: 1000, perConnection: 10_000, total: 15_000, patience: .milliseconds(50), pace: 1_000_000))

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test mutating func `little that waits holds nobody up`() {
        #expect(budget.add(1000, to: 1, now: at(0)) == .accepted)
        #expect(budget.holdEnd(now: at(0)) == nil)
    }

    @Test mutating func `the credit is withheld while a target keeps its pace, and no longer than needed`() {
        _ = budget.add(5000, to: 1, now: at(0))
        #expect(budget.holdEnd(now: at(0)) == at(50))
        // A thousand bytes at this pace are a millisecond; but no more than the patience is ever granted.
        budget.remove(1000, from: 1, now: at(20))
        #expect(budget.holdEnd(now: at(20)) == at(51))
        budget.remove(3600, from: 1, now: at(40))
        #expect(budget.holdEnd(now: at(40)) == nil)
        #expect(budget.waiting == 400)
    }

    @Test mutating func `a target that has stopped holds the others up once, and then no more`() {
        _ = budget.add(5000, to: 1, now: at(0))
        #expect(budget.holdEnd(now: at(49)) != nil)
        #expect(budget.holdEnd(now: at(50)) == nil)
        _ = budget.add(1000, to: 1, now: at(60))
        #expect(budget.holdEnd(now: at(60)) == nil)
        // It has its chance again after it has caught up.
        budget.remove(5600, from: 1, now: at(70))
        _ = budget.add(5000, to: 1, now: at(80))
        #expect(budget.holdEnd(now: at(80)) == at(130))
    }

    @Test mutating func `over the bound of one connection that one goes, over the bound of all the largest`() {
        guard case .accepted = budget.add(9000, to: 1, now: at(0)),
            case .accepted = budget.add(4000, to: 2, now: at(0)),
            case .overflow(1, let all) = budget.add(2500, to: 3, now: at(0))
        else {
            Issue.record("another one")
            return
        }
        #expect(all.contains("15000"))
        budget.forget(1)
        #expect(budget.waiting == 6500)
        guard case .overflow(2, let one) = budget.add(6001, to: 2, now: at(0)) else {
            Issue.record("taken")
            return
        }
        #expect(one.contains("10000"))
    }

    @Test mutating func `what is forgotten counts no more`() {
        _ = budget.add(5000, to: 1, now: at(0))
        budget.forget(1)
        budget.remove(5000, from: 1, now: at(0))
        #expect(budget.waiting == 0 && budget.holdEnd(now: at(0)) == nil)
    }
}
