import Foundation
import KubeClient
import KubeObjects
import TenantAPI
import Testing

/// Gateway API as far as a tenant needs it, its controller played by the test.
@Suite("Gateways of tenants", .serialized)
struct GatewayStatusTests {
    private static let tenant = ObjectKey(namespace: "default", name: "green")
    private static let edge = ObjectKey(namespace: "default", name: "edge")
    private static let spec: JSON = [
        "addons": ["konnectivity": [:]],
        "controlPlane": [
            "gateway": [
                "hostname": "green.example", "parentRefs": [["name": "edge", "sectionName": "kube-apiserver"]],
            ]
        ],
    ]

    private static func run(_ body: @escaping @Sendable (ManagedCluster) async throws -> Void) async throws {
        try await ManagedCluster.run { api in
            for type in [ResourceType.tlsRoutes, .gateways] { try await AnyDefinition(type).serve(on: api) }
        } _: { cluster in
            try await body(cluster)
        }
    }

    private static func condition(_ type: String, _ status: String) -> JSON {
        [
            "type": .string(type), "status": .string(status), "reason": "Played", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
        ]
    }

    private static func gateway(_ key: ObjectKey, port: Int, on cluster: ManagedCluster) async throws {
        var gateway = ResourceType.gateways.object(key)
        gateway["spec"] = [
            "gatewayClassName": "played",
            "listeners": [
                ["name": "kube-apiserver", "port": JSON(port), "protocol": "TLS", "tls": ["mode": "Passthrough"]],
                ["name": "konnectivity-server", "port": 8132, "protocol": "TLS", "tls": ["mode": "Passthrough"]],
                ["name": "web", "port": 443, "protocol": "HTTPS"],
            ],
        ]
        _ = try await cluster.api.apply(gateway, .gateways)
    }

    private static func program(_ key: ObjectKey, _ status: String, on cluster: ManagedCluster) async throws {
        try await cluster.change(
            .gateways, key, ["status": ["conditions": [condition("Programmed", status)]]], subresource: "status")
    }

    /// Says of a route what a Gateway's controller would say.
    private static func accept(_ route: String, by references: [JSON], on cluster: ManagedCluster) async throws {
        let parents = references.map { reference -> JSON in
            [
                "parentRef": reference, "controllerName": "example.com/played",
                "conditions": [condition("Accepted", "True"), condition("ResolvedRefs", "True")],
            ]
        }
        try await cluster.change(
            .tlsRoutes, ObjectKey(namespace: "default", name: route), ["status": ["parents": .array(parents)]],
            subresource: "status")
    }

    private static func points(_ cluster: ManagedCluster, _ path: String...) async throws -> [String] {
        let status = try await cluster.get(.tenantControlPlanes, tenant)["status"]
        return (status?[path: path]?["accessPoints"]?.array ?? []).compactMap { $0["value"]?.string }
    }

    @Test func `a tenant tells where its Gateways are reached, as they change`() async throws {
        try await Self.run { cluster in
            try await cluster.tenant(Self.tenant, Self.spec)
            func expectPoints(_ what: String, _ server: [String], _ tunnel: [String]) async throws {
                try await eventually(what) {
                    let serverPoints = try await Self.points(cluster, "kubernetesResources", "gateway")
                    let tunnelPoints = try await Self.points(cluster, "addons", "konnectivity", "gateway")
                    return serverPoints == server && tunnelPoints == tunnel
                }
            }
            let route = try await cluster.get(.tlsRoutes, Self.tenant)
            #expect(route[path: "spec", "hostnames"] == ["green.example"])
            try await expectPoints("nobody has taken the routes", [], [])

            try await Self.accept("green", by: [["name": "edge", "sectionName": "kube-apiserver"]], on: cluster)
            try await Self.accept(
                "green-konnectivity", by: [["name": "edge", "sectionName": "konnectivity-server", "port": 8132]],
                on: cluster)
            try await eventually("what the parents say is told") {
                let status = try await cluster.get(.tenantControlPlanes, Self.tenant)["status"]
                return status?[path: "kubernetesResources", "gateway", "parents"]?.array?.count == 1
                    && status?[path: "addons", "konnectivity", "gateway", "parents"]?.array?.count == 1
            }
            try await Self.gateway(Self.edge, port: 6443, on: cluster)
            try await Self.program(Self.edge, "False", on: cluster)
            try await expectPoints("a Gateway that is not programmed is no way in", [], [])
            try await Self.program(Self.edge, "True", on: cluster)
            try await expectPoints(
                "it is, once it is programmed", ["https://green.example:6443"], ["https://green.example:8132"])
            try await Self.gateway(Self.edge, port: 7443, on: cluster)
            try await expectPoints(
                "a listener's port is followed", ["https://green.example:7443"], ["https://green.example:8132"])

            let far = ObjectKey(namespace: "default", name: "far")
            try await Self.gateway(far, port: 9443, on: cluster)
            try await Self.program(far, "True", on: cluster)
            try await Self.accept(
                "green",
                by: [
                    ["name": "missing"], ["name": "edge", "sectionName": "kube-apiserver"],
                    ["name": "far", "port": 9443],
                ], on: cluster)
            try await expectPoints(
                "each of several parents counts", ["https://green.example:7443", "https://green.example:9443"],
                ["https://green.example:8132"])
            try await cluster.api.delete(.gateways, Self.edge)
            try await expectPoints("one that is gone counts no more", ["https://green.example:9443"], [])

            let status = try await cluster.get(.tenantControlPlanes, Self.tenant)
            #expect(status[path: "status", "kubernetesResources", "version", "status"] == "Sleeping")
            try await cluster.change(
                .tenantControlPlanes, Self.tenant, ["spec": ["controlPlane": ["gateway": nil]]])
            try await eventually("without a Gateway there is no word of it") {
                let status = try await cluster.get(.tenantControlPlanes, Self.tenant)["status"]
                return status?[path: "kubernetesResources", "gateway"] == nil
                    && status?[path: "addons", "konnectivity", "gateway"] == nil
            }
            #expect(try await cluster.api.find(.tlsRoutes, Self.tenant) == nil)
        }
    }
}
