import Blueprint
import KubeClient
import KubeObjects
import Logging
import Synchronization
import TenantAPI

/// How one tenant's API is reached and what of it is watched. Two that are equal need one session.
struct SessionPlan: Sendable, Hashable {
    let server: String
    /// What we enter with.
    let kubeconfig: [UInt8]
    /// What we keep inside, by kind and name.
    let objects: Set<ManagedID>
    /// Whether its nodes are dialled through the tunnel.
    let dialsNodes: Bool
    /// What none of its nodes may be called.
    let reserved: ReservedNames

    var kinds: Set<ResourceType> { Set(objects.map(\.type)) }
}

/// The tenants whose API answers: a client and a few watches for each, held by one place for the whole fleet.
///
/// A session lasts until the tenant stops answering, or is reached or furnished in another way.
package final class TenantSessions: Sendable {
    private struct Session {
        /// Of the plan, which is large.
        let identity: Int
        let client: KubeClient
        let stop: AsyncStream<Never>.Continuation
        var tunnel: TunnelState?
        var isSwept = false
    }

    /// A session's task lives long and there are thousands: it holds of its plan what it needs.
    private struct Start: Sendable {
        let tenant: ObjectKey
        let identity: Int
        let kinds: Set<ResourceType>
        let dialsNodes: Bool
        let reserved: ReservedNames
        let client: KubeClient
        let stopped: AsyncStream<Never>
    }

    /// What inside tenants is ours, and whether somebody else wrote it.
    let versions = ManagedVersions()
    private let sessions = Mutex<[ObjectKey: Session]>([:])
    private let starts: AsyncStream<Start>
    private let starting: AsyncStream<Start>.Continuation
    private let log: Logger
    private let changed: @Sendable (ObjectKey) -> Void

    /// - Parameter changed: told when something inside a tenant wants its reconciliation.
    package init(log: Logger, changed: @escaping @Sendable (ObjectKey) -> Void) {
        self.log = log
        self.changed = changed
        (starts, starting) = AsyncStream.makeStream(of: Start.self)
    }

    /// The client of the tenant's API. Begins a session unless the one that runs is by this plan; `make` is called then.
    func client(
        of tenant: ObjectKey, plan: SessionPlan, make: () throws -> KubeClient
    ) rethrows -> KubeClient {
        let identity = plan.hashValue
        if let running = sessions.withLock({ $0[tenant] }), running.identity == identity { return running.client }
        end(tenant)
        let client = try make()
        let (stopped, stop) = AsyncStream.makeStream(of: Never.self)
        sessions.withLock { $0[tenant] = Session(identity: identity, client: client, stop: stop) }
        starting.yield(
            Start(
                tenant: tenant, identity: identity, kinds: plan.kinds, dialsNodes: plan.dialsNodes,
                reserved: plan.reserved, client: client, stopped: stopped))
        return client
    }

    /// Ends the tenant's session, if it has one. What is known of its objects stays known.
    func end(_ tenant: ObjectKey) {
        sessions.withLock { $0.removeValue(forKey: tenant) }?.stop.finish()
    }

    /// The tenant is gone for good.
    func forget(_ tenant: ObjectKey) {
        end(tenant)
        versions.forgetAll(tenant)
    }

    /// Whether what earlier plans may have left inside was looked for in this session.
    func isSwept(_ tenant: ObjectKey) -> Bool { sessions.withLock { $0[tenant]?.isSwept ?? false } }
    func noteSwept(_ tenant: ObjectKey) { sessions.withLock { $0[tenant]?.isSwept = true } }

    /// How the tunnel was last found; nil before somebody looked.
    func tunnel(of tenant: ObjectKey) -> TunnelState? { sessions.withLock { $0[tenant]?.tunnel } }

    var count: Int { sessions.withLock { $0.count } }

    /// Keeps the sessions' watches up until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await start in starts {
                group.addTask { await self.keep(start) }
            }
            group.cancelAll()
        }
    }

    private func keep(_ start: Start) async {
        let events = EventRecorder(
            client: start.client, controller: "kamaji-manager", instance: "\(start.tenant)", log: log)
        let approver = NodeApprover(
            client: start.client, tenant: start.tenant, reserved: start.reserved, events: events, log: log)
        let watch = InteriorWatch(
            tenant: start.tenant, client: start.client, versions: versions, approver: approver, changed: changed)
        await withDiscardingTaskGroup { group in
            group.addTask { await watch.run(start.kinds) }
            // Only cancellation ends it.
            group.addTask { try? await approver.work() }
            group.addTask { await events.run() }
            if start.dialsNodes {
                group.addTask {
                    await TunnelProbe(client: start.client).run { self.show($0, of: start) }
                }
            }
            // What runs in the group ends by being cancelled.
            for await _ in start.stopped {}
            group.cancelAll()
        }
    }

    private func show(_ tunnel: TunnelState, of start: Start) {
        let isNews = sessions.withLock { sessions in
            guard let session = sessions[start.tenant], session.identity == start.identity, session.tunnel != tunnel
            else { return false }
            sessions[start.tenant]?.tunnel = tunnel
            return true
        }
        if isNews { changed(start.tenant) }
    }
}
