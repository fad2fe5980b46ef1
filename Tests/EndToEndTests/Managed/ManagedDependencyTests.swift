import Foundation
import KubeClient
import KubeObjects
import TenantAPI
import Testing

/// Faults of upstream's in how tenants go with what they depend on (docs/acceptance.md), and that ours must not have.
@Suite("What tenants depend on", .serialized)
struct ManagedDependencyTests {
    private static let key = ObjectKey(namespace: "default", name: "leaning")

    private static func store(_ name: String, in directory: String) -> KubeObject {
        KubeObject([
            "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "DataStore", "metadata": ["name": .string(name)],
            "spec": ["driver": "SQLite", "endpoints": [.string(directory)]],
        ])
    }

    private static func condition(_ type: String, _ object: KubeObject) -> JSON? {
        object[path: "status", "conditions"]?.array?.first { $0["type"]?.string == type }
    }

    /// A tenant that sleeps, and need not get anywhere.
    private static func create(_ spec: JSON, on cluster: ManagedCluster) async throws {
        var object = ResourceType.tenantControlPlanes.object(key)
        object["spec"] = MergePatch.apply(
            spec,
            to: [
                "controlPlane": ["deployment": ["replicas": 0], "service": ["serviceType": "ClusterIP"]],
                "kubernetes": ["version": "v1.36.2"],
            ])
        _ = try await cluster.api.create(object, .tenantControlPlanes)
    }

    private static func expect(
        _ reason: JSON, of type: String, on cluster: ManagedCluster, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("\(type) is \(reason)", sourceLocation: sourceLocation) {
            condition(type, try await cluster.get(.tenantControlPlanes, key))?["reason"] == reason
        }
    }

    @Test func `Gateway API that is installed while the manager runs is used`() async throws {
        try await ManagedCluster.run { cluster in
            try await Self.create(
                ["controlPlane": ["gateway": ["hostname": "a.example", "parentRefs": [["name": "edge"]]]]], on: cluster)
            try await Self.expect("GatewayAPIMissing", of: "ControlPlaneAvailable", on: cluster)
            // The group alone is not yet what is needed, and keeps nobody from working.
            try await cluster.serve(.gateways)
            try await cluster.tenant(ObjectKey(namespace: "default", name: "other"))
            try await cluster.serve(.tlsRoutes)
            // Every pass looks; the next one would come by itself.
            try await cluster.label(.tenantControlPlanes, Self.key, ["looked": "again"])
            try await eventually("it sleeps, with its route") {
                let tenant = try await cluster.get(.tenantControlPlanes, Self.key)
                return tenant[path: "status", "observedGeneration"]?.integer == tenant.generation
            }
            let route = try await cluster.get(.tlsRoutes, Self.key)
            #expect(route[path: "spec", "hostnames"] == ["a.example"])
            // It is watched as everything else is.
            try await cluster.api.delete(.tlsRoutes, Self.key)
            try await eventually("it is back") { try await cluster.api.find(.tlsRoutes, Self.key)?.uid ?? "" != "" }
        }
    }

    @Test func `a DataStore that a tenant only asks for is not deleted under it`() async throws {
        let scratch = try ScratchDirectory()
        try await ManagedCluster.run { cluster in
            let store = Self.store("wanted", in: scratch.path)
            _ = try await cluster.api.create(store, .dataStores)
            // Its spec is wrong, so that it never gets as far as its DataStore.
            try await Self.create(["dataStore": "wanted", "controlPlane": ["ingress": [:]]], on: cluster)
            try await Self.expect("HostnameMissing", of: "ControlPlaneAvailable", on: cluster)
            try await cluster.api.delete(.dataStores, store.key)
            let allowed = "kamaji.clastix.io/DataStoreAllowedDeletion"
            try await eventually("the condition says who keeps it") {
                let found = Self.condition(allowed, try await cluster.get(.dataStores, store.key))
                return found?["status"] == "False" && found?["message"]?.string?.contains("\(Self.key)") == true
            }
            try await cluster.api.delete(.tenantControlPlanes, Self.key)
            try await eventually("both are gone") { try await cluster.api.find(.dataStores, store.key) == nil }
        }
    }

    @Test func `an override that cannot hold single resources is refused by name`() async throws {
        let scratch = try ScratchDirectory()
        try await ManagedCluster.run { cluster in
            _ = try await cluster.api.create(Self.store("files", in: scratch.path), .dataStores)
            try await Self.create(["dataStoreOverrides": [["resource": "/events", "dataStore": "files"]]], on: cluster)
            try await Self.expect("OverrideNotEtcd", of: "DatastoreReady", on: cluster)
            let tenant = try await cluster.get(.tenantControlPlanes, Self.key)
            #expect(Self.condition("DatastoreReady", tenant)?["message"]?.string?.contains("\"files\"") == true)
            try await cluster.api.delete(.tenantControlPlanes, Self.key)
            try await eventually("it is gone") { try await cluster.api.find(.tenantControlPlanes, Self.key) == nil }
            // Nor is there a kube-apiserver with some of its resources in etcd and the others elsewhere.
            try await Self.create(
                ["dataStore": "files", "dataStoreOverrides": [["resource": "/events", "dataStore": "default"]]],
                on: cluster)
            try await Self.expect("OverrideNotEtcd", of: "DatastoreReady", on: cluster)
        }
    }

    @Test func `a verdict on a DataStore is of the spec that it names`() async throws {
        let scratch = try ScratchDirectory()
        try await ManagedCluster.run { cluster in
            let store = Self.store("moving", in: scratch.file("nowhere"))
            _ = try await cluster.api.create(store, .dataStores)
            let validation = "kamaji.clastix.io/DataStoreValidation"
            func expect(_ status: JSON) async throws {
                try await eventually("the verdict is \(status)") {
                    let found = try await cluster.get(.dataStores, store.key)
                    let verdict = Self.condition(validation, found)
                    return verdict?["status"] == status && verdict?["observedGeneration"] == JSON(found.generation)
                        && found[path: "status", "ready"] == .bool(status == "True")
                }
            }
            try await expect("False")
            try await cluster.change(.dataStores, store.key, ["spec": ["endpoints": [.string(scratch.path)]]])
            try await expect("True")
            try await cluster.change(.dataStores, store.key, ["spec": ["endpoints": [.string(scratch.file("gone"))]]])
            try await expect("False")
        }
    }

    @Test func `a tenant whose DataStore is away, or that is paused, says why it stays, and can be let go`()
        async throws
    {
        let scratch = try ScratchDirectory()
        try await ManagedCluster.run { cluster in
            let folder = scratch.file("data")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let store = Self.store("fading", in: folder)
            _ = try await cluster.api.create(store, .dataStores)
            try await cluster.tenant(Self.key, ["dataStore": "fading", "dataStoreSchema": "kept"])
            try FileManager.default.moveItem(atPath: folder, toPath: scratch.file("elsewhere"))
            try await cluster.change(
                .dataStores, store.key, ["metadata": ["annotations": ["example.io/look": "again"]]])
            try await eventually("the DataStore is not ready") {
                try await cluster.get(.dataStores, store.key)[path: "status", "ready"] == false
            }
            let paused = "kamaji.clastix.io/paused"
            try await cluster.change(.tenantControlPlanes, Self.key, ["metadata": ["annotations": [paused: ""]]])
            try await cluster.api.delete(.tenantControlPlanes, Self.key)
            try await eventually("an event says that it is paused") {
                try await cluster.api.list(.events, namespace: "default").items.contains {
                    $0["reason"] == "DeletionPaused" && $0["note"]?.string?.contains(paused) == true
                }
            }
            try await cluster.change(.tenantControlPlanes, Self.key, ["metadata": ["annotations": [paused: nil]]])
            try await Self.expect("TeardownWaits", of: "DatastoreReady", on: cluster)
            let waiting = try await cluster.get(.tenantControlPlanes, Self.key)
            let abandon = "kamaji.clastix.io/abandon-data"
            #expect(Self.condition("DatastoreReady", waiting)?["message"]?.string?.contains(abandon) == true)
            try await cluster.change(.tenantControlPlanes, Self.key, ["metadata": ["annotations": [abandon: ""]]])
            try await eventually("it is gone, and with it all that it had") {
                let secrets = try await cluster.api.list(
                    .secrets, namespace: "default", labelSelector: LabelSelector(equals: [Keys.name: Self.key.name]))
                return try await cluster.api.find(.tenantControlPlanes, Self.key) == nil && secrets.items.isEmpty
            }
        }
    }
}
