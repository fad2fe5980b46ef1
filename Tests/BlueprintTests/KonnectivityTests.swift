import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KonnectivityTests {
    private static func tenant(_ konnectivity: String = "{}") throws -> TenantControlPlane {
        try Sample.tenant("spec: {addons: {konnectivity: \(konnectivity)}}")
    }

    @Test func `the tunnel server has exactly these flags`() throws {
        #expect(
            try Self.tenant().deployed().arguments("konnectivity-server") == [
                "--admin-port=8133",
                "--agent-namespace=kube-system",
                "--agent-port=8132",
                "--agent-service-account=konnectivity-agent",
                "--authentication-audience=system:konnectivity-server",
                "--cluster-cert=/etc/kubernetes/pki/apiserver.crt",
                "--cluster-key=/etc/kubernetes/pki/apiserver.key",
                "--health-port=8134",
                "--keepalive-time=30s",
                "--kubeconfig=/etc/kubernetes/konnectivity-server.conf",
                "--mode=grpc",
                "--proxy-strategies=destHost,default",
                "--server-count=1",
                "--server-port=0",
                "--uds-name=/run/konnectivity/konnectivity-server.socket",
            ])
    }

    @Test func `it is the last container, on the ports that agents and probes know`() throws {
        let deployment = try Self.tenant("{server: {port: 9132}}").deployed()
        #expect(deployment.names("containers").last == "konnectivity-server")
        let server = try deployment.container("konnectivity-server")
        #expect(server["image"] == "registry.k8s.io/kas-network-proxy/proxy-server:v0.36.0")
        #expect(server["imagePullPolicy"] == "Always")
        #expect(server["command"] == ["/proxy-server"])
        #expect(
            (server["ports"]?.array ?? []).map { "\($0["name"]?.string ?? "") \($0["containerPort"]?.integer ?? 0)" }
                == ["agentport 9132", "adminport 8133", "healthport 8134"])
        #expect(
            server["livenessProbe"] == [
                "httpGet": ["path": "/healthz", "port": 8134, "scheme": "HTTP"], "initialDelaySeconds": 30,
                "timeoutSeconds": 60, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
            ])
        #expect(try deployment.arguments("konnectivity-server").contains("--agent-port=9132"))
    }

    @Test func `users change its image, its resources and the flags that nothing depends on`() throws {
        let deployment = try Self.tenant(
            """
            {server: {image: mine, version: v9, resources: {requests: {cpu: 50m}, claims: [{name: x}]},
             securityContext: {runAsNonRoot: true},
             extraArgs: [--keepalive-time=1m, --proxy-strategies=default, --mode=http-connect, --v=4]}}
            """
        ).deployed()
        let server = try deployment.container("konnectivity-server")
        #expect(server["image"] == "mine:v9")
        #expect(server["resources"] == ["requests": ["cpu": "50m"]])
        #expect(server["securityContext"] == ["runAsNonRoot": true])
        let arguments = try deployment.arguments("konnectivity-server")
        for flag in ["--keepalive-time=1m", "--proxy-strategies=default", "--v=4", "--mode=grpc"] {
            #expect(arguments.contains(flag))
        }
        #expect(arguments.count == 16)
    }

    @Test(arguments: [("v1.36.0", "v0.36.0"), ("1.30.2", "v0.30.0"), ("v1.29.4-rc.1", "v0.29.0")])
    func `its version follows the tenant's Kubernetes`(kubernetes: String, version: String) {
        #expect(AddonVersions.konnectivityTag(for: KubernetesVersion(kubernetes)) == version)
    }

    @Test func `agents are told of every replica`() throws {
        let tenant = try Sample.tenant(
            "spec: {addons: {konnectivity: {}}, controlPlane: {deployment: {replicas: 3}}}")
        #expect(try tenant.deployed().arguments("konnectivity-server").contains("--server-count=3"))
    }

    @Test func `the API server reaches it through a socket in the pod`() throws {
        let deployment = try Self.tenant().deployed()
        #expect(
            try deployment.arguments("kube-apiserver").contains(
                "--egress-selector-config-file="
                    + "/etc/kubernetes/konnectivity/configurations/egress-selector-configuration.yaml"))
        #expect(
            try deployment.mounts("kube-apiserver").suffix(2) == [
                "konnectivity-uds /run/konnectivity (rw)",
                "egress-selector-configuration /etc/kubernetes/konnectivity/configurations (rw)",
            ])
        #expect(
            try deployment.mounts("konnectivity-server") == [
                "konnectivity-server-certificate /etc/kubernetes/pki",
                "konnectivity-server-kubeconfig /etc/kubernetes/konnectivity-server.conf",
                "konnectivity-uds /run/konnectivity (rw)",
            ])
        #expect(try deployment.volume("konnectivity-uds")["emptyDir"] == ["medium": "Memory"])
        #expect(
            try deployment.volume("egress-selector-configuration")["configMap"] == [
                "name": "green-konnectivity-egress-selector-configuration", "defaultMode": 420,
            ])
        #expect(
            try deployment.volume("konnectivity-server-kubeconfig")["secret"] == [
                "secretName": "green-konnectivity-kubeconfig", "defaultMode": 420,
            ])
    }

    @Test func `what goes to the cluster goes through the tunnel`() throws {
        let map = try Self.tenant().egressSelector().object
        #expect(map.name == "green-konnectivity-egress-selector-configuration")
        let text = try #require(map[path: "data", "egress-selector-configuration.yaml"]?.string)
        #expect(
            try YAML.parse(text) == [
                [
                    "apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration",
                    "egressSelections": [
                        [
                            "name": "cluster",
                            "connection": [
                                "proxyProtocol": "GRPC",
                                "transport": [
                                    "uds": ["udsName": "/run/konnectivity/konnectivity-server.socket"]
                                ],
                            ],
                        ]
                    ],
                ]
            ])
    }

    @Test func `a tenant without it has no trace of it`() throws {
        let deployment = try Sample.tenant().deployed()
        #expect(!deployment.json.description.contains("konnectivity"))
    }
}
