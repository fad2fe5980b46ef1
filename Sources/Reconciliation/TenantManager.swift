import Blueprint
import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import ServiceLifecycle
import TenantAPI

/// The whole of reconciliation over one admin cluster: watches, queues and reconcilers, for as long as it leads.
package struct TenantManager: Sendable {
    private let api: KubeClient
    private let log: Logger
    private let versions = ManagedVersions()
    private let passes = PassMemory()
    private let provisions = ProvisionMemory()
    private let sessions: TenantSessions
    private let starts: StartingQueue
    private let datastores = DatastoreRegistry()
    private let users = DatastoreUsers()
    private let settings: TenantSettings
    private let transport: any HTTPTransport
    private let events: EventRecorder
    private let tenantQueue: Controller<ObjectKey>
    private let datastoreQueue: Controller<String>
    private let generatorQueue: Controller<String>
    private let generators = GeneratorMemory()
    private let gateways = GatewayRegistry()
    private let now: @Sendable () -> Date
    package let metrics: ManagerMetrics

    static let datastoreWorkers = 8
    /// Control planes that may start at a time on the smallest admin cluster.
    static let leastStarts = 2
    static let capacityPeriod = Duration.seconds(600)
    static let generatorWorkers = 2
    /// Changes of who uses a DataStore gather for this long before its status tells them.
    static let usageDelay = Duration.seconds(1)

    package init(
        api: KubeClient, transport: any HTTPTransport, settings: TenantSettings, instance: String,
        metrics: ManagerMetrics, log: Logger, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.api = api
        self.transport = transport
        self.settings = settings
        self.metrics = metrics
        self.log = log
        self.now = now
        events = EventRecorder(client: api, controller: "kamaji-manager", instance: instance, now: now, log: log)
        let tenantQueue = Controller<ObjectKey>(name: "tenantcontrolplane", workers: settings.workers, log: log)
        let passes = passes
        self.tenantQueue = tenantQueue
        let wake: @Sendable (ObjectKey) -> Void = { tenant in
            passes.invalidate(tenant)
            tenantQueue.enqueue(tenant)
        }
        sessions = TenantSessions(log: log, changed: wake)
        starts = StartingQueue(limit: settings.startingLimit ?? Self.leastStarts, turn: wake)
        datastoreQueue = Controller(name: "datastore", workers: Self.datastoreWorkers, log: log)
        generatorQueue = Controller(name: "kubeconfiggenerator", workers: Self.generatorWorkers, log: log)
    }

    /// Runs until the task is cancelled; work that is under way is finished first.
    /// - Parameter listed: called once everything that is there has been listed and passes begin.
    package func run(listed: @escaping @Sendable () -> Void = {}) async throws {
        let servesRoutes = try await gateways.lookForRoutes(api)
        let tenants = tenantReconciler(settings)
        let stores = datastoreReconciler()
        let generation = generatorReconciler(settings)
        let generatorWatches = GeneratorWatches(
            api: api, memory: generators, enqueue: { generatorQueue.enqueue($0, after: $1) })
        let (synchronized, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let watches = FleetWatches(
            api: api, versions: versions, servesTLSRoutes: servesRoutes,
            tenantChanged: { tenantQueue.enqueue($0) }, tenantSeen: { tenantQueue.enqueue($0) },
            fleetChanged: { generatorWatches.wakeAll() },
            datastoreChanged: { name in
                datastores.expect(name)
                datastoreQueue.enqueue(name)
            }, synchronized: { continuation.yield() })
        log.info("reconciling", metadata: ["server": "\(api.connection.server)"])

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watches.run() }
            group.addTask { await events.run() }
            group.addTask { await sessions.run() }
            if settings.startingLimit == nil { group.addTask { try await followCapacity() } }
            group.addTask { try await generatorWatches.run() }
            group.addTask {
                await gateways.routesAreServed()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await watches.watchLateRoutes() }
                    group.addTask { try await gateways.watch(api) { wake($0) } }
                    try await group.waitForAll()
                }
            }
            group.addTask {
                // Before everything is listed, what is there would look absent.
                for await _ in synchronized { break }
                try await learnUsers()
                listed()
                await withDiscardingTaskGroup { workers in
                    workers.addTask {
                        await tenantQueue.run { key in
                            try await metrics.timed("tenantcontrolplane") {
                                try await tenants.reconcile(key)
                            }
                        }
                    }
                    workers.addTask {
                        await datastoreQueue.run { name in
                            try await metrics.timed("datastore") {
                                try await stores.reconcile(name)
                            }
                        }
                    }
                    workers.addTask {
                        await generatorQueue.run { name in
                            try await metrics.timed("kubeconfiggenerator") {
                                try await generation.reconcile(name)
                            }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Lets as many control planes start at a time as the admin cluster has CPUs to give.
    private func followCapacity() async throws {
        while true {
            do {
                let nodes = try await api.list(.nodes, namespace: nil).items
                starts.resize(max(Self.leastStarts, NodeCapacity.allocatableCPUs(nodes)))
            } catch {
                log.debug("nodes cannot be listed", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: Self.capacityPeriod)
        }
    }

    /// Who uses which DataStore, before the first DataStore tells: after a restart nobody would seem to.
    private func learnUsers() async throws {
        for object in try await api.list(.tenantControlPlanes, namespace: nil).items {
            guard let tenant = try? TenantControlPlane(object) else { continue }
            _ = users.set(tenant.storageClaim(default: settings.defaultDatastore))
        }
    }

    private func tenantReconciler(_ settings: TenantSettings) -> TenantReconciler {
        TenantReconciler(
            api: api, versions: versions, datastores: datastores, users: users, events: events, settings: settings,
            passes: passes, provisions: provisions, sessions: sessions, starts: starts, gateways: gateways,
            datastoreChanged: { datastoreQueue.enqueue($0, after: Self.usageDelay) }, now: now, log: log)
    }

    private func datastoreReconciler() -> DatastoreReconciler {
        DatastoreReconciler(
            api: api, transport: transport, registry: datastores, users: users,
            stateChanged: { name in
                for tenant in users.tenants(of: name) { wake(tenant) }
            },
            now: now, log: log)
    }

    private func generatorReconciler(_ settings: TenantSettings) -> GeneratorReconciler {
        GeneratorReconciler(
            api: api, memory: generators, events: events, renewBefore: settings.renewBefore, now: now, log: log)
    }

    /// What a tenant depends on changed, though nothing of its own did.
    private func wake(_ tenant: ObjectKey) {
        passes.invalidate(tenant)
        tenantQueue.enqueue(tenant)
    }

    /// What waits, is worked on and fails, by queue, for the metrics.
    package var depths: [(queue: String, waiting: Int, working: Int, failing: Int)] {
        let tenants = tenantQueue.depth
        let stores = datastoreQueue.depth
        let generators = generatorQueue.depth
        return [
            ("tenantcontrolplane", tenants.waiting, tenants.working, tenants.failing),
            ("datastore", stores.waiting, stores.working, stores.failing),
            ("kubeconfiggenerator", generators.waiting, generators.working, generators.failing),
        ]
    }
}
