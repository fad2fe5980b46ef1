import Blueprint
import HTTPTransport
import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import KubeClient

/// What belongs inside a tenant, before the API server that tenants run.
@Suite(
    .enabled(if: ControlPlane.isInstalled, "needs /usr/local/kubebuilder/bin"), .controlPlane, .serialized,
    .timeLimit(.minutes(5)))
struct TenantObjectsTests {
    private static func objects(_ change: String) throws -> [TenantObject] {
        let tenant = try YAML.parse(
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: green, namespace: tenants}
            spec:
              controlPlane: {deployment: {}, service: {serviceType: ClusterIP}}
              kubernetes: {version: v1.36.0}
              networkProfile: {serviceCidr: 10.0.0.0/24}
            """)
        let patch = try #require(YAML.parse("spec: \(change)").first)
        let endpoint = Endpoint(host: "192.0.2.1", port: 6443)
        return try TenantControlPlane(KubeObject(MergePatch.apply(patch, to: #require(tenant.first)))).objectsInside(
            Exposure(assigned: endpoint, advertised: endpoint, published: endpoint, clusterIP: nil),
            DatastoreFacts(name: "bronze", driver: .etcd, endpoints: ["etcd:2379"]),
            authorityPEM: Array("authority".utf8)
        ).made
    }

    @Test(arguments: ["DaemonSet", "Deployment"])
    func `the API server takes every object, changes nothing the second time, and keeps what was asked for`(
        agents: String
    ) async throws {
        let client = try #require(ControlPlane.current).client("kamaji")
        let objects = try Self.objects(
            """
            {addons: {coreDNS: {}, kubeProxy: {}, konnectivity: {agent: {mode: \(agents), replicas: 2}}},
             writePermissions: {blockCreation: true, blockUpdate: true, blockDeletion: true}}
            """)
        for object in objects {
            let first = try await client.apply(object.object, object.type)
            #expect(first.isAsWanted(object.object), "\(object.type) \(object.key)")
            let second = try await client.apply(object.object, object.type)
            #expect(first.resourceVersion == second.resourceVersion, "\(object.type) \(object.key)")
        }
    }

    @Test func `a write limit stops users, and neither nodes' heartbeats nor whoever can lift it`() async throws {
        let plane = try #require(ControlPlane.current)
        let client = plane.client("kamaji")
        let user = try await Self.administrator(of: client, on: plane)
        let limit = try Self.objects(
            "{writePermissions: {blockCreation: true, blockUpdate: true, blockDeletion: true}}"
        )
        .filter { $0.addon == .writePermissions }
        for object in limit { _ = try await client.apply(object.object, object.type) }

        let mine = ResourceType.configMaps.object(ObjectKey(namespace: "default", name: "mine"))
        let theirs = ResourceType.configMaps.object(ObjectKey(namespace: "default", name: "theirs"))
        _ = try await client.apply(mine, .configMaps)
        try await Self.untilRefused { _ = try await user.create(theirs, .configMaps) }
        await #expect(throws: KubeError.self) { try await user.delete(.configMaps, mine.key) }
        var changed = mine
        changed["data"] = ["a": "b"]
        await #expect(throws: KubeError.self) { try await user.apply(changed, .configMaps) }

        var lease = ResourceType.leases.object(ObjectKey(namespace: "kube-node-lease", name: "node"))
        lease["spec"] = ["leaseDurationSeconds": 40]
        await #expect(throws: KubeError.self) { try await user.create(lease, .leases) }
        _ = try await client.create(lease, .leases)
        lease["spec"] = ["leaseDurationSeconds": 41]
        let renewed = try await user.apply(lease, .leases)
        #expect(renewed[path: "spec", "leaseDurationSeconds"] == 41)
        _ = try await user.create(
            ResourceType.configMaps.object(ObjectKey(namespace: "kube-system", name: "theirs")), .configMaps)

        // The one rule that is judged by who asks: what a node asks for is not the user's.
        let request = try Self.certificateRequest()
        await #expect(throws: KubeError.self) { try await user.create(request, .certificateSigningRequests) }
        var binding = ResourceType.clusterRoleBindings.object(ObjectKey(namespace: nil, name: "nodes"))
        binding["roleRef"] = ["apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:node"]
        binding["subjects"] = [["kind": "Group", "name": "system:nodes", "apiGroup": "rbac.authorization.k8s.io"]]
        _ = try await client.apply(binding, .clusterRoleBindings)
        let node = plane.client("node", credential: .token(ControlPlane.nodeToken))
        _ = try await node.create(request, .certificateSigningRequests)

        for object in limit.reversed() { try await client.delete(object.type, object.object.key) }
    }

    private static func certificateRequest() throws -> KubeObject {
        let request = try CertificateSigningRequest.make(
            commonName: "system:node:node", organizations: ["system:nodes"], key: .generate(.ecdsaP256))
        var object = ResourceType.certificateSigningRequests.object(ObjectKey(namespace: nil, name: "of-a-node"))
        object["spec"] = [
            "request": .string(Base64.encode(request.pem)), "usages": ["digital signature", "client auth"],
            "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
        ]
        return object
    }

    /// A client that may do everything and is not of `system:masters`.
    private static func administrator(of client: KubeClient, on plane: ControlPlane) async throws -> KubeClient {
        let key = ObjectKey(namespace: "default", name: "administrator")
        _ = try await client.apply(ResourceType.serviceAccounts.object(key), .serviceAccounts)
        var binding = ResourceType.clusterRoleBindings.object(ObjectKey(namespace: nil, name: "administrator"))
        binding["roleRef"] = [
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
        ]
        binding["subjects"] = [["kind": "ServiceAccount", "name": "administrator", "namespace": "default"]]
        _ = try await client.apply(binding, .clusterRoleBindings)
        let answer = try await client.send(
            Call(
                method: "POST", path: "\(ResourceType.serviceAccounts.path(key))/token",
                body: ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": [:]]))
        return plane.client("user", credential: .token(try #require(answer[path: "status", "token"]?.string)))
    }

    /// New rights and new policies count after a moment: tries until the policy refuses.
    private static func untilRefused(_ attempt: () async throws -> Void) async throws {
        for _ in 0..<300 {
            do {
                try await attempt()
            } catch let error as KubeError where error.message.contains("writes to this control plane are limited") {
                return
            } catch let error as KubeError where error.isForbidden || error.isAlreadyExists {
                // Not yet.
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("nothing was refused")
    }
}
