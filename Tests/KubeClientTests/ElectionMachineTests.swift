import KubeObjects
import Testing

@testable import KubeClient

@Suite("Who leads")
struct ElectionMachineTests {
    private var machine = ElectionMachine(identity: "me", leaseDuration: .seconds(15))
    private let start = ContinuousClock().now

    private func lease(_ holder: String, renewed: String = "1", transitions: Int64 = 3) -> LeaseRecord {
        LeaseRecord(holder: holder, renewTime: renewed, transitions: transitions, duration: 15)
    }

    @Test("A lease that is not there, nobody's, or ours is taken")
    mutating func free() {
        #expect(machine.decide(nil, now: start) == .take(transitions: 0))
        #expect(machine.decide(lease(""), now: start) == .take(transitions: 4))
        #expect(machine.decide(lease("me"), now: start) == .take(transitions: 3))
    }

    @Test("Another's lease is waited for until nobody renewed it for its duration, by our own clock")
    mutating func expired() {
        #expect(machine.decide(lease("other"), now: start) == .wait)
        #expect(machine.decide(lease("other"), now: start + .milliseconds(14_999)) == .wait)
        #expect(machine.decide(lease("other"), now: start + .seconds(15)) == .take(transitions: 4))
    }

    @Test("Every renewal, and every change of hands, begins the wait anew")
    mutating func renewed() {
        #expect(machine.decide(lease("other"), now: start) == .wait)
        #expect(machine.decide(lease("other", renewed: "2"), now: start + .seconds(14)) == .wait)
        #expect(machine.decide(lease("other", renewed: "2"), now: start + .seconds(28)) == .wait)
        #expect(machine.decide(lease("third", renewed: "2"), now: start + .seconds(29)) == .wait)
        #expect(machine.decide(lease("third", renewed: "2"), now: start + .seconds(43)) == .wait)
        #expect(machine.decide(lease("third", renewed: "2"), now: start + .seconds(44)) == .take(transitions: 4))
    }

    @Test("A lease that went and came back is seen anew")
    mutating func deleted() {
        #expect(machine.decide(lease("other"), now: start) == .wait)
        #expect(machine.decide(nil, now: start + .seconds(1)) == .take(transitions: 0))
        #expect(machine.decide(lease("other", renewed: "2"), now: start + .seconds(20)) == .wait)
    }

    @Test("A Lease of any other shape reads as nobody's")
    func reading() {
        var object = ResourceType.leases.object(ObjectKey(namespace: "a", name: "b"))
        #expect(LeaseRecord(object) == LeaseRecord(holder: "", renewTime: "", transitions: 0, duration: 0))
        object["spec"] = [
            "holderIdentity": "x", "renewTime": "t", "leaseTransitions": 2, "leaseDurationSeconds": 15,
        ]
        #expect(LeaseRecord(object) == LeaseRecord(holder: "x", renewTime: "t", transitions: 2, duration: 15))
    }
}
