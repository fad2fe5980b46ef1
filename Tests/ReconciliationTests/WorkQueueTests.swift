import Testing

@testable import Reconciliation

@Suite struct WorkQueueTests {
    private let start = ContinuousClock().now
    private var queue = WorkQueue<String>()

    @Test mutating func `a key that is asked for twice is given once`() {
        queue.add("a", at: start)
        queue.add("a", at: start)
        #expect(queue.waitingCount == 1)
        #expect(queue.next(now: start) == .work("a"))
        #expect(queue.next(now: start) == .wait(until: nil))
    }

    @Test mutating func `the earliest time that was asked for stands`() {
        queue.add("a", at: start + .seconds(10))
        queue.add("a", at: start + .seconds(2))
        queue.add("a", at: start + .seconds(5))
        #expect(queue.next(now: start) == .wait(until: start + .seconds(2)))
        #expect(queue.next(now: start + .seconds(2)) == .work("a"))
        queue.finish("a", .settled, now: start + .seconds(3))
        // What the heap still holds of it is stale.
        #expect(queue.next(now: start + .seconds(20)) == .wait(until: nil))
        let isDue = queue.isDue(now: start + .seconds(20), capacity: 1)
        #expect(!isDue)
    }

    @Test mutating func `keys go by their time, then as they came`() {
        queue.add("later", at: start + .seconds(1))
        queue.add("first", at: start)
        queue.add("second", at: start)
        let now = start + .seconds(1)
        for key in ["first", "second", "later"] { #expect(queue.next(now: now) == .work(key)) }
    }

    @Test mutating func `a key is never worked on twice at a time, and is given again when it was asked for meanwhile`()
    {
        queue.add("a", at: start)
        #expect(queue.next(now: start) == .work("a"))
        queue.add("a", at: start + .seconds(4))
        queue.add("a", at: start + .seconds(1))
        #expect(queue.next(now: start + .seconds(9)) == .wait(until: nil))
        #expect(queue.workingCount == 1 && queue.waitingCount == 0)
        queue.finish("a", .settled, now: start)
        #expect(queue.next(now: start) == .wait(until: start + .seconds(1)))
        #expect(queue.next(now: start + .seconds(1)) == .work("a"))
        queue.finish("a", .settled, now: start + .seconds(1))
        #expect(queue.next(now: start + .seconds(9)) == .wait(until: nil))
    }

    @Test mutating func `a key that asks to be looked at again is, or sooner if somebody else asked`() {
        for (asked, expected) in [(nil, 30), (40, 30), (5, 5)] as [(Int?, Int)] {
            queue.add("a", at: start)
            #expect(queue.next(now: start) == .work("a"))
            if let asked { queue.add("a", at: start + .seconds(asked)) }
            queue.finish("a", .again(after: .seconds(30)), now: start)
            #expect(queue.next(now: start) == .wait(until: start + .seconds(expected)))
            #expect(queue.next(now: start + .seconds(expected)) == .work("a"))
            queue.finish("a", .settled, now: start)
        }
    }

    @Test mutating func `one that fails waits twice as long each time, and as at first once it succeeded`() {
        var now = start
        queue.add("a", at: now)
        for milliseconds in [250, 500, 1_000, 2_000] {
            let delay = fail(&now)
            #expect(delay == .milliseconds(milliseconds))
        }
        #expect(queue.failingCount == 1)
        var delay = Duration.zero
        for _ in 0..<30 { delay = fail(&now) }
        #expect(delay == .seconds(60))
        #expect(queue.next(now: now) == .work("a"))
        queue.finish("a", .again(after: .zero), now: now)
        #expect(queue.failingCount == 0)
        delay = fail(&now)
        #expect(delay == .milliseconds(250))
    }

    @Test mutating func `what is only looked at comes again later each time, up to a limit, and sooner when asked for`()
    {
        var now = start
        queue.add("a", at: now)
        for milliseconds in [250, 500, 1_000, 2_000, 2_000] {
            #expect(queue.next(now: now) == .work("a"))
            queue.finish("a", .poll(upTo: .seconds(2)), now: now)
            now += .milliseconds(milliseconds)
            #expect(queue.next(now: now - .milliseconds(1)) == .wait(until: now))
        }
        #expect(queue.failingCount == 0)
        #expect(queue.next(now: now) == .work("a"))
        queue.add("a", at: now)
        queue.finish("a", .poll(upTo: .seconds(2)), now: now)
        #expect(queue.next(now: now) == .work("a"))
        queue.finish("a", .settled, now: now)
        queue.add("a", at: now)
        #expect(queue.next(now: now) == .work("a"))
        queue.finish("a", .poll(upTo: .seconds(2)), now: now)
        #expect(queue.next(now: now) == .wait(until: now + .milliseconds(250)))
    }

    /// Works on the key in vain, and goes on to when it is due again. Gives how long that is.
    private mutating func fail(_ now: inout ContinuousClock.Instant) -> Duration {
        guard queue.next(now: now) == .work("a") else { return .zero }
        queue.finish("a", .failed, now: now)
        guard case .wait(.some(let due)) = queue.next(now: now) else { return .zero }
        defer { now = due }
        return now.duration(to: due)
    }

    @Test mutating func `events do not undo the backoff of what failed under way`() {
        queue.add("a", at: start)
        #expect(queue.next(now: start) == .work("a"))
        queue.add("a", at: start)
        queue.finish("a", .failed, now: start)
        #expect(queue.next(now: start) == .wait(until: start + .milliseconds(250)))
    }

    @Test mutating func `one that fails holds up no other`() {
        for key in ["bad", "good"] { queue.add(key, at: start) }
        #expect(queue.next(now: start) == .work("bad"))
        queue.finish("bad", .failed, now: start)
        #expect(queue.next(now: start) == .work("good"))
    }

    @Test mutating func `nothing is due while every worker is busy`() {
        queue.add("a", at: start)
        queue.add("b", at: start)
        #expect(queue.next(now: start) == .work("a"))
        let areDue = (queue.isDue(now: start, capacity: 1), queue.isDue(now: start, capacity: 2))
        #expect(areDue == (false, true))
    }

    @Test mutating func `what is forgotten is given no more, unless it is asked for again`() {
        queue.add("a", at: start)
        queue.forget("a")
        #expect(queue.next(now: start) == .wait(until: nil))
        queue.add("a", at: start)
        #expect(queue.next(now: start) == .work("a"))
    }
}
