import Blueprint
import FoundationEssentials
import KubeClient
import KubeObjects
import Logging
import PKI
import TenantAPI

/// Moves one tenant control plane from what is observed to what its spec asks for, in one pass.
///
/// Safe to repeat and to interrupt at any `await`: the queue never runs one tenant twice at once, every write is
/// idempotent, and what was made but not stored is simply made again.
package struct TenantReconciler: Sendable {
    let api: KubeClient
    let versions: ManagedVersions
    let datastores: DatastoreRegistry
    let users: DatastoreUsers
    let events: EventRecorder
    let settings: TenantSettings
    let passes: PassMemory
    let provisions: ProvisionMemory
    let sessions: TenantSessions
    let starts: StartingQueue
    let gateways: GatewayRegistry
    /// Asks for a DataStore to be looked at, when who uses it changed.
    let datastoreChanged: @Sendable (String) -> Void
    let now: @Sendable () -> Date
    let log: Logger

    /// The longest between two looks at what the cluster is collecting, or letting depart, of which no watch tells.
    static let longestPoll = Duration.seconds(5)
    /// Between two tries at a new tenant's API, which is ready a moment before it has all it starts with.
    static let startPeriod = Duration.milliseconds(250)

    func reconcile(_ key: ObjectKey) async throws -> WorkOutcome {
        if let until = passes.settledUntil(key, at: now()), !versions.hasForeignWrites(key),
            !sessions.versions.hasForeignWrites(key)
        {
            return .again(after: .seconds(max(1, until.timeIntervalSince(now()))))
        }
        guard let object = try await api.find(.tenantControlPlanes, key) else {
            forget(key)
            return .settled
        }
        let tenant = try TenantControlPlane(object)
        acknowledge(tenant, version: object.resourceVersion)
        if tenant.isPaused {
            if object.isBeingDeleted { tellPaused(object) }
            starts.leave(key, now: now())
            return .settled
        }
        for name in users.set(tenant.storageClaim(default: settings.defaultDatastore)) { datastoreChanged(name) }
        let pass = passes.begin(key)
        if object.isBeingDeleted {
            starts.leave(key, now: now())
            return try await teardown(tenant)
        }

        var progress = TenantProgress()
        var failure: (any Error)?
        var renewal: Date?
        var wait: Duration?
        do {
            renewal = try await advance(tenant, &progress)
        } catch is DatastorePending {
            // Its first look at the store wakes its tenants; until then what their status says still stands.
            return .settled
        } catch is LeftoversRemain {
            return .poll(upTo: Self.longestPoll)
        } catch is InteriorPending {
            wait = Self.startPeriod
        } catch is StartQueued {
            // Its turn wakes it; this is for a place that was never given back.
            wait = .seconds(30)
        } catch let error as TenantFailure {
            progress.failure = (error.condition, error.reason, error.message)
            // Nothing here gets better by trying again at once; what it waits for wakes the tenant up.
            if error.isOurs { failure = error }
        } catch {
            progress.failure = (.controlPlaneAvailable, "ReconcileFailed", "\(error)")
            failure = error
        }
        if progress.failure != nil { starts.leave(key, now: now()) }
        let written = try await writeStatus(of: tenant, progress)
        tell(object, written, progress)
        if let failure { throw failure }
        // Somebody wrote between our reading and our writing, and the version we now know hides it.
        if written.asks(otherThan: object) { return .again(after: .zero) }
        if let wait { return .again(after: wait) }
        guard progress.failure == nil else { return .again(after: .seconds(30)) }
        if let wait = rotationWait(tenant, progress) { return wait }
        passes.settle(key, until: renewal ?? now().addingTimeInterval(PassMemory.longest), pass)
        guard let renewal else { return .settled }
        return .again(after: .seconds(max(1, renewal.timeIntervalSince(now()))))
    }

    private func forget(_ key: ObjectKey) {
        versions.forget(key)
        passes.forget(key)
        provisions.forget(key)
        sessions.forget(key)
        starts.leave(key, now: now())
        gateways.forget(key)
        for name in users.remove(key) { datastoreChanged(name) }
    }
}

extension KubeObject {
    /// Whether a user asks for something else here than in `earlier`, the same object read before.
    fileprivate func asks(otherThan earlier: KubeObject) -> Bool {
        generation != earlier.generation || annotations != earlier.annotations
            || isBeingDeleted != earlier.isBeingDeleted
    }
}
