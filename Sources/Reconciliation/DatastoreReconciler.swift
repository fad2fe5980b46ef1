import Blueprint
import Datastores
import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import PKI
import TenantAPI

/// Keeps one DataStore: resolves its references, asks its server, says in its status what it found and who uses it, and
/// keeps it from being deleted while somebody does.
package struct DatastoreReconciler: Sendable {
    let api: KubeClient
    let transport: any HTTPTransport
    let registry: DatastoreRegistry
    let users: DatastoreUsers
    /// Asks for the tenants of a store to be looked at, when what they may expect of it changed.
    let stateChanged: @Sendable (String) -> Void
    let now: @Sendable () -> Date
    let log: Logger

    /// A server that answered is asked again after this long, one that did not sooner.
    static let probePeriod = Duration.seconds(60)
    static let retryPeriod = Duration.seconds(5)

    func reconcile(_ name: String) async throws -> WorkOutcome {
        let key = ObjectKey(namespace: nil, name: name)
        guard let object = try await api.find(.dataStores, key) else {
            if registry.state(of: name) != nil {
                registry.set(name, nil)
                stateChanged(name)
            }
            return .settled
        }
        let store = try DataStore(object)
        if store.isPaused {
            // Its objects are left alone; its tenants are not paused with it.
            show(await resolve(store), of: store)
            return .again(after: Self.probePeriod)
        }
        if object.isBeingDeleted { return try await release(store) }
        if !object.finalizers.contains(Keys.datastoreFinalizer) {
            var claim = ResourceType.dataStores.object(key)
            claim[path: "metadata", "uid"] = .string(object.uid)
            claim.finalizers = [Keys.datastoreFinalizer]
            _ = try await api.apply(claim, .dataStores)
        }
        let state = await resolve(store)
        try await publish(state, of: store)
        if case .ready = state { return .again(after: Self.probePeriod) }
        return .again(after: Self.retryPeriod)
    }

    /// Lets tenants know.
    private func show(_ state: DatastoreState, of store: DataStore) {
        let before = registry.state(of: store.name)
        registry.set(store.name, state)
        if !state.meansTheSame(as: before) { stateChanged(store.name) }
    }

    private func publish(_ state: DatastoreState, of store: DataStore) async throws {
        show(state, of: store)
        var status = StoreStatus(store, users: users.tenants(of: store.name), now: now())
        switch state {
        case .ready:
            status.set(Keys.datastoreValidation, true, "DataStoreIsValid", "its server answers with its credentials")
            status.isReady = true
        case .notReady(let reason, let message):
            status.set(Keys.datastoreValidation, false, reason, message)
            status.isReady = false
        case .pending: return
        }
        try await write(status, of: store)
    }

    /// Deletion waits for the last tenant. Who uses it is asked of the API server: memory may not have seen all yet. Only
    /// memory knows who is to have it by default.
    private func release(_ store: DataStore) async throws -> WorkOutcome {
        let tenants = try await api.list(.tenantControlPlanes, namespace: nil).items
        let known = Set(users.tenants(of: store.name))
        let using = tenants.filter { tenant in
            if known.contains(tenant.key) { return true }
            return (try? TenantControlPlane(tenant))?.datastoreNames(default: nil).contains(store.name) ?? false
        }
        var status = StoreStatus(store, users: using.map(\.key).sorted(), now: now())
        status.isReady = store.status.ready
        if using.isEmpty {
            status.set(Keys.datastoreAllowedDeletion, true, "DataStoreUnused", "no tenant uses it")
        } else {
            status.set(
                Keys.datastoreAllowedDeletion, false, "DataStoreStillUsed",
                "used by \(using.map { "\($0.key)" }.joined(separator: ", ")): delete these first, or move them")
        }
        try await write(status, of: store)
        guard using.isEmpty else {
            show(await resolve(store).leaving, of: store)
            return .again(after: Self.retryPeriod)
        }
        if let live = try await api.find(.dataStores, ObjectKey(namespace: nil, name: store.name)) {
            try await api.removeFinalizers([Keys.datastoreFinalizer], from: live, .dataStores)
        }
        return .settled
    }

    private func write(_ status: StoreStatus, of store: DataStore) async throws {
        guard status.json != store.object["status"] else { return }
        var object = ResourceType.dataStores.object(ObjectKey(namespace: nil, name: store.name))
        object[path: "metadata", "uid"] = .string(store.object.uid)
        object["status"] = status.json
        do {
            _ = try await api.apply(object, .dataStores, subresource: "status")
        } catch let error as KubeError where error.isNotFound || error.isConflict {
            return
        }
    }
}

extension DatastoreState {
    /// Of a store that somebody deleted.
    fileprivate var leaving: DatastoreState {
        guard case .ready(var store) = self else { return self }
        store.isBeingDeleted = true
        return .ready(store)
    }

    /// Whether tenants would do the same with either.
    fileprivate func meansTheSame(as other: DatastoreState?) -> Bool {
        switch (self, other) {
        case (.ready(let left), .ready(let right)):
            left.facts == right.facts && left.authority == right.authority
                && left.isBeingDeleted == right.isBeingDeleted
        case (.notReady(let reason, let message), .notReady(let otherReason, let otherMessage)):
            (reason, message) == (otherReason, otherMessage)
        default: false
        }
    }
}

/// `status` of a DataStore that is being written over the one before it.
private struct StoreStatus {
    var json: JSON
    private let generation: Int64
    private let stamp: String

    init(_ store: DataStore, users: [ObjectKey], now: Date) {
        json = store.object["status"] ?? [:]
        generation = store.object.generation
        stamp = Timestamp.format(now)
        json["observedGeneration"] = JSON(generation)
        json["usedBy"] = JSON(users.map(\.description))
    }

    var isReady: Bool {
        get { json["ready"]?.bool ?? false }
        set { json["ready"] = .bool(newValue) }
    }

    mutating func set(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) {
        var conditions = Conditions(json["conditions"]?.array ?? [])
        conditions.set(type, isTrue, reason: reason, message: message, generation: generation, stamp: stamp)
        json["conditions"] = .array(conditions.items)
    }
}
