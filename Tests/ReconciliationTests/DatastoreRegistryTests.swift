import Blueprint
import Datastores
import KubeObjects
import TenantAPI
import Testing

@testable import Reconciliation

@Suite struct DatastoreRegistryTests {
    private let registry = DatastoreRegistry()

    private func store(_ endpoint: String) -> DatastoreState {
        .ready(
            ResolvedDatastore(
                facts: DatastoreFacts(name: "bronze", driver: .sqlite, endpoints: [endpoint]), authority: nil,
                driver: SQLiteDatastore(directory: endpoint)))
    }

    /// Nil when it is not ready.
    private var appearance: UInt64? {
        guard case .ready(let store) = registry.state(of: "bronze") else { return nil }
        return store.appearance
    }

    @Test func `a store is unknown, then expected, then what was found, then gone`() {
        #expect(registry.state(of: "bronze") == nil)
        registry.expect("bronze")
        guard case .pending = registry.state(of: "bronze") else {
            Issue.record("not pending: \(String(describing: registry.state(of: "bronze")))")
            return
        }
        registry.set("bronze", store("/a"))
        #expect(appearance != nil)
        // A watch that tells of it once more takes nothing back.
        registry.expect("bronze")
        #expect(appearance != nil)
        #expect(registry.names == ["bronze"])
        registry.set("bronze", nil)
        #expect(registry.state(of: "bronze") == nil)
    }

    @Test func `a store that stays is the same, and another after it was away or became another`() {
        registry.set("bronze", store("/a"))
        let first = appearance
        registry.set("bronze", store("/a"))
        #expect(appearance == first)
        registry.set("bronze", .notReady(reason: "DataStoreUnreachable", message: "no"))
        #expect(appearance == nil)
        registry.set("bronze", store("/a"))
        let second = appearance
        #expect(second != first)
        registry.set("bronze", store("/b"))
        #expect(appearance != second && appearance != first)
    }

    @Test func `what was provisioned is believed of this tenant, these names and this appearance only`() {
        let memory = ProvisionMemory()
        let tenant = ObjectKey(namespace: "default", name: "a")
        func entry(
            _ uid: String = "1", user: String = "u", password: String = "p", in appearances: [UInt64] = [1]
        ) -> ProvisionMemory.Entry {
            ProvisionMemory.Entry(
                uid: uid, storage: TenantStorage(schema: "s", user: user, password: password), appearances: appearances)
        }
        #expect(!memory.holds(entry(), of: tenant))
        memory.note(entry(), of: tenant)
        #expect(memory.holds(entry(), of: tenant))
        for other in [entry("2"), entry(user: "v"), entry(password: "q"), entry(in: [2]), entry(in: [1, 1])] {
            #expect(!memory.holds(other, of: tenant))
        }
        memory.forget(tenant)
        #expect(!memory.holds(entry(), of: tenant))
    }
}
