import Datastores
import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import PKI
import TenantAPI
import Testing

@testable import kamaji_manager

/// Where tenants' data lives, in a real etcd: who may have it, and what brings it back.
@Suite(.serialized, .enabled(if: AdminCluster.etcdProgram != nil, "needs an etcd binary")) struct TenantStorageTests {
    @Test func `another tenant's schema or user is refused, and survives the one that asked`() async throws {
        try await AdminCluster.run { cluster in
            let owner = Tenant(cluster: cluster, name: "owner")
            try await cluster.managing {
                try await owner.apply()
                try await owner.waitUntilSleeping()
                #expect(try await cluster.write("precious", as: "owner"))
                let (schema, user) = (try await owner.recorded("schema"), try await owner.recorded("user"))
                for (name, field, value, reason) in [
                    ("schema-thief", "dataStoreSchema", schema, "SchemaInUse"),
                    ("inside-thief", "dataStoreSchema", "\(schema)/registry/secrets", "SchemaInUse"),
                    ("user-thief", "dataStoreUsername", user, "UsernameInUse"),
                ] {
                    let thief = Tenant(cluster: cluster, name: name)
                    try await thief.apply("{spec: {\(field): \(value)}}")
                    try await thief.wait(for: "False \(reason)", of: "DatastoreReady")
                    #expect(try await thief.message("DatastoreReady").contains("default/owner"))
                    #expect(try await cluster.api.find(.deployments, thief.key) == nil)
                    #expect(try await thief.secret("datastore-certificate") == nil)
                    try await thief.delete()
                }
                #expect(try await cluster.etcd.keyCount(of: schema) == 1)
                #expect(try await cluster.write("more", as: "owner"))
            }
            // The order of a restart's passes is not that of creation.
            try await cluster.managing {
                let thief = Tenant(cluster: cluster, name: "a-thief")
                try await thief.apply("{spec: {dataStoreSchema: \(try await owner.recorded("schema"))}}")
                try await thief.wait(for: "False SchemaInUse", of: "DatastoreReady")
                try await owner.delete()
                #expect(try await cluster.etcd.keyCount() == 0)
            }
        }
    }

    @Test func `rights that etcd lost come back with the next manager, and with the DataStore`() async throws {
        try await AdminCluster.run { cluster in
            let tenant = Tenant(cluster: cluster, name: "robbed")
            let store = ObjectKey(namespace: nil, name: DefaultDatastoreName.value)
            try await cluster.managing {
                try await tenant.apply()
                try await tenant.waitUntilSleeping()
            }
            let stolen = TenantStorage(
                schema: try await tenant.recorded("schema"), user: try await tenant.recorded("user"), password: nil)
            try await cluster.etcd.teardown(stolen)
            #expect(try await !cluster.write("x", as: "robbed"))
            try await cluster.managing {
                try await eventually("its rights are back") { try await cluster.write("x", as: "robbed") }
                let endpoints = try #require(try await cluster.api.get(.dataStores, store)[path: "spec", "endpoints"])
                func expectReady(_ isReady: Bool) async throws {
                    try await eventually("the DataStore is \(isReady ? "" : "not ") ready") {
                        try await cluster.api.get(.dataStores, store)[path: "status", "ready"]?.bool == isReady
                    }
                }
                _ = try await cluster.api.patch(
                    .dataStores, store, .merge(["spec": ["endpoints": ["127.0.0.1:1"]]]))
                try await expectReady(false)
                try await cluster.etcd.teardown(stolen)
                _ = try await cluster.api.patch(.dataStores, store, .merge(["spec": ["endpoints": endpoints]]))
                try await expectReady(true)
                try await eventually("its rights are back once more") { try await cluster.write("y", as: "robbed") }
            }
        }
    }

    @Test func `a DataStore that an override names is provisioned for the tenant and cleared after it`() async throws {
        try await AdminCluster.run { cluster in
            try await withFurtherEtcd(cluster) { further in
                let tenant = Tenant(cluster: cluster, name: "split")
                try await cluster.managing {
                    try await tenant.apply("{spec: {dataStoreOverrides: [{resource: /events, dataStore: further}]}}")
                    try await tenant.waitUntilSleeping()
                    let (schema, user) = (try await tenant.recorded("schema"), try await tenant.recorded("user"))
                    for etcd in [cluster.etcd, further] {
                        #expect(try await etcd.users().contains(user))
                        #expect(try await etcd.roles().contains(schema))
                    }
                    try await further.put([1], at: "/\(schema)/events/x")
                    let used = try await cluster.api.get(.dataStores, ObjectKey(namespace: nil, name: "further"))
                    #expect(used.finalizers.contains(Keys.datastoreFinalizer))
                    try await tenant.delete()
                    for etcd in [cluster.etcd, further] {
                        #expect(try await etcd.users() == ["root"])
                        #expect(try await etcd.roles() == ["root"])
                        #expect(try await etcd.keyCount() == 0)
                    }
                }
            }
        }
    }

    /// A second etcd, and the DataStore `further` that names it.
    private func withFurtherEtcd(
        _ cluster: AdminCluster, _ body: (EtcdDatastore) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kamaji-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (network, claim) = try LoopbackNetwork.claim(nil)
        defer { withExtendedLifetime(claim) {} }
        let state = try StateDirectory(path: folder)
        _ = try state.directory("pki")
        try state.write(cluster.material.authority.certificate.pem, to: "pki/ca.crt")
        let etcd = LocalEtcd(
            program: try #require(AdminCluster.etcdProgram), address: network.datastore, state: state,
            material: cluster.material,
            log: Logger(label: "etcd") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await etcd.run() }
            defer { tasks.cancelAll() }
            let root = try await etcd.furnish(cluster.transport)
            for (var object, type) in DefaultDatastore.etcd(
                endpoint: etcd.endpoint, material: cluster.material, root: root)
            {
                // The Secret that the DataStore `default` has serves this one as well.
                guard type == .dataStores else { continue }
                object[path: "metadata", "name"] = "further"
                object[path: "spec", "tlsConfig", "clientCertificate"] = [
                    "certificate": ["content": .string(Base64.encode(root.certificate))],
                    "privateKey": ["content": .string(Base64.encode(root.key))],
                ]
                _ = try await cluster.api.apply(object, type)
            }
            try await body(
                EtcdDatastore(
                    endpoints: [etcd.endpoint],
                    tls: TLSSettings(
                        certificateAuthorities: cluster.material.authority.certificate.pem,
                        clientCertificate: root.certificate, clientKey: root.key),
                    transport: cluster.transport))
        }
    }
}
