import Foundation
import KubeClient
import KubeObjects
import PKI
import TenantAPI
import Testing

/// What a tenant's address is in is made anew when it changes, and nothing else; what a user takes back is gone.
@Suite("Addresses of tenants", .serialized)
struct AddressTests {
    /// What names a tenant's address, and the versions of everything else.
    private struct Picture {
        let names: Set<String>
        let servers: [String: String]
        let clients: [String: String]
        let endpoint: String
        let kubeadm: String
        let rest: [String: String]

        /// Objects in which addresses stand; the Deployment names the certificate's checksum.
        private static let addressed: Set<String> = ["api-server-certificate", "admin-kubeconfig", "kubeadmconfig"]

        init(of tenant: ObjectKey, _ cluster: ManagedCluster) async throws {
            let namespace = tenant.namespace ?? ""
            let leaf = try await cluster.secret("\(tenant.name)-api-server-certificate", in: namespace)["apiserver.crt"]
            let certificate = try Certificate(pem: Array((leaf ?? "").utf8))
            names = Set(certificate.dnsNames + certificate.ipAddresses)
            var servers: [String: String] = [:]
            var clients: [String: String] = [:]
            for (key, text) in try await cluster.secret("\(tenant.name)-admin-kubeconfig", in: namespace) {
                let kubeconfig = try Kubeconfig(yaml: text)
                servers[key] = kubeconfig.server
                clients[key] = try kubeconfig.clientCertificate.serialHex
            }
            (self.servers, self.clients) = (servers, clients)
            let configuration = try await cluster.get(
                .configMaps, ObjectKey(namespace: namespace, name: "\(tenant.name)-kubeadmconfig"))
            kubeadm = (configuration["data"]?.object ?? [:]).compactMap { $0.value.string }.sorted().joined()
            endpoint =
                try await cluster.get(.tenantControlPlanes, tenant)[path: "status", "controlPlaneEndpoint"]?.string
                ?? ""
            let labelled = LabelSelector(equals: [Keys.name: tenant.name])
            var rest: [String: String] = [:]
            for type in [ResourceType.secrets, .configMaps] {
                for object in try await cluster.api.list(type, namespace: namespace, labelSelector: labelled).items
                where !Self.addressed.contains(where: { object.name.hasSuffix($0) }) {
                    rest["\(type) \(object.name)"] = object.resourceVersion
                }
            }
            self.rest = rest
        }
    }

    /// Waits until everything names `host`, and compares with the picture before.
    private func expectMove(
        of tenant: ObjectKey, from before: Picture, old: String, to host: String, port: Int = 6443,
        endpoint: String, _ cluster: ManagedCluster, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Picture {
        try await eventually("\(tenant.name) is at \(host)", sourceLocation: sourceLocation) {
            let status = try await cluster.get(.tenantControlPlanes, tenant)
            let servers = try await Picture(of: tenant, cluster).servers
            return status[path: "status", "controlPlaneEndpoint"]?.string == endpoint
                && status[path: "status", "observedGeneration"]?.integer == status.generation
                && servers["admin.conf"] == "https://\(host):\(port)"
        }
        let after = try await Picture(of: tenant, cluster)
        #expect(after.names.contains(host), "\(after.names)", sourceLocation: sourceLocation)
        #expect(!after.names.contains(old), "\(after.names)", sourceLocation: sourceLocation)
        #expect(after.servers["super-admin.conf"] == "https://\(host):\(port)", sourceLocation: sourceLocation)
        #expect(after.servers["admin.svc"] == before.servers["admin.svc"], sourceLocation: sourceLocation)
        #expect(after.kubeadm.contains(host), "\(after.kubeadm)", sourceLocation: sourceLocation)
        #expect(!after.kubeadm.contains(old), "\(after.kubeadm)", sourceLocation: sourceLocation)
        #expect(after.clients == before.clients, "the administrators' certificates", sourceLocation: sourceLocation)
        #expect(after.rest == before.rest, "what names no address", sourceLocation: sourceLocation)
        return after
    }

    @Test func `the address in the spec is followed`() async throws {
        try await ManagedCluster.run { cluster in
            let tenant = ObjectKey(namespace: "default", name: "moved")
            try await cluster.tenant(tenant, ["networkProfile": ["address": "192.0.2.11"]])
            let before = try await Picture(of: tenant, cluster)
            #expect(before.names.contains("192.0.2.11"))
            #expect(before.servers["admin.conf"] == "https://192.0.2.11:6443" && before.kubeadm.contains("192.0.2.11"))
            try await cluster.change(
                .tenantControlPlanes, tenant, ["spec": ["networkProfile": ["address": "192.0.2.22"]]])
            _ = try await expectMove(
                of: tenant, from: before, old: "192.0.2.11", to: "192.0.2.22", endpoint: "192.0.2.22:6443", cluster)
        }
    }

    @Test func `the load balancer's address is followed, be it a number or a name`() async throws {
        try await ManagedCluster.run { cluster in
            let tenant = ObjectKey(namespace: "default", name: "balanced")
            var object = ResourceType.tenantControlPlanes.object(tenant)
            object["spec"] = [
                "controlPlane": ["deployment": ["replicas": 0], "service": ["serviceType": "LoadBalancer"]],
                "kubernetes": ["version": "v1.36.2"],
            ]
            _ = try await cluster.api.create(object, .tenantControlPlanes)
            try await eventually("it waits for its address") {
                let conditions = try await cluster.get(.tenantControlPlanes, tenant)[path: "status", "conditions"]
                return (conditions?.array ?? []).contains { $0["reason"] == "LoadBalancerPending" }
            }
            func balance(_ address: JSON) async throws {
                try await cluster.change(
                    .services, tenant, ["status": ["loadBalancer": ["ingress": [address]]]], subresource: "status")
            }
            try await balance(["ip": "198.51.100.1"])
            try await eventually("it has its address") {
                try await cluster.get(.tenantControlPlanes, tenant)[path: "status", "observedGeneration"] == 1
            }
            let first = try await Picture(of: tenant, cluster)
            #expect(first.endpoint == "198.51.100.1:6443")
            try await balance(["ip": "198.51.100.2"])
            let second = try await expectMove(
                of: tenant, from: first, old: "198.51.100.1", to: "198.51.100.2", endpoint: "198.51.100.2:6443", cluster
            )
            try await balance(["hostname": "lb-7.example.com"])
            _ = try await expectMove(
                of: tenant, from: second, old: "198.51.100.2", to: "lb-7.example.com",
                endpoint: "lb-7.example.com:6443", cluster)
        }
    }

    @Test func `the host of an Ingress is followed`() async throws {
        try await ManagedCluster.run { cluster in
            let tenant = ObjectKey(namespace: "default", name: "entered")
            try await cluster.tenant(
                tenant,
                [
                    "controlPlane": ["ingress": ["hostname": "one.example.com:443"]],
                    "networkProfile": ["address": "192.0.2.11"],
                ])
            let before = try await Picture(of: tenant, cluster)
            #expect(before.servers["admin.conf"] == "https://one.example.com:443")
            #expect(before.names.isSuperset(of: ["one.example.com", "192.0.2.11"]))
            try await cluster.change(
                .tenantControlPlanes, tenant,
                ["spec": ["controlPlane": ["ingress": ["hostname": "two.example.com:443"]]]])
            _ = try await expectMove(
                of: tenant, from: before, old: "one.example.com", to: "two.example.com", port: 443,
                endpoint: "192.0.2.11:6443", cluster)
            let ingress = try await cluster.get(.ingresses, tenant)
            #expect(ingress[path: "spec", "rules"]?[0]?["host"] == "two.example.com")
        }
    }

    @Test func `what a user takes back is gone, and what others wrote stays`() async throws {
        try await ManagedCluster.run { cluster in
            let metadata: JSON = ["labels": ["tier": "gold"], "annotations": ["example.io/note": "x"]]
            let balanced = ObjectKey(namespace: "default", name: "balanced")
            try await cluster.tenant(
                balanced,
                [
                    "controlPlane": [
                        "service": ["serviceType": "LoadBalancer", "additionalMetadata": metadata],
                        "deployment": ["additionalMetadata": metadata],
                        "ingress": ["hostname": "a.example.com", "additionalMetadata": metadata],
                    ],
                    "networkProfile": [
                        "address": "192.0.2.11", "loadBalancerSourceRanges": ["192.0.2.0/24", "198.51.100.0/24"],
                    ],
                ])
            let plain = ObjectKey(namespace: "default", name: "plain")
            try await cluster.tenant(
                plain, ["networkProfile": ["address": "192.0.2.12", "allowAddressAsExternalIP": true]])
            #expect(
                try await cluster.get(.services, balanced)[path: "spec", "loadBalancerSourceRanges"]
                    == ["192.0.2.0/24", "198.51.100.0/24"])
            #expect(try await cluster.get(.services, plain)[path: "spec", "externalIPs"] == ["192.0.2.12"])
            let types: [ResourceType] = [.services, .deployments, .ingresses]
            for type in types {
                let object = try await cluster.get(type, balanced)
                #expect(object.labels["tier"] == "gold" && object.annotations["example.io/note"] == "x", "\(type)")
                try await cluster.label(type, balanced, ["someone": "else"])
            }

            try await cluster.change(
                .tenantControlPlanes, balanced,
                [
                    "spec": [
                        "controlPlane": [
                            "service": ["additionalMetadata": nil], "deployment": ["additionalMetadata": nil],
                            "ingress": ["additionalMetadata": nil],
                        ], "networkProfile": ["loadBalancerSourceRanges": ["192.0.2.0/24"]],
                    ]
                ])
            try await eventually("one range is left") {
                try await cluster.get(.services, balanced)[path: "spec", "loadBalancerSourceRanges"] == ["192.0.2.0/24"]
            }
            try await cluster.change(
                .tenantControlPlanes, balanced, ["spec": ["networkProfile": ["loadBalancerSourceRanges": nil]]])
            try await cluster.change(
                .tenantControlPlanes, plain, ["spec": ["networkProfile": ["allowAddressAsExternalIP": false]]])
            try await eventually("nothing of it is left") {
                let service = try await cluster.get(.services, balanced)
                let other = try await cluster.get(.services, plain)
                let tenant = try await cluster.get(.tenantControlPlanes, balanced)
                return service[path: "spec", "loadBalancerSourceRanges"] == nil
                    && other[path: "spec", "externalIPs"] == nil
                    && tenant[path: "status", "observedGeneration"]?.integer == tenant.generation
            }
            for type in types {
                let object = try await cluster.get(type, balanced)
                #expect(object.labels["tier"] == nil && object.annotations["example.io/note"] == nil, "\(type)")
                #expect(object.labels["someone"] == "else", "\(type)")
            }
        }
    }
}
