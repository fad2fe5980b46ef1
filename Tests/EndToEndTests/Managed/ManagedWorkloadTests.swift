import Foundation
import KubeClient
import KubeObjects
import TenantAPI
import Testing

/// Faults of upstream's that show in a tenant's Deployment and Service as passes follow each other
/// (docs/acceptance.md), and that ours must not have.
@Suite("A tenant's workload, over its life", .serialized)
struct ManagedWorkloadTests {
    private static let key = ObjectKey(namespace: "default", name: "lived")

    private static func arguments(_ cluster: ManagedCluster, of container: String) async throws -> [String] {
        let pod = try await cluster.get(.deployments, key)[path: "spec", "template", "spec"]
        let containers = pod?["containers"]?.array ?? []
        return containers.first { $0["name"]?.string == container }?["args"]?.strings ?? []
    }

    /// Waits for a pass that was over after this call.
    private static func pass(_ cluster: ManagedCluster) async throws {
        try await cluster.change(
            .tenantControlPlanes, key,
            ["spec": ["networkProfile": ["certSANs": [.string("\(UUID().uuidString.lowercased()).example")]]]])
        try await eventually("a pass is over") {
            let tenant = try await cluster.get(.tenantControlPlanes, key)
            return tenant[path: "status", "observedGeneration"]?.integer == tenant.generation
        }
    }

    @Test func `a tenant with a tunnel is written once, and flags that are taken back go`() async throws {
        try await ManagedCluster.run { cluster in
            try await cluster.tenant(
                Self.key,
                [
                    "addons": ["konnectivity": ["server": ["extraArgs": ["--v=4"]]]],
                    "controlPlane": [
                        "deployment": ["extraArgs": ["apiServer": ["--v=6"], "scheduler": ["--v=5"]]]
                    ],
                ])
            #expect(try await cluster.get(.deployments, Self.key).generation == 1)
            #expect(try await Self.arguments(cluster, of: "kube-apiserver").contains("--v=6"))
            #expect(try await Self.arguments(cluster, of: "konnectivity-server").contains("--v=4"))
            try await cluster.change(
                .tenantControlPlanes, Self.key,
                [
                    "spec": [
                        "addons": ["konnectivity": ["server": ["extraArgs": nil]]],
                        "controlPlane": ["deployment": ["extraArgs": nil]],
                    ]
                ])
            try await Self.pass(cluster)
            for container in ["kube-apiserver", "kube-scheduler", "konnectivity-server"] {
                let left = try await Self.arguments(cluster, of: container).filter { $0.hasPrefix("--v=") }
                #expect(left.isEmpty, "\(container): \(left)")
            }

            try await cluster.change(.tenantControlPlanes, Self.key, ["spec": ["addons": ["konnectivity": nil]]])
            try await Self.pass(cluster)
            let deployment = try await cluster.get(.deployments, Self.key)
            let spec = try #require(deployment["spec"]).description
            #expect(!spec.contains("konnectivity"), "\(spec)")
            let service = try await cluster.get(.services, Self.key)
            #expect(service[path: "spec", "ports"]?.array?.map { $0["name"] } == ["kube-apiserver"])
            let status = try await cluster.get(.tenantControlPlanes, Self.key)["status"]
            #expect(status?[path: "addons", "konnectivity"] == ["enabled": false])
        }
    }

    @Test(arguments: ["NodePort", "LoadBalancer"])
    func `a Service with further ports is not written again and again, and keeps their node ports`(type: String)
        async throws
    {
        try await ManagedCluster.run { cluster in
            let extra: JSON = ["name": "metrics", "port": 9090, "targetPort": 9090]
            try await cluster.tenant(
                Self.key,
                [
                    "controlPlane": ["service": ["serviceType": .string(type), "additionalPorts": [extra]]],
                    "networkProfile": ["address": "127.0.0.1", "port": type == "NodePort" ? 31931 : 6443],
                ])
            func service() async throws -> KubeObject { try await cluster.get(.services, Self.key) }
            func nodePort(_ service: KubeObject) -> Int64? {
                service[path: "spec", "ports"]?.array?.first { $0["name"] == "metrics" }?["nodePort"]?.integer
            }
            let first = try await service()
            #expect((nodePort(first) ?? 0) > 0, "the cluster gave it one: \(first.json)")
            try await Self.pass(cluster)
            #expect(try await service().resourceVersion == first.resourceVersion)
            // The tunnel's port comes between the API server's and the user's.
            try await cluster.change(
                .tenantControlPlanes, Self.key,
                ["spec": ["addons": ["konnectivity": ["server": ["port": type == "NodePort" ? 31932 : 8132]]]]])
            try await Self.pass(cluster)
            let second = try await service()
            #expect(
                second[path: "spec", "ports"]?.array?.map { $0["name"] }
                    == ["kube-apiserver", "konnectivity-server", "metrics"])
            #expect(nodePort(second) == nodePort(first))
        }
    }

    @Test func `an upgrade waits neither for the tenant's API nor for its DNS`() async throws {
        try await ManagedCluster.run { cluster in
            try await cluster.tenant(Self.key, ["kubernetes": ["version": "v1.35.2"]])
            // Nobody runs its pods: its API answers nobody.
            try await cluster.change(
                .tenantControlPlanes, Self.key,
                ["spec": ["kubernetes": ["version": "v1.36.2"], "controlPlane": ["deployment": ["replicas": 1]]]])
            try await eventually("the pods are of the new version") {
                let pod = try await cluster.get(.deployments, Self.key)[path: "spec", "template", "spec"]
                return (pod?["containers"]?.array ?? []).contains {
                    $0["image"]?.string?.hasSuffix("kube-apiserver:v1.36.2") == true
                }
            }
        }
    }

    @Test func `a key of the kubeconfig that is not there is told, and nobody spins`() async throws {
        try await ManagedCluster.run { cluster in
            try await cluster.tenant(Self.key)
            try await cluster.change(
                .tenantControlPlanes, Self.key,
                [
                    "metadata": ["annotations": ["kamaji.clastix.io/kubeconfig-secret-key": "nobody.conf"]],
                    "spec": ["controlPlane": ["deployment": ["replicas": 1]]],
                ])
            try await eventually("a pod is asked for") {
                try await cluster.get(.deployments, Self.key)[path: "spec", "replicas"] == 1
            }
            let generation = try await cluster.get(.deployments, Self.key).generation
            try await cluster.change(
                .deployments, Self.key,
                [
                    "status": [
                        "observedGeneration": .integer(generation), "replicas": 1, "readyReplicas": 1,
                        "updatedReplicas": 1, "availableReplicas": 1,
                    ]
                ], subresource: "status")
            func condition() async throws -> JSON? {
                let status = try await cluster.get(.tenantControlPlanes, Self.key)["status"]
                return status?["conditions"]?.array?.first { $0["type"] == "TenantBootstrapped" }
            }
            try await eventually("the condition names the key") {
                try await condition()?["reason"] == "NoSuchKubeconfig"
            }
            #expect(try await condition()?["message"]?.string?.contains("\"nobody.conf\"") == true)
            #expect(try await condition()?["message"]?.string?.contains("super-admin.conf") == true)
        }
    }
}
