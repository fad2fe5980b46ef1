import Foundation
import KubeClient
import KubeObjects
import PKI
import Reconciliation
import TenantAPI
import Testing

@Suite("Generated kubeconfigs", .serialized)
struct GeneratorTests {
    private static let one = ObjectKey(namespace: "blue", name: "one")
    private static let two = ObjectKey(namespace: "blue", name: "two")
    private static let three = ObjectKey(namespace: "red", name: "three")

    /// Three sleeping tenants in two namespaces.
    private static func run(_ body: @escaping @Sendable (ManagedCluster) async throws -> Void) async throws {
        try await ManagedCluster.run { cluster in
            try await cluster.namespace("blue", labels: ["env": "prod"])
            try await cluster.namespace("red")
            try await cluster.tenant(one, labels: ["team": "a"])
            try await cluster.tenant(two)
            try await cluster.tenant(three, labels: ["team": "a"])
            try await body(cluster)
        }
    }

    private static func generator(_ name: String, _ spec: JSON) -> KubeObject {
        var object = ResourceType.kubeconfigGenerators.object(ObjectKey(namespace: nil, name: name))
        object["spec"] = spec
        return object
    }

    private static func key(_ tenant: ObjectKey, _ generator: String = "robots") -> ObjectKey {
        ObjectKey(namespace: tenant.namespace, name: "\(tenant.name)-\(generator)")
    }

    private static func kubeconfig(of tenant: ObjectKey, _ cluster: ManagedCluster) async throws -> Kubeconfig? {
        try await cluster.secret(key(tenant).name, in: tenant.namespace ?? "")["value"].map { try Kubeconfig(yaml: $0) }
    }

    /// Tenants that have a Secret of the generator.
    private static func served(_ cluster: ManagedCluster) async throws -> Set<ObjectKey> {
        let selector = LabelSelector(equals: ["kamaji.clastix.io/managed-by": "robots"])
        let secrets = try await cluster.api.list(.secrets, namespace: nil, labelSelector: selector).items
        return Set(
            secrets.map {
                ObjectKey(namespace: $0.namespace, name: $0.labels["kamaji.clastix.io/managed-for"] ?? "")
            })
    }

    private static func status(_ cluster: ManagedCluster, _ name: String = "robots") async throws -> JSON {
        try await cluster.get(.kubeconfigGenerators, ObjectKey(namespace: nil, name: name))["status"] ?? [:]
    }

    @Test func `tenants that are meant have one, and those that are not any more lose it`() async throws {
        try await Self.run { cluster in
            let generator = Self.generator(
                "robots",
                [
                    "namespaceSelector": ["matchLabels": ["env": "prod"]],
                    "tenantControlPlaneSelector": ["matchExpressions": [["key": "team", "operator": "Exists"]]],
                    "user": ["fromDefinition": "metadata.name"],
                    "groups": [["stringValue": "ops"], ["fromDefinition": "metadata.namespace"]],
                ])
            _ = try await cluster.api.create(generator, .kubeconfigGenerators)
            try await eventually("the one that both selectors match has it") {
                try await Self.status(cluster) == [
                    "observedGeneration": 1, "resources": 1, "availableResources": 1,
                ]
            }
            #expect(try await Self.served(cluster) == [Self.one])
            let kubeconfig = try #require(try await Self.kubeconfig(of: Self.one, cluster))
            #expect(kubeconfig.server == "https://one.blue.svc:6443")
            #expect(try kubeconfig.clientCertificate.commonName == "one")
            #expect(try Set(kubeconfig.clientCertificate.organizations) == ["ops", "blue"])

            try await cluster.label(.tenantControlPlanes, Self.two, ["team": "b"])
            try await eventually("a label brings a tenant in") {
                try await Self.served(cluster) == [Self.one, Self.two]
            }
            try await cluster.label(.namespaces, ObjectKey(namespace: nil, name: "red"), ["env": "prod"])
            try await eventually("a namespace's label brings its tenants in") {
                try await Self.served(cluster) == [Self.one, Self.two, Self.three]
            }
            let untouched = try await cluster.get(.secrets, Self.key(Self.two)).resourceVersion
            try await cluster.label(.tenantControlPlanes, Self.one, ["team": nil])
            try await eventually("a label less takes a tenant's away") {
                try await Self.served(cluster) == [Self.two, Self.three]
            }
            let name = ObjectKey(namespace: nil, name: "robots")
            try await cluster.change(
                .kubeconfigGenerators, name, ["spec": ["namespaceSelector": ["matchLabels": ["env": "none"]]]])
            try await eventually("no tenant is meant") {
                let resources = try await Self.status(cluster)["resources"]
                return try await Self.served(cluster).isEmpty && resources == 0
            }
            try await cluster.change(.kubeconfigGenerators, name, ["spec": ["namespaceSelector": nil]])
            try await eventually("without a selector every namespace is meant") {
                try await Self.served(cluster) == [Self.two, Self.three]
            }
            let again = try await cluster.get(.secrets, Self.key(Self.two)).resourceVersion
            #expect(again != untouched)

            try await cluster.api.delete(.kubeconfigGenerators, name)
            try await cluster.label(.tenantControlPlanes, Self.three, ["team": nil])
            try await cluster.tenant(ObjectKey(namespace: "red", name: "after"), labels: ["team": "a"])
            #expect(try await Self.served(cluster) == [Self.two, Self.three], "they are the tenants'")
            #expect(try await cluster.get(.secrets, Self.key(Self.two)).resourceVersion == again)
        }
    }

    @Test func `what cannot be made for one tenant is told, and the others are served`() async throws {
        try await Self.run { cluster in
            _ = try await cluster.api.create(
                Self.generator("robots", ["user": ["fromDefinition": "metadata.labels.team"]]), .kubeconfigGenerators)
            try await eventually("two of three have it") {
                try await Self.status(cluster) == [
                    "observedGeneration": 1, "resources": 3, "availableResources": 2,
                    "errors": [
                        [
                            "resource": "blue/two",
                            "message":
                                #"spec.user: provided dot notation "metadata.labels.team" is not found in the tenant"#,
                        ]
                    ],
                ]
            }
            #expect(try await Self.served(cluster) == [Self.one, Self.three])
            try await cluster.label(.tenantControlPlanes, Self.two, ["team": "c"])
            try await eventually("the third has it") {
                try await Self.status(cluster) == ["observedGeneration": 1, "resources": 3, "availableResources": 3]
            }
            #expect(try await Self.kubeconfig(of: Self.two, cluster)?.clientCertificate.commonName == "c")

            // Its Secrets' name is that of the tenants' authorities.
            let before = try await cluster.get(.secrets, ObjectKey(namespace: "blue", name: "one-ca"))
            _ = try await cluster.api.create(
                Self.generator("ca", ["user": ["stringValue": "thief"]]), .kubeconfigGenerators)
            try await eventually("it is refused") {
                let status = try await Self.status(cluster, "ca")
                return status["errors"]?.array?.count == 3 && status["availableResources"] == 0
            }
            #expect(try await cluster.get(.secrets, before.key).resourceVersion == before.resourceVersion)
        }
    }

    @Test func `it is rotated on request, put back, and follows its tenant's server`() async throws {
        try await Self.run { cluster in
            _ = try await cluster.api.create(
                Self.generator(
                    "robots", ["user": ["stringValue": "robot"], "controlPlaneEndpointFrom": "admin.conf"]),
                .kubeconfigGenerators)
            try await eventually("all have it") { try await Self.status(cluster)["availableResources"] == 3 }
            let first = try #require(try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate)
            let other = try await cluster.get(.secrets, Self.key(Self.two)).resourceVersion

            let key = Self.key(Self.one)
            try await cluster.change(.secrets, key, ["metadata": ["annotations": [Keys.rotate: ""]]])
            try await eventually("it is another") {
                try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate.serialHex != first.serialHex
            }
            #expect(
                try await cluster.get(.secrets, key).annotations[Keys.rotate].flatMap(Timestamp.parse) != nil,
                "the time of the rotation takes the place of the wish")

            try await cluster.api.delete(.secrets, key)
            try await eventually("it is back") { try await Self.kubeconfig(of: Self.one, cluster) != nil }
            try await cluster.change(.secrets, key, ["data": ["value": .string(Base64.encode(Array("no".utf8)))]])
            try await eventually("it can be read again") {
                let text = try await cluster.secret(key.name, in: "blue")["value"] ?? ""
                return text.contains("client-key-data")
            }

            let kept = try #require(try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate)
            try await cluster.change(
                .tenantControlPlanes, Self.one, ["spec": ["networkProfile": ["address": "192.0.2.77"]]])
            try await eventually("it names the new server") {
                try await Self.kubeconfig(of: Self.one, cluster)?.server == "https://192.0.2.77:6443"
            }
            #expect(try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate == kept, "its client is kept")
            #expect(try await cluster.get(.secrets, Self.key(Self.two)).resourceVersion == other)

            let name = ObjectKey(namespace: nil, name: "robots")
            try await cluster.change(
                .kubeconfigGenerators, name,
                ["metadata": ["annotations": [Keys.paused: "true"]], "spec": ["user": ["stringValue": "other"]]])
            try await cluster.label(.tenantControlPlanes, Self.one, ["noticed": "yes"])
            let clock = MovableClock(Date())
            #expect(try await cluster.generatorReconciler(clock).reconcile("robots") == .settled)
            #expect(try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate == kept, "it is paused")
            try await cluster.change(
                .kubeconfigGenerators, name, ["metadata": ["annotations": [Keys.paused: nil]]])
            try await eventually("it goes on where it was paused") {
                try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate.commonName == "other"
            }
        }
    }

    @Test func `it is renewed ahead of its expiry, by its own clock`() async throws {
        try await Self.run { cluster in
            _ = try await cluster.api.create(
                Self.generator(
                    "robots",
                    [
                        "user": ["stringValue": "robot"],
                        "tenantControlPlaneSelector": ["matchLabels": ["team": "a"]],
                        "namespaceSelector": ["matchLabels": ["env": "prod"]],
                    ]),
                .kubeconfigGenerators)
            try await eventually("it is there") { try await Self.status(cluster)["availableResources"] == 1 }
            let first = try #require(try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate)
            let clock = MovableClock(Date())
            let reconciler = cluster.generatorReconciler(clock)
            #expect(
                try await reconciler.reconcile("robots") == .again(after: .seconds(36_000)), "nothing is near")

            clock.now = first.notAfter.addingTimeInterval(-25 * 3600)
            #expect(
                try await reconciler.reconcile("robots") == .again(after: .seconds(3600)),
                "it comes back when a day of life is left")
            #expect(try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate == first)

            clock.now = first.notAfter.addingTimeInterval(-24 * 3600)
            #expect(try await reconciler.reconcile("robots") == .again(after: .seconds(36_000)))
            let second = try #require(try await Self.kubeconfig(of: Self.one, cluster)?.clientCertificate)
            #expect(second != first)
            #expect(
                second.notAfter.timeIntervalSince(clock.now) > 364 * 24 * 3600,
                "its year begins now, not when the manager was started")
        }
    }
}
