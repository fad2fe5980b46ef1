import FoundationEssentials
import KubeClient
import KubeObjects

/// The tenants that are created, and when each was done.
struct Fleet: Sendable {
    let api: KubeClient
    let size: Int
    let namespace: String
    let datastore: String
    /// Whether the tenants have a replica, and are done when they are Ready.
    let isRunning: Bool

    /// How long after its creation each tenant had all its objects, and the whole fleet.
    struct Times: Sendable {
        let tenants: [Duration]
        let all: Duration
    }

    func prepare() async throws {
        guard try await api.find(.dataStores, ObjectKey(namespace: nil, name: datastore)) != nil else {
            throw BenchError("there is no DataStore \"\(datastore)\": name another with --datastore")
        }
        let object = KubeObject([
            "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace)],
        ])
        _ = try await api.apply(object, .namespaces)
    }

    func warmUp() async throws {
        _ = try await create(names: ["warm-up"])
        try await remove(names: ["warm-up"])
    }

    /// Creates all tenants at once and waits for the last one.
    func create() async throws -> Times { try await create(names: names) }

    var names: [String] { (1...size).map { "tenant-\($0)" } }

    private func create(names: [String]) async throws -> Times {
        let clock = ContinuousClock()
        let ledger = Ledger(names, isRunning: isRunning)
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await api.watch(.tenantControlPlanes, namespace: namespace) { event in
                    switch event {
                    case .relisted(let objects, _): for object in objects { await ledger.note(object, clock.now) }
                    case .changed(let object): await ledger.note(object, clock.now)
                    case .deleted: break
                    }
                    if await ledger.isComplete { throw CancellationError() }
                }
            }
            group.addTask {
                try await withThrowingDiscardingTaskGroup { creations in
                    for name in names {
                        creations.addTask {
                            await ledger.began(name, clock.now)
                            _ = try await api.create(tenant(name), .tenantControlPlanes)
                        }
                    }
                }
            }
            do {
                try await group.waitForAll()
            } catch is CancellationError {
                group.cancelAll()
            }
        }
        return Times(tenants: await ledger.durations, all: start.duration(to: await ledger.last ?? clock.now))
    }

    func remove() async throws {
        try await remove(names: names)
        try await api.delete(.namespaces, ObjectKey(namespace: nil, name: namespace))
    }

    private func remove(names: [String]) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for name in names {
                group.addTask {
                    try await api.delete(.tenantControlPlanes, ObjectKey(namespace: namespace, name: name))
                }
            }
        }
        while try await !api.list(.tenantControlPlanes, namespace: namespace, limit: 1).items.isEmpty {
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func tenant(_ name: String) -> KubeObject {
        KubeObject([
            "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": [
                "dataStore": .string(datastore),
                "controlPlane": [
                    "deployment": ["replicas": isRunning ? 1 : 0], "service": ["serviceType": "ClusterIP"],
                ],
                "kubernetes": ["version": "v1.36.2", "kubelet": ["cgroupfs": "systemd"]],
                // The tunnel's server is a program of upstream's, which an embedded cluster may lack.
                "addons": isRunning
                    ? ["coreDNS": [:], "kubeProxy": [:]] : ["coreDNS": [:], "kubeProxy": [:], "konnectivity": [:]],
            ],
        ])
    }
}

/// When each tenant was asked for, and when it was done: its whole generation observed, which a manager writes last, and
/// Ready where it has replicas.
private actor Ledger {
    private var begun: [String: ContinuousClock.Instant] = [:]
    private var done: [String: ContinuousClock.Instant] = [:]
    private let names: Set<String>
    private let isRunning: Bool

    init(_ names: [String], isRunning: Bool) {
        self.names = Set(names)
        self.isRunning = isRunning
    }

    func began(_ name: String, _ now: ContinuousClock.Instant) { begun[name] = now }

    func note(_ tenant: KubeObject, _ now: ContinuousClock.Instant) {
        guard names.contains(tenant.name), done[tenant.name] == nil,
            let observed = tenant[path: "status", "observedGeneration"]?.integer, observed == tenant.generation,
            !isRunning || Self.isReady(tenant)
        else { return }
        done[tenant.name] = now
    }

    private static func isReady(_ tenant: KubeObject) -> Bool {
        (tenant[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"] == "Ready" && $0["status"] == "True"
        }
    }

    var isComplete: Bool { done.count == names.count }
    var last: ContinuousClock.Instant? { done.values.max() }

    var durations: [Duration] {
        done.compactMap { name, end in begun[name].map { $0.duration(to: end) } }.sorted()
    }
}
