import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import Testing

@testable import FleetExporter

@Suite(
    "Faults of real servers, as Prometheus alerts on them", .timeLimit(.minutes(20)),
    .enabled(if: RealPrometheus.isInstalled, "Debian's prometheus is not installed"))
struct RealFaultsTests {
    @Test(
        "A full etcd is told by its alarm, and one that is well is not",
        .enabled(if: EtcdProcess.program != nil, "etcd is not installed"))
    func fullEtcd() async throws {
        try await ExporterFixture.run { fixture in
            let (full, well) = (try await EtcdProcess(fixture, quota: 2 << 20), try await EtcdProcess(fixture))
            try await fixture.addDatastore("full", endpoints: [full.endpoint])
            try await fixture.addDatastore("well", endpoints: [well.endpoint])
            try await fixture.eventually("both stores") {
                $0.contains("kamaji_ds_up{datastore_name=\"full\"} 1")
                    && $0.contains("kamaji_ds_up{datastore_name=\"well\"} 1")
            }
            let prometheus = try await RealPrometheus(scraping: fixture.url, folder: fixture.folder)
            try await prometheus.eventually("several scrapes", "sum_over_time(up[15m]) >= 4") { !$0.isEmpty }
            #expect(try await prometheus.firing() == [])
            try await full.fill()
            try await prometheus.eventually(
                "the alarm", "ALERTS{alertname=\"KamajiEtcdAlarm\",datastore_name=\"full\",alertstate=\"firing\"}"
            ) { $0 == [1] }
            let known: Set = ["KamajiEtcdAlarm full", "KamajiDatastoreFillingUp full"]
            #expect(try await prometheus.firing().subtracting(known) == [])
        }
    }

    @Test(
        "A tunnel without an agent is dialled in vain, told, and alerted on; the API server behind it is up",
        .enabled(if: TunnelTenant.isInstalled, "upstream's kube-apiserver and proxy-server are not installed"))
    func brokenTunnel() async throws {
        try await ExporterFixture.run { _, folder in
            let text = "{probe_interval: 10s, probe_timeout: 10s, datastore_interval: 2s, tenant_interval: 3s}"
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/exporter.yml"))
        } _: { fixture in
            let tenant = try await TunnelTenant(fixture)
            try await fixture.addTenant("silent", endpoint: tenant.endpoint, inside: tenant.kubeconfig)
            let identity = "{tcp_namespace=\"default\",tcp_name=\"silent\""
            let page = try await fixture.eventually("a dial in vain") {
                $0.contains("kamaji_konnectivity_dial_success\(identity)} 0")
                    && $0.contains("kamaji_probe_success\(identity),check=\"readyz\"} 1")
            }
            #expect(page.contains("kamaji_tcp_nodes\(identity)} 1\n"))
            #expect(page.contains("kamaji_konnectivity_agents_desired\(identity)} 0\n"))
            // It lets nobody ask without a credential, as upstream's does under this authorization mode.
            #expect(page.contains("check=\"readyz\",reason=\"unauthorized\"} 1"))
            #expect(!page.contains("PRIVATE"))
            let prometheus = try await RealPrometheus(scraping: fixture.url, folder: fixture.folder)
            try await prometheus.eventually(
                "the alert",
                "ALERTS{alertname=\"KamajiTunnelBroken\",tcp_name=\"silent\",alertstate=\"firing\"}"
            ) { $0 == [1] }
            #expect(try await prometheus.firing() == ["KamajiTunnelBroken silent"])
            try await fixture.eventually("the size of its objects") {
                $0.contains("kamaji_tcp_storage_bytes\(identity)")
            }
        }
    }
}

/// Upstream's API server on an etcd of its own, with a node that is Ready and is reached through a konnectivity server to
/// which no agent comes.
private struct TunnelTenant: Sendable {
    static let folder = "/usr/local/kubebuilder/bin"
    static let isInstalled = ["etcd", "kube-apiserver", "proxy-server"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
    }

    let endpoint: String
    let kubeconfig: String
    private let etcd: EtcdProcess
    private let proxy: ServerProcess
    private let server: ServerProcess

    init(_ fixture: ExporterFixture) async throws {
        etcd = try await EtcdProcess(fixture)
        let authority = fixture.tenantAuthority
        let serving = try ExporterFixture.issue(authority, "kube-apiserver", isServer: true)
        let client = try ExporterFixture.issue(authority, "kubernetes-admin", isServer: false)
        let agentPort = try ServerProcess.unusedPort()
        let adminPort = try ServerProcess.unusedPort()
        let healthPort = try ServerProcess.unusedPort()
        proxy = try ServerProcess(
            "\(Self.folder)/proxy-server",
            files: ["ca": authority.certificate.pem, "crt": serving.certificate.pem, "key": serving.key.pem]
        ) { folder in
            [
                "--uds-name=\(folder)/socket", "--server-port=0", "--mode=grpc", "--agent-bind-address=127.0.0.1",
                "--agent-port=\(agentPort)", "--admin-port=\(adminPort)", "--health-bind-address=127.0.0.1",
                "--health-port=\(healthPort)", "--cluster-cert=\(folder)/crt", "--cluster-key=\(folder)/key",
                "--cluster-ca-cert=\(folder)/ca", "-v=0",
            ]
        }
        let signing = try PrivateKey.generate(.ecdsaP256)
        let port = try ServerProcess.unusedPort()
        endpoint = "127.0.0.1:\(port)"
        let egress = """
            apiVersion: apiserver.k8s.io/v1beta1
            kind: EgressSelectorConfiguration
            egressSelections:
            - name: cluster
              connection: {proxyProtocol: GRPC, transport: {uds: {udsName: "\(proxy.folder)/socket"}}}
            """
        let store = etcd.endpoint
        server = try ServerProcess(
            "\(Self.folder)/kube-apiserver",
            files: [
                "ca": authority.certificate.pem, "crt": serving.certificate.pem, "key": serving.key.pem,
                "client.crt": client.certificate.pem, "client.key": client.key.pem, "sa": signing.pem,
                "egress.yaml": Array(egress.utf8),
            ]
        ) { folder in
            [
                "--etcd-servers=https://\(store)", "--etcd-cafile=\(folder)/ca", "--etcd-certfile=\(folder)/client.crt",
                "--etcd-keyfile=\(folder)/client.key", "--bind-address=127.0.0.1", "--secure-port=\(port)",
                "--tls-cert-file=\(folder)/crt", "--tls-private-key-file=\(folder)/key",
                "--client-ca-file=\(folder)/ca", "--authorization-mode=AlwaysAllow",
                "--service-account-issuer=https://localhost", "--service-account-key-file=\(folder)/sa",
                "--service-account-signing-key-file=\(folder)/sa", "--service-cluster-ip-range=10.0.0.0/24",
                "--kubelet-client-certificate=\(folder)/client.crt", "--kubelet-client-key=\(folder)/client.key",
                "--kubelet-preferred-address-types=InternalIP", "--egress-selector-config-file=\(folder)/egress.yaml",
                "--cert-dir=\(folder)", "-v=0",
            ]
        }
        let config = Kubeconfig(
            clusterName: "tenant", server: "https://\(endpoint)",
            certificateAuthorityPEM: authority.certificate.pem, userName: "kubernetes-admin",
            clientCertificatePEM: client.certificate.pem, clientKeyPEM: client.key.pem)
        kubeconfig = config.yaml
        let tls = TLSSettings(
            certificateAuthorities: authority.certificate.pem, clientCertificate: client.certificate.pem,
            clientKey: client.key.pem)
        let inside = KubeClient(
            connection: ClusterConnection(server: "https://\(endpoint)", tls: tls), transport: fixture.transport,
            fieldManager: "test", log: fixture.log)
        try await server.until { (try? await inside.status(of: "/readyz")) == 200 }
        var node = ResourceType.nodes.object(ObjectKey(namespace: nil, name: "worker"))
        node["spec"] = [:]
        var made = try await inside.create(node, .nodes)
        made["status"] = [
            "addresses": [["type": "InternalIP", "address": "10.99.0.1"]],
            "conditions": [
                [
                    "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "",
                    "lastHeartbeatTime": .string(Timestamp.format(Date())),
                    "lastTransitionTime": .string(Timestamp.format(Date())),
                ]
            ],
            "daemonEndpoints": ["kubeletEndpoint": ["Port": 10250]],
        ]
        _ = try await inside.updateStatus(made, .nodes)
        var agents = ResourceType.daemonSets.object(ObjectKey(namespace: "kube-system", name: "konnectivity-agent"))
        agents["spec"] = [
            "selector": ["matchLabels": ["app": "agent"]],
            "template": [
                "metadata": ["labels": ["app": "agent"]],
                "spec": ["containers": [["name": "agent", "image": "agent"]]],
            ],
        ]
        // The API server makes the namespace itself, some time after it is ready.
        try await server.until { (try? await inside.create(agents, .daemonSets)) != nil }
    }
}
