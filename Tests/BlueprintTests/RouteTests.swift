import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct RouteTests {
    @Test func `an Ingress sends its one host to the API server`() throws {
        let tenant = try Sample.tenant(
            """
            spec:
              controlPlane:
                ingress:
                  ingressClassName: nginx
                  hostname: green.example:443
                  additionalMetadata: {annotations: {nginx/ssl-passthrough: "true"}, labels: {a: b}}
            """)
        let ingress = try #require(tenant.ingress()).object
        #expect(ingress.key == ObjectKey(namespace: "tenants", name: "green"))
        #expect(ingress.labels["kamaji.clastix.io/component"] == "ingress")
        #expect(ingress.labels["a"] == "b")
        #expect(ingress.annotations == ["nginx/ssl-passthrough": "true"])
        #expect(
            ingress["spec"] == [
                "ingressClassName": "nginx",
                "rules": [
                    [
                        "host": "green.example",
                        "http": [
                            "paths": [
                                [
                                    "path": "/", "pathType": "Prefix",
                                    "backend": ["service": ["name": "green", "port": ["number": 6443]]],
                                ]
                            ]
                        ],
                    ]
                ],
            ])
    }

    @Test(arguments: ["{}", "{controlPlane: {ingress: {}}}", "{controlPlane: {ingress: {hostname: ''}}}"])
    func `without a host there is no Ingress`(spec: String) throws {
        #expect(try Sample.tenant("spec: \(spec)").ingress() == nil)
    }

    private static let gateway = """
        gateway:
              hostname: green.example
              parentRefs: [{name: edge, namespace: gateways, sectionName: tls}]
        """

    @Test func `a Gateway's route sends its host to the API server`() throws {
        let routes = try Sample.tenant("spec:\n  controlPlane:\n    \(Self.gateway)").routes()
        #expect(routes.map(\.object.name) == ["green"])
        let route = try #require(routes.first).object
        #expect(route.kind == "TLSRoute")
        #expect(route.labels["kamaji.clastix.io/component"] == "gateway_routes")
        #expect(
            route["spec"] == [
                "hostnames": ["green.example"],
                "parentRefs": [
                    [
                        "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge",
                        "namespace": "gateways", "sectionName": "tls",
                    ]
                ],
                "rules": [["backendRefs": [["name": "green", "port": 6443]]]],
            ])
    }

    @Test func `the tunnel has a route of its own, through the listener of its name`() throws {
        let routes = try Sample.tenant(
            "spec:\n  addons: {konnectivity: {}}\n  controlPlane:\n    \(Self.gateway)"
        ).routes()
        #expect(routes.map(\.object.name) == ["green", "green-konnectivity"])
        let route = try #require(routes.last).object
        #expect(route.labels["kamaji.clastix.io/component"] == "konnectivity_gateway_routes")
        #expect(
            route["spec"] == [
                "hostnames": ["green.example"],
                "parentRefs": [
                    [
                        "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge",
                        "namespace": "gateways", "sectionName": "konnectivity-server", "port": 8132,
                    ]
                ],
                "rules": [["backendRefs": [["name": "green", "port": 8132]]]],
            ])
    }

    @Test func `where TLSRoutes are not served none is made`() throws {
        let tenant = try Sample.tenant("spec:\n  controlPlane:\n    \(Self.gateway)")
        #expect(tenant.everything(servesTLSRoutes: true).contains { $0.component == .route })
        #expect(!tenant.everything(servesTLSRoutes: false).contains { $0.component == .route })
    }
}
