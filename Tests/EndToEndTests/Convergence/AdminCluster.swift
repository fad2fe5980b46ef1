import Blueprint
import Datastores
import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import PKI
import Reconciliation
import ServiceLifecycle
import StandaloneCluster
import TenantAPI

@testable import kamaji_manager

/// An admin API and a real etcd with authentication on, without a manager: what a manager that is killed, or shaken,
/// finds again.
struct AdminCluster: Sendable {
    let state: StateDirectory
    /// As the administrator, over a connection without faults.
    let api: KubeClient
    let etcd: EtcdDatastore
    let material: ClusterMaterial
    let transport: any HTTPTransport
    private let etcdEndpoint: String
    var kubeconfig: String { state.file("admin.conf") }

    static let etcdProgram = ["/usr/local/kubebuilder/bin/etcd", "/usr/bin/etcd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Runs `body` beside a fresh cluster, and ends that with it.
    static func run(_ body: @escaping @Sendable (AdminCluster) async throws -> Void) async throws {
        guard let program = etcdProgram else {
            throw StandaloneError("no etcd on this machine: install Debian's etcd-server")
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "kamaji-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (network, claim) = try LoopbackNetwork.claim(nil)
        defer { withExtendedLifetime(claim) {} }
        let state = try StateDirectory(path: folder)
        var log = Logger(label: "admin-cluster")
        log.logLevel = .error
        let programs = UpstreamPrograms(
            directory: URL(filePath: program).deletingLastPathComponent().path, environment: [:])
        let services = try StandaloneServices(
            state: state, settings: ClusterSettings(network: network.index, engine: .embedded, port: 0),
            network: network, programs: programs, log: log)
        let etcd = LocalEtcd(
            program: program, address: network.datastore, state: state, material: services.material, log: log)
        let group = ServiceGroup(configuration: .init(services: [services.server, etcd], logger: log))
        let transport = CurlTransport()
        defer { transport.shutdown() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(try await furnish(services, etcd, state, transport, log))
                await group.triggerGracefulShutdown()
            } catch {
                // Otherwise the cluster would be waited for for ever.
                await group.triggerGracefulShutdown()
                throw error
            }
            try await tasks.waitForAll()
        }
    }

    private static func furnish(
        _ services: StandaloneServices, _ etcd: LocalEtcd, _ state: StateDirectory, _ transport: CurlTransport,
        _ log: Logger
    ) async throws -> AdminCluster {
        let port = try await services.server.ready()
        let root = try await etcd.furnish(transport)
        let administrator = try services.material.administrator(server: "https://127.0.0.1:\(port)")
        try state.write(Array(administrator.yaml.utf8), to: "admin.conf")
        let api = KubeClient(
            connection: try ClusterConnection(administrator), transport: transport, fieldManager: "test", log: log)
        for definition in CustomResources.all { _ = try await api.apply(definition, .customResourceDefinitions) }
        _ = try await api.apply(DefaultDatastore.namespaceObject, .namespaces)
        let objects = DefaultDatastore.etcd(
            endpoint: etcd.endpoint, material: services.material, root: root)
        for (object, type) in objects { _ = try await api.apply(object, type) }
        let driver = EtcdDatastore(
            endpoints: [etcd.endpoint],
            tls: TLSSettings(
                certificateAuthorities: services.material.authority.certificate.pem,
                clientCertificate: root.certificate, clientKey: root.key),
            transport: transport)
        return AdminCluster(
            state: state, api: api, etcd: driver, material: services.material, transport: transport,
            etcdEndpoint: etcd.endpoint)
    }
}

extension AdminCluster {
    /// Runs `body` beside a manager in this process, which has ended when this returns.
    func managing<Result: Sendable>(
        over other: (any HTTPTransport)? = nil, listed: @escaping @Sendable () -> Void = {},
        _ body: () async throws -> Result
    ) async throws -> Result {
        var log = Logger(label: "managing")
        log.logLevel = .critical
        let connection = try ClusterConnection.load(path: kubeconfig, environment: [:])
        let api = KubeClient(
            connection: connection, transport: other ?? transport, fieldManager: "kamaji-manager", log: log)
        let manager = TenantManager(
            api: api, transport: transport, settings: TenantSettings(), instance: "test", metrics: ManagerMetrics(),
            log: log)
        let running = Task { try await manager.run(listed: listed) }
        do {
            let result = try await body()
            running.cancel()
            _ = await running.result
            return result
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
    }

    /// Writes one key as the tenant's own API server would, with the tenant's client of etcd. False when there is no such
    /// tenant, or etcd does not let it.
    func write(_ name: String, as tenant: String) async throws -> Bool {
        func secret(_ suffix: String) async throws -> KubeObject? {
            try await api.find(.secrets, ObjectKey(namespace: FleetScript.namespace, name: "\(tenant)-\(suffix)"))
        }
        guard let pair = try await secret("datastore-certificate")?.secretData,
            let schema = try await secret("datastore-config")?.secretData["DB_SCHEMA"]
        else { return false }
        let client = EtcdDatastore(
            endpoints: [etcdEndpoint],
            tls: TLSSettings(
                certificateAuthorities: pair["ca.crt"], clientCertificate: pair["server.crt"],
                clientKey: pair["server.key"]),
            transport: transport)
        do {
            try await client.put([1], at: "/\(String(decoding: schema, as: UTF8.self))/registry/\(name)")
            return true
        } catch is EtcdError {
            return false
        }
    }
}
