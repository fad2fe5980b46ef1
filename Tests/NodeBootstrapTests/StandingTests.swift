import FoundationEssentials
import HTTPTransport
import KubeObjects
import NodeIdentity
import PKI
import Prometheus
import Systemd
import Testing

@testable import Konnectivity
@testable import NodeBootstrap

@Suite struct StandingRequestTests {
    @Test func `one GET is understood, and everything else is refused or waited for`() {
        func read(_ text: String) -> StandingRequest { StandingRequest(Array(text.utf8)) }
        #expect(read("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") == .get("/metrics", isHead: false))
        #expect(read("HEAD /status?pretty HTTP/1.0\n\n") == .get("/status", isHead: true))
        #expect(read("GET /metrics HTTP/1.1\r\nHost: a\r\n") == .incomplete)
        #expect(read("") == .incomplete)
        #expect(read("POST / HTTP/1.1\r\n\r\n") == .refused(405))
        #expect(read("GET / HTTP/2\r\n\r\n") == .refused(400))
        #expect(read("\r\n\r\n") == .refused(400))
        #expect(StandingRequest([0xFF, 0xFE, 0x0A, 0x0A]) == .refused(400))
        #expect(StandingRequest(Array(repeating: 0x41, count: StandingRequest.limit)) == .refused(431))
        let answer = StandingAnswer.refusal(404)
        #expect(String(decoding: answer.bytes(isHead: false), as: UTF8.self).hasSuffix("\r\n\r\nNot Found\n"))
        #expect(String(decoding: answer.bytes(isHead: true), as: UTF8.self).hasSuffix("\r\n\r\n"))
    }
}

@Suite struct NodeStandingTests {
    private static func standing() throws -> NodeStanding {
        var standing = NodeStanding(now: Date(timeIntervalSince1970: 0), version: "1.2.3")
        standing.node = "edge-1"
        standing.joins = (3, 2)
        standing.repairs = [NodeStanding.Repair(kind: "start-unit", succeeded: true): 4]
        let authority = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "a", isAuthority: true, validity: .seconds(86_400)),
            key: .generate(.ecdsaP256), now: Date(timeIntervalSince1970: 0))
        var state = NodeState(
            now: Date(timeIntervalSince1970: 0), kubeletCertificate: .missing, agentCertificate: authority.certificate)
        state.kubelet = UnitState(load: "loaded", active: "failed")
        state.kubelet?.restarts = 5
        state.isKubeletWell = false
        state.serverAhead = -2.5
        (state.servingCertificate, state.authority) = (authority.certificate, authority.certificate)
        standing.state = state
        var status = TunnelStatus()
        status.knownServers = 2
        status.lastError = "connection refused"
        standing.tunnel = TunnelStanding(endpoint: "tunnel.example.com:8132", status: status)
        return standing
    }

    @Test func `metrics tell of the tunnel, certificates, the kubelet and joins`() throws {
        let text = MetricText.render(try Self.standing().metricFamilies)
        for line in [
            "kamaji_agent_info{node=\"edge-1\",version=\"1.2.3\"} 1", "kamaji_agent_joined 1",
            "kamaji_agent_join_runs_total 3", "kamaji_agent_join_runs_succeeded_total 2",
            "kamaji_agent_repairs_total{kind=\"start-unit\",outcome=\"succeeded\"} 4",
            "kamaji_agent_certificate_expiration_timestamp_seconds{certificate=\"agent\"} 86400",
            "kamaji_agent_certificate_expiration_timestamp_seconds{certificate=\"kubelet-serving\"} 86400",
            "kamaji_agent_certificate_expiration_timestamp_seconds{certificate=\"authority\"} 86400",
            "kamaji_agent_unit_running{unit=\"kubelet.service\"} 0",
            "kamaji_agent_unit_restarts{unit=\"kubelet.service\"} 5", "kamaji_agent_clock_skew_seconds -2.5",
            "kamaji_agent_kubelet_healthy 0",
            "kamaji_agent_tunnel_connected 0", "konnectivity_network_proxy_agent_known_server_count 2",
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
        #expect(!text.contains("certificate=\"kubelet\"}"))
        let unjoined = MetricText.render(NodeStanding(now: Date(), version: "1").metricFamilies)
        #expect(unjoined.contains("kamaji_agent_joined 0\n") && !unjoined.contains("tunnel"))
    }

    @Test func `a tunnel without a server says why`() throws {
        let standing = try Self.standing()
        #expect(standing.tunnel?.line == "tunnel 0/2 (connection refused)")
        let json = standing.json
        #expect(json[path: "tunnel", "connected"] == false && json[path: "certificates", "kubelet"] == nil)
        #expect(json[path: "tunnel", "lastError"] == "connection refused")
    }
}

@Suite(.timeLimit(.minutes(5))) struct StandingListenerTests {
    private static func ask(_ path: String, _ socket: String) async throws -> HTTPResponse {
        var request = HTTPRequest("GET", "http://localhost\(path)", timeout: .seconds(120))
        request.unixSocket = socket
        return try await CurlTransport().send(request)
    }

    @Test func `who may ask is answered at the socket, one after the other, until the agent ends`() async throws {
        let machine = try StandInMachine(try StandInTenant())
        // A former agent's.
        try machine.files.makeFolder("/run/kamaji-agent", mode: 0o755)
        try machine.files.write(NodeFile(StandingListener.path, mode: 0o600, ""))
        let listener = try StandingListener(machine.files)
        let port = try StandingListener(loopbackPort: 0)
        let attributes = try machine.files.attributes(StandingListener.path)
        #expect(attributes?.mode == 0o660)
        let board = NodeBoard(try await machine.environment(), version: "1")
        let tasks = [listener, port].map { listener in Task { await listener.run { await board.answer($0) } } }
        let socket = machine.files.place(StandingListener.path)
        let status = try await Self.ask("/status", socket)
        #expect(status.status == 200)
        #expect(try JSON(parsing: status.body)["joined"] == false)
        #expect(try await Self.ask("/nothing", socket).status == 404)
        let metrics = try await CurlTransport().send(
            HTTPRequest("GET", "http://127.0.0.1:\(port.port)/metrics", timeout: .seconds(120)))
        #expect(String(decoding: metrics.body, as: UTF8.self).contains("kamaji_agent_joined 0"))
        for task in tasks {
            task.cancel()
            await task.value
        }
        await #expect(throws: HTTPTransportError.self) { try await Self.ask("/status", socket) }
    }
}
