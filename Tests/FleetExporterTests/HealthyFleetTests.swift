import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import Testing

@testable import FleetExporter
@testable import Probing

@Suite(
    "A fleet that is well, whole", .timeLimit(.minutes(20)),
    .enabled(if: RealPrometheus.isInstalled, "Debian's prometheus is not installed"),
    .enabled(if: EtcdProcess.program != nil, "etcd is not installed"),
    .enabled(if: Tunnel.isInstalled, "upstream's proxy-server and proxy-agent are not installed"))
struct HealthyFleetTests {
    @Test("Replicas, a tunnel with its agent and an etcd of three are told, nothing alerts, and then a member is lost")
    func whole() async throws {
        // Who does not answer at once is not down for it.
        let patience = "{probe_interval: 10s, probe_timeout: 10s, datastore_interval: 2s, tenant_interval: 2s}"
        try await ExporterFixture.run { _, folder in
            try Data(patience.utf8).write(to: URL(filePath: "\(folder)/exporter.yml"))
        } _: { fixture in
            var members = try await EtcdProcess.cluster(fixture, of: 3)
            let tunnel = try await Tunnel(fixture)
            try await fixture.addDatastore("default", endpoints: members.map(\.endpoint))
            try await fixture.addTenant(
                "prod", inside: try fixture.administratorConfiguration(), tunnelPort: tunnel.agentPort)
            try await fixture.addReplica("prod", address: Tunnel.address)
            try await fixture.addNode(address: "10.99.0.1")
            let identity = "{tcp_namespace=\"default\",tcp_name=\"prod\""
            let expected = [
                "kamaji_probe_success\(identity),check=\"readyz\"} 1", "kamaji_tcp_replicas_ready\(identity)} 1",
                "kamaji_tcp_replicas_available\(identity)} 1", "kamaji_tcp_nodes\(identity)} 1",
                "kamaji_konnectivity_servers_ready\(identity)} 1",
                "kamaji_konnectivity_agents_connected_min\(identity)} 1",
                "kamaji_ds_up{datastore_name=\"default\"} 1", "kamaji_etcd_members{datastore_name=\"default\"} 3",
            ]
            let page = try await fixture.eventually("a whole fleet") { page in
                expected.allSatisfy { page.contains($0 + "\n") }
                    && page.matches(of: /kamaji_ds_endpoint_up\{[^}]*\} 1\n/).count == 3
            }
            #expect(
                page.contains(/kamaji_cert_not_after_timestamp_seconds\{[^}]*cert="konnectivity",origin="served"\}/))
            #expect(page.matches(of: /kamaji_etcd_is_leader\{[^}]*\} 1\n/).count == 1)
            let prometheus = try await RealPrometheus(scraping: fixture.url, folder: fixture.folder)
            try await prometheus.eventually("several scrapes", "sum_over_time(up[15m]) >= 5") { !$0.isEmpty }
            // The rules' waits are left out: what a busy machine holds up for a moment is over in the next.
            var firing = try await prometheus.firing()
            let end = ContinuousClock.now + .seconds(240)
            while !firing.isEmpty, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(300))
                firing = try await prometheus.firing()
            }
            #expect(firing == [])

            members.removeLast()
            try await prometheus.eventually(
                "the alert", "ALERTS{alertname=\"KamajiEtcdQuorumAtRisk\",alertstate=\"firing\"}"
            ) { $0 == [1] }
            #expect(!(try await prometheus.firing()).contains("KamajiDatastoreDown default"))
            withExtendedLifetime((tunnel, members)) {}
        }
    }
}

/// Upstream's konnectivity server, where the exporter looks for it, and an agent of it.
private struct Tunnel: Sendable {
    private static let folder = "/usr/local/kubebuilder/bin"
    static let isInstalled = ["proxy-server", "proxy-agent"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
    }
    /// Of loopback's, and of this process alone: the port is the same for all.
    static let address = {
        let number = getpid()
        return "127.\(81 + number >> 16 & 63).\(number >> 8 & 255).\(number & 255)"
    }()

    let agentPort: UInt16
    private let server: ServerProcess
    private let agent: ServerProcess

    /// Tries other ports where somebody took one of those that were free, which ends either of the two at its start.
    init(_ fixture: ExporterFixture) async throws {
        let (transport, url) = (fixture.transport, "http://\(Self.address):\(TunnelProbe.healthPort)/readyz")
        var complaints: [String] = []
        for _ in 0..<4 {
            let ports = try (0..<4).map { _ in try ServerProcess.unusedPort() }
            let (server, agent) = try Self.start(fixture, ports)
            let isThere = try await server.becomes {
                let answer = try? await transport.send(HTTPRequest("GET", url))
                return agent.hasEnded || answer?.status == 200
            }
            if isThere, !agent.hasEnded {
                (agentPort, self.server, self.agent) = (ports[0], server, agent)
                return
            }
            complaints.append(server.log + agent.log)
        }
        Issue.record("there is no tunnel: \(complaints.joined(separator: "\n").suffix(8000))")
        throw NoTunnel()
    }

    /// - Parameter ports: of agents, of the server's administration, of the agent's, and of the agent's health.
    private static func start(
        _ fixture: ExporterFixture, _ ports: [UInt16]
    ) throws -> (server: ServerProcess, agent: ServerProcess) {
        let authority = fixture.tenantAuthority
        let serving = try ExporterFixture.issue(authority, "konnectivity-server", isServer: true)
        let client = try ExporterFixture.issue(authority, "konnectivity-agent", isServer: false)
        let server = try ServerProcess(
            "\(Self.folder)/proxy-server",
            files: ["ca": authority.certificate.pem, "crt": serving.certificate.pem, "key": serving.key.pem]
        ) { folder in
            [
                "--uds-name=\(folder)/socket", "--server-port=0", "--mode=grpc", "--agent-bind-address=127.0.0.1",
                "--agent-port=\(ports[0])", "--admin-port=\(ports[1])", "--health-bind-address=\(Self.address)",
                "--health-port=\(TunnelProbe.healthPort)", "--cluster-cert=\(folder)/crt",
                "--cluster-key=\(folder)/key", "--cluster-ca-cert=\(folder)/ca", "-v=0",
            ]
        }
        let agent = try ServerProcess(
            "\(Self.folder)/proxy-agent",
            files: ["ca": authority.certificate.pem, "crt": client.certificate.pem, "key": client.key.pem]
        ) { folder in
            [
                "--ca-cert=\(folder)/ca", "--agent-cert=\(folder)/crt", "--agent-key=\(folder)/key",
                "--proxy-server-host=127.0.0.1", "--proxy-server-port=\(ports[0])", "--admin-server-port=\(ports[2])",
                "--health-server-port=\(ports[3])", "--agent-id=worker", "-v=0",
            ]
        }
        return (server, agent)
    }

    private struct NoTunnel: Error {}
}

extension ExporterFixture {
    /// A tenant's Deployment of one replica, which is well, and its pod.
    fileprivate func addReplica(_ tenant: String, address: String) async throws {
        let labels = ["kamaji.clastix.io/project": "kamaji", "kamaji.clastix.io/name": tenant]
        let template: JSON = [
            "metadata": ["labels": JSON(labels)],
            "spec": ["containers": [["name": "kube-apiserver", "image": "kube-apiserver"]]],
        ]
        var deployment = ResourceType.deployments.object(ObjectKey(namespace: "default", name: tenant))
        deployment.labels = labels
        deployment["spec"] = ["replicas": 1, "selector": ["matchLabels": JSON(labels)], "template": template]
        var made = try await api.create(deployment, .deployments)
        made["status"] = [
            "replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1,
            "conditions": [["type": "Available", "status": "True"]],
        ]
        _ = try await api.updateStatus(made, .deployments)
        var pod = ResourceType.pods.object(ObjectKey(namespace: "default", name: "\(tenant)-1"))
        pod.labels = labels
        pod["spec"] = template["spec"] ?? .null
        var running = try await api.create(pod, .pods)
        running["status"] = ["phase": "Running", "podIP": .string(address)]
        _ = try await api.updateStatus(running, .pods)
    }

    /// A node of the tenant that answers, which is Ready.
    fileprivate func addNode(address: String) async throws {
        var node = ResourceType.nodes.object(ObjectKey(namespace: nil, name: "worker"))
        node["status"] = [
            "addresses": [["type": "InternalIP", "address": .string(address)]],
            "conditions": [["type": "Ready", "status": "True"]],
        ]
        _ = try await tenantAPI.create(node, .nodes)
        _ = try await tenantAPI.updateStatus(node, .nodes)
    }
}
