import Blueprint
import KubeObjects
import Synchronization
import TenantAPI

/// Where a tenant's data lives or is to live, as its object says.
struct StorageClaim: Sendable, Hashable {
    let tenant: ObjectKey
    let uid: String
    /// When the tenant was made, RFC 3339 in UTC, so that the order of the texts is that of the times.
    let created: String
    let identity: StorageIdentity
    let stores: Set<String>
    /// The store in which the tenant's user and rights were made, as its status says; nil before.
    let recorded: String?
}

/// Two tenants would have one place in one store, or one user: either could read, or delete, what is the other's.
struct StorageConflict: Sendable, Hashable {
    enum Part: Sendable, Hashable { case schema, user }

    let part: Part
    let store: String
    /// Who has it, or has the older claim to it.
    let owner: ObjectKey
}

/// Which tenants want which DataStores, and under which names, as far as their last passes told.
package final class DatastoreUsers: Sendable {
    /// What tenants may collide in. One schema inside another is a collision too: `a/b` is a part of what `a` may touch.
    fileprivate enum Place: Hashable {
        case schema(String, store: String)
        case inside(String, store: String)
        case user(String, store: String)
    }

    private struct State {
        var claims: [ObjectKey: StorageClaim] = [:]
        /// Stores that this process let a tenant into.
        var admitted: [ObjectKey: Set<String>] = [:]
        var places: [Place: Set<ObjectKey>] = [:]

        mutating func replace(_ tenant: ObjectKey, _ claim: StorageClaim?) -> Set<String> {
            let before = claims[tenant]
            guard before != claim else { return [] }
            for place in before?.places ?? [] {
                places[place]?.remove(tenant)
                if places[place]?.isEmpty ?? false { places[place] = nil }
            }
            for place in claim?.places ?? [] { places[place, default: []].insert(tenant) }
            claims[tenant] = claim
            if claim == nil || claim?.uid != before?.uid || claim?.identity != before?.identity {
                admitted[tenant] = nil
            } else {
                admitted[tenant]?.formIntersection(claim?.stores ?? [])
            }
            return (before?.stores ?? []).symmetricDifference(claim?.stores ?? [])
        }

        func isSettled(_ claim: StorageClaim, in store: String) -> Bool {
            claim.recorded == store || admitted[claim.tenant]?.contains(store) ?? false
        }

        /// Whether `one` stands above `other`, with which it conflicts in a store.
        func stands(_ one: StorageClaim, above other: StorageClaim, in store: String) -> Bool {
            let (isSettled, isOtherSettled) = (isSettled(one, in: store), isSettled(other, in: store))
            if isSettled != isOtherSettled { return isSettled }
            guard (one.created, one.tenant) < (other.created, other.tenant) else { return false }
            // One that is refused itself refuses nobody.
            return isSettled || !conflicts(of: one, in: store).contains { self.isSettled($0.rival, in: store) }
        }

        func conflicts(of claim: StorageClaim, in store: String) -> [(part: StorageConflict.Part, rival: StorageClaim)]
        {
            let schema = claim.identity.schema
            var rivals = places[.inside(schema, store: store)] ?? []
            for name in [schema] + StorageClaim.around(schema) {
                rivals.formUnion(places[.schema(name, store: store)] ?? [])
            }
            let users = places[.user(claim.identity.user, store: store)] ?? []
            func others(_ tenants: Set<ObjectKey>) -> [StorageClaim] {
                tenants.compactMap { $0 == claim.tenant ? nil : claims[$0] }
            }
            return others(rivals).map { (.schema, $0) } + others(users).map { (.user, $0) }
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Takes note of what a tenant uses now; gives the stores for which that is news.
    func set(_ claim: StorageClaim) -> Set<String> { state.withLock { $0.replace(claim.tenant, claim) } }

    /// The tenant is gone; gives the stores that it used.
    func remove(_ tenant: ObjectKey) -> Set<String> { state.withLock { $0.replace(tenant, nil) } }

    func tenants(of store: String) -> [ObjectKey] {
        state.withLock { state in state.claims.values.filter { $0.stores.contains(store) }.map(\.tenant).sorted() }
    }

    /// Lets the tenant into its stores, unless another has its names there: one whose user and rights were made stands
    /// above one whose were not, and then the older above the younger. Who is let in stays so.
    /// - Parameter sharedUser: the store's own user, which all its tenants have by design.
    func admit(_ tenant: ObjectKey, sharedUser: String?) -> StorageConflict? {
        state.withLock { state -> StorageConflict? in
            guard let claim = state.claims[tenant] else { return nil }
            for store in claim.stores.sorted() {
                for (part, rival) in state.conflicts(of: claim, in: store)
                where !(part == .user && claim.identity.user == sharedUser)
                    && state.stands(rival, above: claim, in: store)
                {
                    return StorageConflict(part: part, store: store, owner: rival.tenant)
                }
            }
            state.admitted[tenant] = claim.stores
            return nil
        }
    }

    /// Another tenant that lives in the same place of a store: what is there is not this one's alone to take away.
    func cotenant(of tenant: ObjectKey, in store: String) -> ObjectKey? {
        state.withLock { state in
            guard let claim = state.claims[tenant] else { return nil }
            return state.conflicts(of: claim, in: store)
                .filter { state.isSettled($0.rival, in: store) }
                .map(\.rival.tenant).min()
        }
    }
}

extension StorageClaim {
    fileprivate var places: [DatastoreUsers.Place] {
        stores.flatMap { store in
            [.schema(identity.schema, store: store), .user(identity.user, store: store)]
                + Self.around(identity.schema).map { .inside($0, store: store) }
        }
    }

    /// The schemas whose place holds that of this one: what stands before each slash.
    fileprivate static func around(_ schema: String) -> [String] {
        schema.indices.filter { schema[$0] == "/" }.map { String(schema[..<$0]) }
    }
}

extension TenantControlPlane {
    /// Every DataStore that holds or will hold data of this tenant.
    func datastoreNames(default defaultName: String?) -> Set<String> {
        var names = Set(spec.dataStoreOverrides.map(\.dataStore))
        if let name = spec.dataStore ?? defaultName, !name.isEmpty { names.insert(name) }
        if let name = object[path: "status", "storage", "dataStoreName"]?.string { names.insert(name) }
        return names
    }

    func storageClaim(default defaultName: String?) -> StorageClaim {
        let storage = object[path: "status", "storage"]
        let isMade = storage?[path: "setup", "schema"]?.string?.isEmpty == false
        return StorageClaim(
            tenant: key, uid: object.uid, created: object.creationTimestamp ?? "", identity: storageIdentity,
            stores: datastoreNames(default: defaultName), recorded: isMade ? storage?["dataStoreName"]?.string : nil)
    }
}
