import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import PKI
import Reconciliation
import Synchronization
import TenantAPI
import Testing

/// An admin cluster with a manager in this process. Tenants sleep in it: everything is made for them but pods.
struct ManagedCluster: Sendable {
    let api: KubeClient
    private let log: Logger

    /// - Parameter furnish: what is there before the manager starts.
    static func run(
        furnish: @escaping @Sendable (KubeClient) async throws -> Void = { _ in },
        _ body: @escaping @Sendable (ManagedCluster) async throws -> Void
    ) async throws {
        try await AdminCluster.run { admin in
            try await furnish(admin.api)
            let transport = CurlTransport()
            defer { transport.shutdown() }
            var log = Logger(label: "managed")
            log.logLevel = .critical
            let connection = try ClusterConnection.load(path: admin.kubeconfig, environment: [:])
            let api = KubeClient(connection: connection, transport: transport, fieldManager: "kamaji-manager", log: log)
            var settings = TenantSettings()
            settings.defaultDatastore = DefaultDatastoreName.value
            let manager = TenantManager(
                api: api, transport: transport, settings: settings, instance: "test", metrics: ManagerMetrics(),
                log: log)
            let reconciling = Task { try await manager.run() }
            defer { reconciling.cancel() }
            try await body(ManagedCluster(api: admin.api, log: log))
        }
    }

    /// Serves a kind that this cluster does not have of itself.
    func serve(_ type: ResourceType) async throws { try await AnyDefinition(type).serve(on: api) }

    /// A reconciler of generators beside the manager's, with a memory and a clock of its own.
    func generatorReconciler(_ clock: MovableClock) -> GeneratorReconciler {
        GeneratorReconciler(
            api: api, memory: GeneratorMemory(),
            events: EventRecorder(client: api, controller: "test", instance: "test", log: log),
            renewBefore: .seconds(24 * 3600), now: { clock.now }, log: log)
    }

    func namespace(_ name: String, labels: [String: String] = [:]) async throws {
        var object = ResourceType.namespaces.object(ObjectKey(namespace: nil, name: name))
        object.labels = labels
        _ = try await api.apply(object, .namespaces)
    }

    /// Makes a sleeping tenant and waits until all of it is there.
    ///
    /// - Parameter spec: laid over the least that a tenant has, as a merge patch.
    func tenant(_ key: ObjectKey, labels: [String: String] = [:], _ spec: JSON = [:]) async throws {
        let least: JSON = [
            "controlPlane": ["deployment": ["replicas": 0], "service": ["serviceType": "ClusterIP"]],
            "kubernetes": ["version": "v1.36.2"],
        ]
        var object = ResourceType.tenantControlPlanes.object(key)
        object.labels = labels
        object["spec"] = MergePatch.apply(spec, to: least)
        _ = try await api.create(object, .tenantControlPlanes)
        try await eventually("\(key) sleeps") {
            try await get(.tenantControlPlanes, key)[path: "status", "observedGeneration"] == 1
        }
    }

    func change(_ type: ResourceType, _ key: ObjectKey, _ change: JSON, subresource: String? = nil) async throws {
        _ = try await api.patch(type, key, .merge(change), subresource: subresource)
    }

    func label(_ type: ResourceType, _ key: ObjectKey, _ labels: JSON) async throws {
        try await change(type, key, ["metadata": ["labels": labels]])
    }

    func get(_ type: ResourceType, _ key: ObjectKey) async throws -> KubeObject { try await api.get(type, key) }

    /// A Secret's data as text; empty when there is no such Secret.
    func secret(_ name: String, in namespace: String) async throws -> [String: String] {
        let secret = try await api.find(.secrets, ObjectKey(namespace: namespace, name: name))
        return (secret?["data"]?.object ?? [:]).compactMapValues {
            $0.string.flatMap(Base64.decode).map { String(decoding: $0, as: UTF8.self) }
        }
    }
}

/// A definition that takes every object of its kind.
struct AnyDefinition {
    private let type: ResourceType

    init(_ type: ResourceType) { self.type = type }

    /// Returns once the kind is served.
    func serve(on api: KubeClient) async throws {
        _ = try await api.apply(object, .customResourceDefinitions)
        try await eventually("\(type) are served") { try await api.serves(type) }
    }

    private var object: KubeObject {
        let anything: JSON = ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        return KubeObject([
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": ["name": .string("\(type.plural).\(type.group)")],
            "spec": [
                "group": .string(type.group), "scope": "Namespaced",
                "names": [
                    "kind": .string(type.kind), "plural": .string(type.plural),
                    "singular": .string(type.kind.lowercased()), "listKind": .string("\(type.kind)List"),
                ],
                "versions": [
                    [
                        "name": .string(type.version), "served": true, "storage": true,
                        "schema": [
                            "openAPIV3Schema": [
                                "type": "object", "properties": ["spec": anything, "status": anything],
                            ]
                        ],
                        "subresources": ["status": [:]],
                    ]
                ],
            ],
        ])
    }
}

/// A clock that moves when it is told to.
final class MovableClock: Sendable {
    private let date: Mutex<Date>

    init(_ date: Date) { self.date = Mutex(date) }

    var now: Date {
        get { date.withLock { $0 } }
        set { date.withLock { $0 = newValue } }
    }
}

extension Kubeconfig {
    /// The certificate of the user of the current context.
    var clientCertificate: Certificate {
        get throws { try Certificate(pem: try #require(currentUser?.clientCertificateData)) }
    }

    /// The server of the current context.
    var server: String? { currentContext.flatMap { context($0) }.flatMap { cluster($0.cluster) }?.server }
}
