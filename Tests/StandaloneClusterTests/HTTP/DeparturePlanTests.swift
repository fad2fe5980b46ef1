import NIOHTTP2
import Testing

@testable import StandaloneCluster

@Suite struct DeparturePlanTests {
    @Test func `what came before the client heard of the end is still answered`() {
        var plan = DeparturePlan()
        plan.open(1)
        #expect(plan.leave() == .announce)
        plan.open(3)
        #expect(plan.end() == .nothing)
        #expect(plan.hear() == .refuse(after: 3, closes: false))
        #expect(plan.end() == .close)
    }

    @Test func `a connection without requests closes as soon as its client has heard`() {
        var plan = DeparturePlan()
        plan.open(5)
        #expect(plan.end() == .nothing)
        #expect(plan.isIdle)
        #expect(plan.leave() == .announce)
        #expect(!plan.isIdle)
        #expect(plan.hear() == .refuse(after: 5, closes: true))
    }

    @Test func `each word is said once`() {
        var plan = DeparturePlan()
        #expect(plan.hear() == .nothing)
        #expect(plan.leave() == .announce)
        #expect(plan.leave() == .nothing)
        #expect(plan.hear() == .refuse(after: .rootStream, closes: true))
        #expect(plan.hear() == .nothing)
    }
}
