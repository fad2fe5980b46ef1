import Testing

@testable import Probing

@Suite("When whom is asked")
struct ProbeScheduleTests {
    private func schedule(_ count: Int, interval: Double = 30, slots: Int = 8) -> ProbeSchedule<Int> {
        var schedule = ProbeSchedule<Int>(.init(interval: interval, slots: slots))
        for key in 0..<count { schedule.add(key, phase: Double(key) / Double(count), now: 0) }
        return schedule
    }

    @Test("Everybody is asked once in an interval, in their phase")
    func rhythm() {
        var schedule = schedule(6)
        var asked: [Int: [Double]] = [:]
        for now in stride(from: 0.0, to: 120, by: 1) {
            for key in schedule.start(now: now) {
                asked[key, default: []].append(now)
                schedule.finish(key, failed: false, jitter: 0.5, now: now + 0.1)
            }
        }
        for key in 0..<6 { #expect(asked[key] == (0..<4).map { Double(key * 5 + $0 * 30) }) }
    }

    @Test("Jitter spreads probes by a twentieth of the interval, and no further")
    func jitter() {
        for jitter in [0.0, 0.999] {
            var schedule = schedule(1)
            #expect(schedule.start(now: 0) == [0])
            schedule.finish(0, failed: false, jitter: jitter, now: 0.1)
            #expect(schedule.start(now: 28.4).isEmpty)
            #expect(schedule.start(now: 31.5) == [0])
        }
    }

    @Test("No more are under way than there are slots, and the longest due comes first")
    func slots() {
        var schedule = schedule(20, slots: 4)
        #expect(schedule.start(now: 30) == [0, 1, 2, 3])
        #expect(schedule.waiting[.fast] == 16)
        #expect(schedule.start(now: 31).isEmpty)
        schedule.finish(2, failed: false, jitter: 0.5, now: 31)
        #expect(schedule.start(now: 31) == [4])
        #expect(schedule.inflight[.fast] == 4)
    }

    @Test("Those who do not answer are asked less and less often, in a lane that leaves the others theirs")
    func slowLane() {
        var schedule = ProbeSchedule<Int>(.init(interval: 10, longestPause: 40, slots: 8))
        for key in 0..<20 { schedule.add(key, phase: 0, now: 0) }
        var starts: [Int: [Double]] = [:]
        var running: [(key: Int, end: Double)] = []
        // Ten hang for five seconds each, ten answer at once.
        for now in stride(from: 0.0, to: 400, by: 0.5) {
            for (key, _) in running.filter({ $0.end <= now }) {
                schedule.finish(key, failed: true, jitter: 0.5, now: now)
            }
            running.removeAll { $0.end <= now }
            for key in schedule.start(now: now) {
                starts[key, default: []].append(now)
                if key < 10 {
                    running.append((key, now + 5))
                } else {
                    schedule.finish(key, failed: false, jitter: 0.5, now: now)
                }
            }
            if now > 60 { #expect(running.count <= 2, "a quarter of the slots") }
        }
        for key in 10..<20 {
            let times = (starts[key] ?? []).filter { $0 > 60 }
            #expect(times.count >= 33, "asked on time whatever the others do: \(times.count)")
        }
        for key in 0..<10 { #expect((starts[key] ?? []).filter { $0 > 60 }.count <= 10) }
    }

    @Test("A probe that outlasts the interval is not joined by a second one")
    func overrun() {
        var schedule = schedule(1)
        #expect(schedule.start(now: 0) == [0])
        #expect(schedule.start(now: 31).isEmpty)
        #expect(schedule.overruns == 1)
        schedule.finish(0, failed: false, jitter: 0.5, now: 40)
        #expect(schedule.start(now: 61) == [0])
    }

    @Test("Who leaves while being asked is not asked again, and gives its slot back")
    func leaving() {
        var schedule = schedule(2, slots: 2)
        #expect(schedule.start(now: 30) == [0, 1])
        schedule.remove(0)
        schedule.finish(0, failed: true, jitter: 0, now: 31)
        schedule.finish(1, failed: false, jitter: 0.5, now: 31)
        #expect(schedule.inflight[.fast] == 0)
        #expect(schedule.start(now: 90) == [1])
    }

    @Test("Who changed is asked before its time, also out of a long pause")
    func hastened() {
        var schedule = schedule(1)
        var now = 0.0
        for _ in 0..<6 {
            if schedule.start(now: now) == [0] { schedule.finish(0, failed: true, jitter: 0.5, now: now) }
            now += 120
        }
        #expect(schedule.start(now: now - 119).isEmpty)
        schedule.hasten(0, now: now - 118)
        #expect(schedule.start(now: now - 118) == [0])
        #expect(schedule.inflight[.slow, default: 0] == 0)
    }
}
