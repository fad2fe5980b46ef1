import FoundationEssentials
import KubeObjects
import Testing

@testable import Reconciliation

@Suite struct PassMemoryTests {
    private let memory = PassMemory()
    private let tenant = ObjectKey(namespace: "default", name: "a")
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private var later: Date { now.addingTimeInterval(100) }

    @Test func `what a pass found is believed until the time it named`() {
        memory.settle(tenant, until: later, memory.begin(tenant))
        #expect(memory.settledUntil(tenant, at: now) == later)
        #expect(memory.settledUntil(tenant, at: later) == nil)
        #expect(memory.settledUntil(ObjectKey(namespace: "other", name: "a"), at: now) == nil)
    }

    @Test func `a pass that begins takes back what the last one found`() {
        memory.settle(tenant, until: later, memory.begin(tenant))
        _ = memory.begin(tenant)
        #expect(memory.settledUntil(tenant, at: now) == nil)
    }

    @Test func `a pass that began before an invalidation is not believed`() {
        let pass = memory.begin(tenant)
        memory.invalidate(tenant)
        memory.settle(tenant, until: later, pass)
        #expect(memory.settledUntil(tenant, at: now) == nil)
        memory.settle(tenant, until: later, memory.begin(tenant))
        #expect(memory.settledUntil(tenant, at: now) == later)
        memory.invalidate(tenant)
        #expect(memory.settledUntil(tenant, at: now) == nil)
    }

    @Test func `a pass of a tenant that was forgotten under way is not believed of the next of that name`() {
        let pass = memory.begin(tenant)
        memory.forget(tenant)
        memory.settle(tenant, until: later, pass)
        #expect(memory.settledUntil(tenant, at: now) == nil)
        #expect(memory.begin(tenant) != pass)
    }

    @Test func `one tenant's invalidation is not another's`() {
        let other = ObjectKey(namespace: "default", name: "b")
        let pass = memory.begin(tenant)
        memory.invalidate(other)
        memory.settle(tenant, until: later, pass)
        #expect(memory.settledUntil(tenant, at: now) == later)
    }
}
