import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KonnectivityAgentTests {
    private static func agent(
        _ konnectivity: String = "{}", _ change: String = "", kind: String = "DaemonSet",
        at exposure: Exposure = Sample.exposure
    ) throws -> KubeObject {
        try Sample.tenant(
            "spec: {addons: {konnectivity: \(konnectivity)}\(change.isEmpty ? "" : ", ")\(change)}"
        ).inside("\(kind) kube-system/konnectivity-agent", at: exposure)
    }

    @Test func `an agent on each node calls the server and says which node it is`() throws {
        let agent = try Self.agent()
        #expect(agent.labels["kamaji.clastix.io/component"] == "konnectivity-agent")
        #expect(agent.labels["kamaji.clastix.io/name"] == "green")
        #expect(agent.template.labels == ["k8s-app": "konnectivity-agent"])
        #expect(
            try agent.arguments("konnectivity-agent") == [
                "--admin-server-port=8133", "--agent-identifiers=host=$(NODE_NAME)&ipv4=$(HOST_IP)",
                "--ca-cert=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", "--health-server-port=8134",
                "--logtostderr=true", "--proxy-server-host=10.96.7.7", "--proxy-server-port=8132",
                "--service-account-token-path=/var/run/secrets/tokens/konnectivity-agent-token",
                "--sync-forever=true", "-v=8",
            ])
        let container = try agent.container("konnectivity-agent")
        #expect(container["image"] == "registry.k8s.io/kas-network-proxy/proxy-agent:v0.36.0")
        #expect(container["command"] == ["/proxy-agent"])
        #expect(
            container["env"]?.array?.compactMap { $0[path: "valueFrom", "fieldRef", "fieldPath"]?.string } == [
                "spec.nodeName", "status.hostIP",
            ])
        #expect(container[path: "livenessProbe", "httpGet"] == ["path": "/healthz", "port": 8134, "scheme": "HTTP"])
        #expect(agent.pod["tolerations"] == [["key": "CriticalAddonsOnly", "operator": "Exists"]])
        #expect(agent.pod["hostNetwork"] == nil)
    }

    @Test func `its token is for the server from the first one on`() throws {
        let token = try Self.agent().volume("konnectivity-agent-token")
        #expect(
            token[path: "projected", "sources"] == [
                [
                    "serviceAccountToken": [
                        "audience": "system:konnectivity-server", "expirationSeconds": 3600,
                        "path": "konnectivity-agent-token",
                    ]
                ]
            ])
    }

    @Test func `a Deployment of agents has the user's replicas, flags and tolerations`() throws {
        let konnectivity = """
            {server: {port: 9000}, agent: {mode: Deployment, replicas: 3, hostNetwork: true, version: v9, image: mine,
             extraArgs: [--v=2, --sync-forever=false], tolerations: [{operator: Exists}]}}
            """
        let agent = try Self.agent(konnectivity, kind: "Deployment")
        #expect(agent[path: "spec", "replicas"] == 3)
        #expect(agent.pod["hostNetwork"] == true)
        #expect(agent.pod["tolerations"] == [["operator": "Exists"]])
        #expect(try agent.container("konnectivity-agent")["image"] == "mine:v9")
        let arguments = try agent.arguments("konnectivity-agent")
        #expect(arguments.contains("--proxy-server-port=9000"))
        #expect(arguments.contains("--sync-forever=false"))
        // One verbosity: the user's.
        #expect(arguments.filter { $0.hasPrefix("-v") || $0.hasPrefix("--v") } == ["--v=2"])
    }

    @Test func `agents call the Gateway's host, and no Ingress`() throws {
        let exposure = Exposure(
            assigned: Endpoint(host: "192.0.2.1", port: 6443), advertised: Endpoint(host: "198.51.100.1", port: 6443),
            published: Endpoint(host: "green.example", port: 443), clusterIP: nil)
        func host(_ controlPlane: String) throws -> String? {
            try Self.agent("{}", "controlPlane: \(controlPlane)", at: exposure).arguments("konnectivity-agent")
                .first { $0.hasPrefix("--proxy-server-host=") }
        }
        #expect(try host("{ingress: {hostname: 'green.example:443'}}") == "--proxy-server-host=198.51.100.1")
        #expect(try host("{gateway: {hostname: 'green.example:443'}}") == "--proxy-server-host=green.example")
    }

    @Test func `a node of an IPv6 tenant is known by its IPv6 address`() throws {
        let agent = try Self.agent("{}", "networkProfile: {serviceCidr: 'fd00:10:96::/112', podCidr: 'fd00:1::/56'}")
        #expect(
            try agent.arguments("konnectivity-agent").contains(
                "--agent-identifiers=host=$(NODE_NAME)&ipv6=$(HOST_IP)"))
    }

    @Test func `the server may ask whether a token is good`() throws {
        let inside = try Sample.withAddons().inside()
        let binding = try #require(inside["ClusterRoleBinding system:konnectivity-server"])
        #expect(
            binding.labels == [
                "addonmanager.kubernetes.io/mode": "Reconcile", "kubernetes.io/cluster-service": "true",
                "kamaji.clastix.io/component": "konnectivity-clusterrolebinding",
                "kamaji.clastix.io/name": "green", "kamaji.clastix.io/project": "kamaji",
            ])
        #expect(binding[path: "roleRef", "name"] == "system:auth-delegator")
        #expect(
            binding["subjects"] == [
                ["apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:konnectivity-server"]
            ])
        #expect(
            inside["ServiceAccount kube-system/konnectivity-agent"]?.labels["kamaji.clastix.io/component"]
                == "konnectivity-sa")
    }
}
