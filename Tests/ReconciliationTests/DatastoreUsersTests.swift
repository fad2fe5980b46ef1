import Blueprint
import KubeObjects
import Testing

@testable import Reconciliation

@Suite struct DatastoreUsersTests {
    private let users = DatastoreUsers()

    /// A tenant that was made at this hour.
    private func claim(
        _ name: String, _ hour: Int, schema: String? = nil, user: String? = nil, stores: Set<String> = ["bronze"],
        recorded: String? = nil, uid: String? = nil
    ) -> StorageClaim {
        StorageClaim(
            tenant: key(name), uid: uid ?? "uid-\(name)", created: "2026-01-01T\(hour + 10):00:00Z",
            identity: StorageIdentity(schema: schema ?? "schema-\(name)", user: user ?? "user-\(name)"),
            stores: stores, recorded: recorded)
    }

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

    private func admit(_ name: String, sharedUser: String? = nil) -> StorageConflict? {
        users.admit(key(name), sharedUser: sharedUser)
    }

    private func conflict(_ part: StorageConflict.Part, _ owner: String, _ store: String = "bronze") -> StorageConflict
    {
        StorageConflict(part: part, store: store, owner: key(owner))
    }

    @Test func `stores hear of tenants that come, move and go`() {
        #expect(users.set(claim("a", 1, stores: ["bronze", "silver"])) == ["bronze", "silver"])
        #expect(users.set(claim("a", 1, stores: ["bronze", "silver"])).isEmpty)
        #expect(users.set(claim("b", 2)) == ["bronze"])
        #expect(users.tenants(of: "bronze") == [key("a"), key("b")])
        #expect(users.set(claim("a", 1, stores: ["bronze", "gold"])) == ["silver", "gold"])
        #expect(users.tenants(of: "silver").isEmpty)
        #expect(users.remove(key("a")) == ["bronze", "gold"])
        #expect(users.remove(key("a")).isEmpty)
        #expect(users.tenants(of: "bronze") == [key("b")])
    }

    @Test func `tenants with names of their own are all let in`() {
        for (index, name) in ["a", "b", "c"].enumerated() { _ = users.set(claim(name, index)) }
        for name in ["a", "b", "c"] { #expect(admit(name) == nil) }
    }

    @Test func `another's schema is refused, and another's user, in the same store only`() {
        _ = users.set(claim("a", 1))
        #expect(admit("a") == nil)
        _ = users.set(claim("b", 2, schema: "schema-a"))
        #expect(admit("b") == conflict(.schema, "a"))
        _ = users.set(claim("c", 3, user: "user-a"))
        #expect(admit("c") == conflict(.user, "a"))
        _ = users.set(claim("d", 4, schema: "schema-a", user: "user-a", stores: ["silver"]))
        #expect(admit("d") == nil)
        // As an override, which is a store like any other.
        _ = users.set(claim("e", 5, schema: "schema-a", stores: ["bronze", "gold"]))
        #expect(admit("e") == conflict(.schema, "a"))
        #expect(admit("a") == nil)
    }

    @Test func `the older of two that are both new has it, whichever comes first`() {
        _ = users.set(claim("young", 2, schema: "x"))
        _ = users.set(claim("old", 1, schema: "x"))
        #expect(admit("young") == conflict(.schema, "old"))
        #expect(admit("old") == nil)
    }

    @Test func `who was let in, or is recorded, stands above an older one that comes later`() {
        _ = users.set(claim("young", 2, schema: "x"))
        #expect(admit("young") == nil)
        _ = users.set(claim("old", 1, schema: "x"))
        #expect(admit("old") == conflict(.schema, "young"))

        _ = users.set(claim("oldest", 0, schema: "y"))
        _ = users.set(claim("recorded", 5, schema: "y", recorded: "bronze"))
        #expect(admit("oldest") == conflict(.schema, "recorded"))
        #expect(admit("recorded") == nil)
        // What is recorded in one store is no claim in another.
        _ = users.set(claim("elsewhere", 5, schema: "z", stores: ["bronze", "silver"], recorded: "silver"))
        _ = users.set(claim("older", 4, schema: "z"))
        #expect(admit("older") == nil)
        #expect(admit("elsewhere") == conflict(.schema, "older"))
    }

    @Test func `a schema inside of another's is that one's, on either side`() {
        _ = users.set(claim("a", 1, schema: "team/a"))
        #expect(admit("a") == nil)
        _ = users.set(claim("inside", 2, schema: "team/a/registry/secrets"))
        #expect(admit("inside") == conflict(.schema, "a"))
        _ = users.set(claim("around", 3, schema: "team"))
        #expect(admit("around") == conflict(.schema, "a"))
        for (index, schema) in ["team/b", "team/aa", "tea", "team/"].enumerated() {
            _ = users.set(claim("beside-\(index)", 4, schema: schema))
            #expect(admit("beside-\(index)") == nil, "\(schema)")
        }
    }

    @Test func `a user that the store gives to all its tenants is no conflict`() {
        _ = users.set(claim("a", 1, user: "shared"))
        _ = users.set(claim("b", 2, user: "shared"))
        #expect(admit("a", sharedUser: "shared") == nil)
        #expect(admit("b", sharedUser: "shared") == nil)
        #expect(admit("b") == conflict(.user, "a"))
    }

    @Test func `a name is free once its tenant is gone, also when the next has the tenant's name`() {
        _ = users.set(claim("a", 1, schema: "x"))
        #expect(admit("a") == nil)
        _ = users.set(claim("b", 2, schema: "x"))
        #expect(admit("b") != nil)
        _ = users.set(claim("a", 3, schema: "x", uid: "another"))
        #expect(admit("b") == nil)
        #expect(admit("a") == conflict(.schema, "b"))
        _ = users.remove(key("b"))
        #expect(admit("a") == nil)
    }

    @Test func `what is another's as well is not taken away, what another only asks for is`() {
        _ = users.set(claim("owner", 1, schema: "x"))
        #expect(admit("owner") == nil)
        _ = users.set(claim("thief", 2, schema: "x"))
        #expect(admit("thief") != nil)
        #expect(users.cotenant(of: key("thief"), in: "bronze") == key("owner"))
        #expect(users.cotenant(of: key("owner"), in: "bronze") == nil)
        // From before anybody looked: both are recorded.
        _ = users.set(claim("second", 3, schema: "x", recorded: "bronze"))
        #expect(users.cotenant(of: key("owner"), in: "bronze") == key("second"))
        #expect(users.cotenant(of: key("owner"), in: "silver") == nil)
    }
}
