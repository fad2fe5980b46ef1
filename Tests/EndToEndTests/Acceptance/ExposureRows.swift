import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Testing

/// Rows about how a tenant is reached, and what joins it.
extension EndToEnd.AcceptanceTests {
    private static let routed = """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: TenantControlPlane
        metadata: {name: routed}
        spec:
          controlPlane:
            deployment: {replicas: 1}
            service: {serviceType: ClusterIP}
            gateway:
              hostname: tcp-gateway.example.com
              additionalMetadata: {labels: {example.io/gateway: "true"}, annotations: {example.io/by: acceptance}}
              parentRefs: [{name: test-gateway, port: 6443, sectionName: cp-listener}]
          kubernetes: {version: v1.35.7}
        """

    /// Gateway API is installed while the manager runs.
    private func routed(_ engine: Engine) async throws -> AcceptanceFixture {
        let fixture = try AcceptanceFixture.on(engine)
        if try await !fixture.session("get tcp routed").isSuccess {
            for kind in ["TLSRoute", "Gateway"] {
                try await fixture.session.must(
                    "apply -f FILE", file: Manifests.anyDefinition(kind, in: "gateway.networking.k8s.io"))
            }
            try await eventually("TLSRoutes are served") {
                try await fixture.session("get tlsroutes,gateways").isSuccess
            }
        }
        try await fixture.ready("routed", Self.routed)
        return fixture
    }

    @Test(
        "tcp_gateway_ready_test: Ready behind a Gateway, the route as the user named its listener, none for a tunnel",
        arguments: Engine.all)
    func gateway(engine: Engine) async throws {
        let fixture = try await routed(engine)
        let route = KubeObject(try await fixture.session.object("tlsroute/routed"))
        #expect(route[path: "spec", "parentRefs"]?.array?.count == 1)
        for (field, value) in [("name", "test-gateway"), ("port", 6443), ("sectionName", "cp-listener")]
            as [(String, JSON)]
        {
            #expect(route[path: "spec", "parentRefs"]?[0]?[field] == value, "\(field)")
        }
        #expect(route.labels["example.io/gateway"] == "true" && route.annotations["example.io/by"] == "acceptance")
        #expect(try await !fixture.session("get tlsroute routed-konnectivity").isSuccess)
    }

    @Test(
        "tcp_gateway_konnectivity_ready_test: the tunnel has a route of its own, of the same host",
        arguments: Engine.all)
    func tunnelGateway(engine: Engine) async throws {
        let fixture = try await routed(engine)
        let session = fixture.session
        try await fixture.patch("routed", ["spec": ["addons": ["konnectivity": [:]]]])
        try await session.must("wait --for=create tlsroute/routed-konnectivity --timeout=120s")
        let server = try await session.object("tlsroute/routed")
        let tunnel = try await session.object("tlsroute/routed-konnectivity")
        #expect(server[path: "spec", "parentRefs"]?[0]?["sectionName"] == "cp-listener")
        #expect(tunnel[path: "spec", "parentRefs"]?[0]?["sectionName"] == "konnectivity-server")
        #expect(server[path: "spec", "hostnames"] == ["tcp-gateway.example.com"])
        #expect(tunnel[path: "spec", "hostnames"] == server[path: "spec", "hostnames"])
        if EndToEnd.hasTunnel { try await fixture.settled("routed") }
    }

    /// Node ports are the machine's: each engine has its own, and few others will have them.
    private static func ports(_ engine: Engine) -> [Int] {
        let first = engine == .embedded ? 31_811 : 31_821
        return Array(first..<first + 4)
    }

    /// A tenant on a node port.
    func exposed(_ engine: Engine) async throws -> AcceptanceFixture {
        let fixture = try AcceptanceFixture.on(engine)
        try await fixture.ready(
            "dev",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: dev}
            spec:
              controlPlane:
                deployment: {replicas: 1}
                service: {serviceType: NodePort}
              networkProfile: {address: 127.0.0.1, port: \(Self.ports(engine)[0])}
              kubernetes: {version: v1.35.0, kubelet: {cgroupfs: systemd}}
            """)
        return fixture
    }

    @Test(
        "worker_kubeadm_join_test, its calls without a kubelet: a token's kubeconfig, a signed client, a Node",
        arguments: Engine.all)
    func join(engine: Engine) async throws {
        let fixture = try await exposed(engine)
        let (cluster, session) = (fixture.cluster, fixture.session)
        let made = try await cluster.manager(["token", "create", "dev", "-n", session.namespace, "-o", "json"])
        #expect(made.isSuccess, "\(made)")
        let invitation = try JSON(parsing: Array(made.output.utf8))
        let token = try #require(invitation["token"]?.string)
        let command = try #require(invitation[path: "joinCommands", "kubeadm"]?.string)
        #expect(command.hasPrefix("kubeadm join 127.0.0.1:\(Self.ports(engine)[0]) --token \(token) "), "\(command)")

        // What kubeadm reads first, as nobody, and believes for its signature with the token.
        let admin = try await cluster.enter("dev", session)
        let published = "configmap/cluster-info -n kube-public"
        try await eventually("cluster-info is signed") {
            try await admin.must("get \(published) -o jsonpath={.data}").contains("jws-kubeconfig-\(token.prefix(6))")
        }
        let map = try await admin.object(published)["data"]
        let info = try Kubeconfig(yaml: try #require(map?["kubeconfig"]?.string))
        let joining = try #require(info.cluster(""), "cluster-info names no cluster")
        #expect(joining.server == "https://127.0.0.1:\(Self.ports(engine)[0])")

        let transport = CurlTransport()
        defer { transport.shutdown() }
        let machine = NodeAccessFixture(
            cluster: cluster, session: session,
            admin: KubeClient(
                connection: try ClusterConnection(
                    Kubeconfig(yaml: String(contentsOfFile: admin.kubeconfig, encoding: .utf8))),
                transport: transport, fieldManager: "test",
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            server: joining.server, authority: try #require(joining.certificateAuthorityData), transport: transport)
        let bootstrap = machine.client(token: token)
        try await eventually("the tenant knows the token") { try await NodeAccessFixture.isKnown(bootstrap) }
        for name in ["kubeadm-config", "kubelet-config"] {
            let key = ObjectKey(namespace: "kube-system", name: name)
            #expect(try await bootstrap.get(.configMaps, key)["data"] != nil, "\(name) is read with the token")
        }
        let key = try await Machine.Key(session.scratch)
        let certificate = try await machine.ask(bootstrap, .kubelet("worker"), key).certificate
        let kubelet = machine.client(certificate: certificate, key: key)
        let node = ObjectKey(namespace: nil, name: "worker")
        _ = try await kubelet.create(ResourceType.nodes.object(node), .nodes)
        #expect(try await admin.must("get nodes -o name") == "node/worker\n")

        // Putting cluster-info back leaves the signatures of those who are just joining.
        let patch = #"[{"op":"add","path":"/metadata/labels/kamaji.clastix.io~1project","value":"other"}]"#
        try await admin.must("patch \(published) --type=json -p \(patch)")
        try await eventually("cluster-info is as before") {
            try await admin.value(published, #".metadata.labels.kamaji\.clastix\.io/project"#) == "kamaji"
        }
        #expect(try await admin.object(published)["data"] == map)
    }

    @Test(
        "worker_tcp_change_port_test: another port is followed by the Service, the status and the kubeconfig",
        arguments: Engine.all)
    func changedPort(engine: Engine) async throws {
        let fixture = try await exposed(engine)
        let session = fixture.session
        for port in Self.ports(engine).dropFirst() {
            try await fixture.patch("dev", ["spec": ["networkProfile": ["port": JSON(port)]]])
            try await fixture.settled("dev")
            #expect(try await session.value("tcp/dev", ".status.kubernetesResources.service.port") == "\(port)")
            #expect(try await session.value("svc/dev", ".spec.ports[0].nodePort") == "\(port)")
            let tenant = try await fixture.cluster.enter("dev", session)
            #expect(
                try await tenant.must("config view -o jsonpath={.clusters[0].cluster.server}")
                    == "https://127.0.0.1:\(port)")
            try await eventually("it answers at \(port)") { try await tenant("get --raw /readyz").isSuccess }
            // The upstream engine runs the program that this machine has, whatever the version.
            if engine == .embedded {
                #expect(try await tenant.must("version -o json").contains(#""gitVersion": "v1.35.0+embedded""#))
            }
        }
    }
}
