import FoundationEssentials
import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct AccessPointTests {
    private static func object(_ yaml: String) throws -> KubeObject {
        KubeObject(try #require(try YAML.parse(yaml).first))
    }

    /// A Gateway of the route's namespace with TLS on 6443 and 8132, and HTTPS.
    private static func gateway(programmed: String = "True") throws -> GatewayFacts {
        GatewayFacts(
            try object(
                """
                metadata: {name: edge, namespace: tenants}
                spec:
                  listeners:
                    - {name: kube-apiserver, port: 6443, protocol: TLS}
                    - {name: konnectivity-server, port: 8132, protocol: TLS}
                    - {name: web, port: 443, protocol: HTTPS}
                status: {conditions: [{type: Accepted, status: 'True'}, {type: Programmed, status: '\(programmed)'}]}
                """))
    }

    private static let edge = ObjectKey(namespace: "tenants", name: "edge")

    private static func route(_ parents: String, hosts: String = "[green.example]") throws -> KubeObject {
        try object(
            """
            metadata: {name: green, namespace: tenants}
            spec: {hostnames: \(hosts)}
            status: {parents: \(parents)}
            """)
    }

    private static func parent(_ reference: String, accepted: String = "True") -> String {
        "{parentRef: {\(reference)}, conditions: [{type: ResolvedRefs, status: 'True'}, "
            + "{type: Accepted, status: '\(accepted)'}]}"
    }

    private static func values(_ points: [JSON]) -> [String] { points.compactMap { $0["value"]?.string } }

    private static func values(
        _ parents: [String], hosts: String = "[green.example]", _ gateways: [ObjectKey: GatewayFacts]? = nil
    ) throws -> [String] {
        let route = try route("[\(parents.joined(separator: ", "))]", hosts: hosts)
        return values(AccessPoints.points(of: route, try gateways ?? [edge: gateway()]))
    }

    @Test func `a point has upstream's form`() throws {
        let route = try Self.route("[\(Self.parent("name: edge, sectionName: kube-apiserver"))]")
        #expect(
            AccessPoints.points(of: route, [Self.edge: try Self.gateway()]) == [
                ["type": "Hostname", "value": "https://green.example:6443", "port": 6443]
            ])
    }

    @Test(arguments: [
        ("name: edge", ["6443", "8132"]), ("name: edge, sectionName: ''", ["6443", "8132"]),
        ("name: edge, sectionName: konnectivity-server", ["8132"]), ("name: edge, port: 6443", ["6443"]),
        ("name: edge, sectionName: konnectivity-server, port: 8132", ["8132"]),
        ("name: edge, sectionName: konnectivity-server, port: 6443", []), ("name: edge, port: 443", []),
        ("name: edge, sectionName: web", []), ("name: edge, sectionName: nowhere", []), ("name: other", []),
        ("name: edge, namespace: elsewhere", []), ("name: edge, namespace: tenants, port: 6443", ["6443"]),
        ("name: edge, kind: Service, group: ''", []),
        ("name: edge, kind: Gateway, group: gateway.networking.k8s.io, port: 6443", ["6443"]),
    ])
    func `only TLS listeners that the parent means count`(reference: String, ports: [String]) throws {
        #expect(try Self.values([Self.parent(reference)]) == ports.map { "https://green.example:\($0)" })
    }

    @Test func `a route that is not accepted, or a Gateway that is not programmed, has none`() throws {
        #expect(try Self.values([Self.parent("name: edge", accepted: "False")]) == [])
        #expect(try Self.values(["{parentRef: {name: edge}}"]) == [])
        let pending = [Self.edge: try Self.gateway(programmed: "Unknown")]
        #expect(try Self.values([Self.parent("name: edge")], pending) == [])
        #expect(try Self.values([] as [String]) == [])
    }

    @Test func `one parent that is missing does not hide another, and none counts twice`() throws {
        let second = ObjectKey(namespace: "gateways", name: "far")
        let values = try Self.values(
            [
                Self.parent("name: gone"), Self.parent("name: edge, sectionName: kube-apiserver"),
                Self.parent("name: edge, port: 6443"), Self.parent("name: far, namespace: gateways, port: 8132"),
                Self.parent("name: edge, sectionName: web"),
            ], hosts: "[green.example, '*.green.example']", [Self.edge: try Self.gateway(), second: try Self.gateway()])
        #expect(
            values == [
                "https://green.example:6443", "https://*.green.example:6443", "https://green.example:8132",
                "https://*.green.example:8132",
            ])
    }

    @Test func `the Gateways of a route are those it names and those that speak of it`() throws {
        let route = try Self.object(
            """
            metadata: {name: green, namespace: tenants}
            spec: {parentRefs: [{name: edge}, {name: mesh, kind: Service, group: ''}]}
            status: {parents: [{parentRef: {name: far, namespace: gateways}}, {parentRef: {name: edge}}]}
            """)
        #expect(
            AccessPoints.gateways(of: route) == [Self.edge, ObjectKey(namespace: "gateways", name: "far")])
    }

    // MARK: In the tenant's status

    private static func status(
        _ tenant: TenantControlPlane, _ gateways: [ObjectKey: GatewayFacts]?
    ) throws -> JSON {
        var progress = TenantProgress()
        progress.deployment = KubeObject(["metadata": ["name": "green"]])
        for (component, section) in [
            (Component.route, "kube-apiserver"), (.konnectivityRoute, "konnectivity-server"),
        ] {
            progress.routes[component] = try route("[\(parent("name: edge, sectionName: \(section)"))]")
        }
        progress.gateways = gateways
        return tenant.status(after: progress, now: Date(timeIntervalSince1970: 1_800_000_000))
    }

    private static let spec =
        "spec: {addons: {konnectivity: {}}, controlPlane: {gateway: {hostname: green.example, parentRefs: [{name: edge}]}}}"

    private static func points(_ status: JSON, _ path: String...) -> [String]? {
        status[path: path]?["accessPoints"]?.array.map(values)
    }

    @Test func `the status tells where the API server and the tunnel are reached`() throws {
        let status = try Self.status(try Sample.tenant(Self.spec), [Self.edge: try Self.gateway()])
        #expect(Self.points(status, "kubernetesResources", "gateway") == ["https://green.example:6443"])
        #expect(Self.points(status, "addons", "konnectivity", "gateway") == ["https://green.example:8132"])
    }

    @Test func `what is known stands until the Gateways are listed, and goes with the Gateway`() throws {
        var tenant = try Sample.tenant(Self.spec)
        tenant.object["status"] = try Self.status(tenant, [Self.edge: try Self.gateway()])
        let unlisted = try Self.status(tenant, nil)
        #expect(Self.points(unlisted, "kubernetesResources", "gateway") == ["https://green.example:6443"])
        let gone = try Self.status(tenant, [:])
        #expect(Self.points(gone, "kubernetesResources", "gateway") == nil)
        #expect(Self.points(gone, "addons", "konnectivity", "gateway") == nil)
        #expect(gone[path: "kubernetesResources", "gateway", "parents"]?.array?.count == 1)
    }

    @Test func `a tenant that leaves its Gateway keeps no word of it`() throws {
        var tenant = try Sample.tenant(Self.spec)
        let status = try Self.status(tenant, [Self.edge: try Self.gateway()])
        tenant = try Sample.tenant("spec: {addons: {konnectivity: {}}}")
        tenant.object["status"] = status
        var progress = TenantProgress()
        progress.deployment = KubeObject(["metadata": ["name": "green"]])
        let after = tenant.status(after: progress, now: Date(timeIntervalSince1970: 1_800_000_001))
        #expect(after[path: "kubernetesResources", "gateway"] == nil)
        #expect(after[path: "addons", "konnectivity", "gateway"] == nil)
    }
}
