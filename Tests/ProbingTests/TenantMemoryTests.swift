import Foundation
import KubeObjects
import Testing

@testable import Probing

@Suite("What is remembered of a tenant")
struct TenantMemoryTests {
    private static let now = 1_800_000_000.0

    /// - Parameters:
    ///   - age: seconds since it was created.
    ///   - readyFor: seconds since which its condition says that it is ready.
    private func tenant(
        _ phase: String, age: Double, replicas: Int = 2, readyFor: Double? = nil, now: Double = now
    ) -> TenantFacts {
        func time(_ ago: Double) -> JSON {
            .string(Timestamp.format(Date(timeIntervalSince1970: now - ago)))
        }
        var object = KubeObject([
            "metadata": ["name": "prod", "namespace": "team", "uid": "one", "creationTimestamp": time(age)],
            "spec": ["controlPlane": ["deployment": ["replicas": JSON(replicas)]]],
            "status": ["kubernetesResources": ["version": ["status": .string(phase)]]],
        ])
        if let readyFor {
            object[path: "status", "conditions"] = [
                ["type": "Ready", "status": "True", "lastTransitionTime": time(readyFor)]
            ]
        }
        return TenantFacts(object)
    }

    private struct Remembered: Equatable {
        let provisioning: Double?
        let isAwaited: Bool
        /// First servings that were seen.
        let events: Int

        init(_ provisioning: Double?, _ isAwaited: Bool, _ events: Int) {
            (self.provisioning, self.isAwaited, self.events) = (provisioning, isAwaited, events)
        }
    }

    private func remember(_ sights: [TenantFacts]) -> Remembered {
        var (memory, events) = (TenantMemory(), 0)
        for (number, facts) in sights.enumerated() {
            let found = memory.see(facts, nil, now: Self.now + Double(number))
            events += found.count { if case .provisioned = $0 { true } else { false } }
        }
        return Remembered(memory.provisioning, memory.isAwaited, events)
    }

    @Test("Whose first serving was seen has a time of provisioning")
    func witnessed() {
        let found = remember([tenant("Provisioning", age: 20), tenant("Ready", age: 21, now: Self.now + 1)])
        #expect(found == Remembered(21, false, 1))
        let slow = remember([tenant("Provisioning", age: 90_000), tenant("Ready", age: 90_001, now: Self.now + 1)])
        #expect(slow == Remembered(90_001, false, 1), "however long it took")
        #expect(remember([tenant("NotReady", age: 20)]) == Remembered(nil, true, 0))
    }

    @Test("Who was asleep, ready or broken long before we looked does not get its age for it")
    func unseen() {
        let year = 31_536_000.0
        let awake = tenant("Ready", age: year + 1, now: Self.now + 1)
        #expect(remember([tenant("Sleeping", age: year, replicas: 0), awake]) == Remembered(nil, false, 0))
        #expect(
            remember([tenant("Provisioning", age: 5), tenant("Sleeping", age: 6, replicas: 0), awake])
                == Remembered(nil, false, 0))
        #expect(remember([awake, awake]) == Remembered(nil, false, 0))
        #expect(remember([tenant("Ready", age: year, readyFor: 60)]) == Remembered(nil, false, 0), "ready again")
        #expect(remember([tenant("NotReady", age: year), awake]) == Remembered(nil, false, 0))
        #expect(remember([tenant("Upgrading", age: year), awake]) == Remembered(nil, false, 0))
    }

    @Test("Who says since when it is ready, soon after it was made, has told how long it took")
    func told() {
        #expect(remember([tenant("Ready", age: 50_000, readyFor: 49_970)]) == Remembered(30, false, 0))
    }

    @Test("Who is known to have served is not awaited after a restart, also where nobody knows how long it took")
    func restored() {
        var memory = TenantMemory()
        memory.restore(uid: "one", provisioning: nil, hasServed: true, now: Self.now)
        _ = memory.see(tenant("NotReady", age: 100), nil, now: Self.now)
        #expect(!memory.isAwaited)
        _ = memory.see(tenant("Ready", age: 200), nil, now: Self.now)
        #expect(memory.provisioning == nil)
    }
}
