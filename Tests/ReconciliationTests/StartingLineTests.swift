import FoundationEssentials
import KubeObjects
import Testing

@testable import Reconciliation

@Suite struct StartingLineTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func tenant(_ number: Int) -> ObjectKey { ObjectKey(namespace: "fleet", name: "t\(number)") }
    private static func born(_ number: Int) -> String { "2026-11-21T10:00:0\(number)Z" }

    /// A line of two places, after tenants 0 to 4 asked in this order.
    private static func line(asked order: [Int], now: Date = now) -> (StartingLine, [StartingLine.Answer]) {
        var line = StartingLine(limit: 2)
        let answers = order.map { line.ask(tenant($0), born: born($0), now: now) }
        return (line, answers)
    }

    @Test func `so many start at a time, and the others know how many are before them`() {
        let (line, answers) = Self.line(asked: [0, 1, 2, 3, 4])
        #expect(answers == [.start, .start, .wait(before: 0), .wait(before: 1), .wait(before: 2)])
        #expect(line.startingCount == 2)
        #expect(line.waitingCount == 3)
    }

    @Test func `the oldest goes first, whoever asks first`() {
        var (line, answers) = Self.line(asked: [0, 1, 4, 3, 2])
        #expect(answers.suffix(3) == [.wait(before: 0), .wait(before: 0), .wait(before: 0)])
        #expect(line.leave(Self.tenant(0), now: Self.now) == [Self.tenant(2)])
        #expect(line.ask(Self.tenant(4), born: Self.born(4), now: Self.now) == .wait(before: 2))
        #expect(line.ask(Self.tenant(2), born: Self.born(2), now: Self.now) == .start)
    }

    @Test func `who starts may ask again`() {
        var (line, _) = Self.line(asked: [0, 1, 2])
        #expect(line.ask(Self.tenant(1), born: Self.born(1), now: Self.now) == .start)
        #expect(line.startingCount == 2)
    }

    @Test func `one that was found starting holds a place`() {
        var line = StartingLine(limit: 1)
        line.occupy(Self.tenant(7), now: Self.now)
        #expect(line.ask(Self.tenant(0), born: Self.born(0), now: Self.now) == .wait(before: 0))
        #expect(line.leave(Self.tenant(7), now: Self.now) == [Self.tenant(0)])
    }

    @Test func `one that never gets there does not hold up the others`() {
        var (line, _) = Self.line(asked: [0, 1, 2])
        let later = Self.now.addingTimeInterval(StartingLine.patience)
        #expect(line.ask(Self.tenant(2), born: Self.born(2), now: later) == .start)
    }

    @Test func `who leaves without having been there wakes nobody`() {
        var (line, _) = Self.line(asked: [0, 1, 2])
        #expect(line.leave(Self.tenant(9), now: Self.now).isEmpty)
        #expect(line.leave(Self.tenant(2), now: Self.now).isEmpty)
    }

    @Test func `a line of no places still moves`() {
        var line = StartingLine(limit: 0)
        #expect(line.ask(Self.tenant(0), born: Self.born(0), now: Self.now) == .start)
        #expect(line.ask(Self.tenant(1), born: Self.born(1), now: Self.now) == .wait(before: 0))
    }
}
