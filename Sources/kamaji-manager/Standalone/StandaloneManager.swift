import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Reconciliation
import ServiceLifecycle
import StandaloneCluster
import TenantAPI

/// Gives the fresh cluster what it needs (definitions, the DataStore `default`), then reconciles it, with exactly the
/// code that runs in any other.
struct StandaloneManager: Service {
    let server: EmbeddedAPIServer
    let etcd: LocalEtcd?
    let material: ClusterMaterial
    let state: StateDirectory
    let transport: any HTTPTransport
    /// What the manager is told; nil leaves reconciling to somebody else.
    let settings: TenantSettings?
    let metrics: ManagerMetrics
    let depths: QueueDepths
    let readiness: Readiness
    let log: Logger
    /// Called once with the path of the administrator's kubeconfig, when everything is there.
    let started: @Sendable (String) -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                let connection = try await furnish()
                guard var settings else {
                    started(state.file("admin.conf"))
                    readiness.set(ready: true)
                    return try await gracefulShutdown()
                }
                settings.defaultDatastore = settings.defaultDatastore ?? DefaultDatastore.name
                try await reconcile(connection, settings)
            } catch  where Task.isCancelled {
                // However the interrupted step put it.
                return
            }
        }
    }

    /// Writes the administrator's kubeconfig and gives the cluster its definitions and its DataStore.
    private func furnish() async throws -> ClusterConnection {
        let port = try await server.ready()
        let administrator = try material.administrator(server: "https://127.0.0.1:\(port)")
        try state.write(Array(administrator.yaml.utf8), to: "admin.conf")
        let connection = try ClusterConnection(administrator)
        try await furnish(
            KubeClient(connection: connection, transport: transport, fieldManager: "kamaji-standalone", log: log))
        return connection
    }

    private func reconcile(_ connection: ClusterConnection, _ settings: TenantSettings) async throws {
        let api = KubeClient(connection: connection, transport: transport, fieldManager: "kamaji-manager", log: log)
        let manager = TenantManager(
            api: api, transport: transport, settings: settings, instance: "standalone", metrics: metrics, log: log)
        depths.watch(manager)
        started(state.file("admin.conf"))
        try await manager.run { readiness.set(ready: true) }
    }

    /// Under a name of its own: what the manager applies to the same objects, a finalizer, must not withdraw the rest.
    private func furnish(_ api: KubeClient) async throws {
        for definition in CustomResources.all { _ = try await api.apply(definition, .customResourceDefinitions) }
        _ = try await api.apply(DefaultDatastore.namespaceObject, .namespaces)
        for (object, type) in try await datastore() { _ = try await api.apply(object, type) }
    }

    private func datastore() async throws -> [(KubeObject, ResourceType)] {
        guard let etcd else { return DefaultDatastore.sqlite(directory: try state.directory("tenants")) }
        let root = try await etcd.furnish(transport)
        return DefaultDatastore.etcd(endpoint: etcd.endpoint, material: material, root: root)
    }
}
