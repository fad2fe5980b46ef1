import FoundationEssentials
import KubeObjects
import NodeIdentity
import Sockets
import Synchronization
import Testing

@testable import Konnectivity
@testable import NodeBootstrap

@Suite struct TunnelPlanTests {
    private static let vantage = TunnelVantage(
        hostName: "raspberrypi",
        addresses: ["10.10.0.21", "172.17.0.1", "fd00::21"].compactMap { KubeObjects.IPAddress($0) },
        sources: ["10.10.0.21"].compactMap { KubeObjects.IPAddress($0) })

    /// As a join leaves them in the journal.
    private static func settings(
        _ change: (inout JoinRequest) -> Void = { _ in }
    ) throws -> NodeTunnelSettings {
        var request = JoinRequest()
        request.target = "tenant.example.com:6443"
        request.token = "07401b.f395accd246ae52d"
        request.pins = ["sha256:\(String(repeating: "ab", count: 32))"]
        request.nodeName = "edge-1"
        request.tunnels = ["tunnel.example.com:8132"]
        change(&request)
        var reader = JoinConfigurationReader(hostName: "raspberrypi")
        let configuration = try TenantConfiguration(
            clusterConfiguration: "networking: {podSubnet: '10.244.0.0/16,fd10::/56', serviceSubnet: 10.96.0.0/16}",
            kubeletConfiguration: "kind: KubeletConfiguration", serverVersion: nil)
        return try #require(
            NodeTunnelSettings(
                tenant: JoinedTenant(server: "https://tenant.example.com:6443", authorityPEM: []),
                join: try reader.read(request).json, configuration: configuration.json))
    }

    private static func plan(
        _ settings: NodeTunnelSettings, node: JSON? = nil, proxy: String? = nil,
        wishes: AgentSettings.Tunnel = .init()
    ) throws -> TunnelPlan {
        try TunnelPlan(
            settings, endpoints: settings.endpoints, wishes: wishes, vantage: vantage,
            node: node.map { KubeObject($0) }, proxy: proxy)
    }

    private static func isAllowed(_ target: String, _ plan: TunnelPlan) throws -> Bool {
        if case .connect = plan.policy.decide(try #require(HostPort(target))) { return true }
        return false
    }

    @Test func `the tunnel leads where the join string said, and is found by the node's name and address`() throws {
        let plan = try Self.plan(Self.settings())
        #expect(plan.configuration.servers == [HostPort(host: "tunnel.example.com", port: 8132)])
        #expect(plan.configuration.agentName == "edge-1" && plan.configuration.proxy == nil)
        #expect(plan.configuration.identifiers.query == "host=edge-1&ipv4=10.10.0.21")
        #expect(throws: Never.self) { try plan.configuration.validate() }
        #expect(try Self.settings { $0.tunnels = [] }.endpoints.isEmpty)
    }

    @Test func `what the kubelet registers comes before a guess, and what it was told before that`() throws {
        let node: JSON = [
            "status": [
                "addresses": [
                    ["type": "InternalIP", "address": "fd00::21"], ["type": "InternalIP", "address": "192.0.2.99"],
                    ["type": "Hostname", "address": "Edge-1.site"],
                ]
            ]
        ]
        // 192.0.2.99 is none of this machine's addresses, whatever its Node says.
        let registered = try Self.plan(Self.settings(), node: node)
        #expect(registered.configuration.identifiers.query == "host=edge-1&host=edge-1.site&ipv6=fd00%3A%3A21")
        #expect(try !Self.isAllowed("192.0.2.99:10250", registered))
        let told = try Self.plan(
            Self.settings { $0.nodeName = "edge-1" }, node: nil)
        #expect(told.policy.nodeAddresses.first?.description == "10.10.0.21")
        var settings = try Self.settings()
        settings.kubeletArguments = [KubeletArgument("node-ip", "172.17.0.1,fd00::21")]
        let plan = try Self.plan(settings, node: node)
        #expect(plan.configuration.identifiers.ipv4 == ["172.17.0.1"])
        #expect(plan.configuration.identifiers.ipv6 == ["fd00::21"])
    }

    @Test func `the node, its pods and its services may be dialled, and nothing else`() throws {
        let plan = try Self.plan(
            Self.settings(), node: ["spec": ["podCIDRs": ["10.50.3.0/24", "0.0.0.0/0", "nonsense"]]])
        for allowed in [
            "10.10.0.21:10250", "172.17.0.1:9100", "[fd00::21]:10250", "edge-1:10250", "raspberrypi:10250",
            "10.244.7.9:8443", "10.96.0.10:443", "10.50.3.4:80", "[fd10::5]:443", "127.0.0.1:10250",
        ] {
            #expect(try Self.isAllowed(allowed, plan), "\(allowed)")
        }
        for refused in [
            "169.254.169.254:80", "127.0.0.1:22", "8.8.8.8:53", "10.10.0.1:22", "192.168.1.1:80", "[fd00:ec2::254]:80",
            "100.100.100.200:80",
        ] {
            #expect(try !Self.isAllowed(refused, plan), "\(refused)")
        }
    }

    @Test func `an administrator's wishes come beside what follows from the node`() throws {
        var wishes = AgentSettings.Tunnel()
        wishes.connectionsPerServer = 2
        // Metadata of a cloud stays forbidden, whoever allows it.
        wishes.allowed = ["192.168.1.0/24", "169.254.0.0/16"].compactMap { AddressRange($0) }
        let plan = try Self.plan(
            Self.settings { $0.tunnels = ["a.example.com:8132", "b.example.com:8133"] }, wishes: wishes)
        #expect(plan.configuration.servers.map(\.description) == ["a.example.com:8132", "b.example.com:8133"])
        #expect(plan.configuration.connectionsPerServer == 2)
        #expect(try Self.isAllowed("192.168.1.1:80", plan) && Self.isAllowed("10.10.0.21:10250", plan))
        #expect(try !Self.isAllowed("169.254.169.254:80", plan))
        wishes.servers = [try JoinEndpoint("c.example.com:8132")]
        let endpoints = KonnectivityTunnelMaker.endpoints(try Self.settings(), wishes)
        #expect(endpoints == wishes.servers)
    }

    @Test func `a proxy is used as far as the tunnel can, and refused by name where it cannot`() throws {
        let settings = try Self.settings()
        let plan = try Self.plan(settings, proxy: "http://proxy.site:3128/")
        #expect(plan.configuration.proxy == HostPort(host: "proxy.site", port: 3128))
        #expect(try Self.plan(settings, proxy: "http://proxy.site").configuration.proxy?.port == 80)
        let secret = #expect(throws: TunnelPlanError.self) {
            try Self.plan(settings, proxy: "http://user:secret@proxy.site:3128")
        }
        #expect(secret?.description.contains("secret") == false)
        #expect(throws: TunnelPlanError.self) { try Self.plan(settings, proxy: "https://proxy.site:3128") }
    }
}

@Suite struct TunnelTokenTests {
    private static func answer(_ text: String, seconds: Int64 = 3600) throws -> TunnelToken {
        try #require(
            TunnelToken(
                answer: KubeObject([
                    "spec": ["expirationSeconds": .integer(seconds)],
                    "status": ["token": .string(text), "expirationTimestamp": "2026-11-21T18:00:00Z"],
                ])))
    }

    @Test func `the token is asked for the tunnel's server, for an hour`() throws {
        #expect(
            TunnelToken.request.json == [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                "spec": ["audiences": ["system:konnectivity-server"], "expirationSeconds": 3600],
            ])
        let token = try Self.answer("secret", seconds: 1000)
        #expect(token.lifetime == .seconds(1000) && token.end == Timestamp.parse("2026-11-21T18:00:00Z"))
        #expect(!"\(token)".contains("secret") && !String(reflecting: token).contains("secret"))
        #expect(TunnelToken(answer: KubeObject(["status": ["token": ""]])) == nil)
        #expect(TunnelTokens.renewal(of: token, place: 0) == .seconds(700))
        #expect(TunnelTokens.renewal(of: token, place: 1) == .seconds(800))
    }

    /// A tenant that gives tokens, or does not.
    private final class Tenant: Sendable {
        let state = Mutex((now: Duration.zero, asked: 0, isAway: false))

        var tokens: TunnelTokens {
            TunnelTokens(place: 0, elapsed: { self.state.withLock { $0.now } }) {
                let number = try self.state.withLock { state in
                    state.asked += 1
                    if state.isAway { throw TunnelTokenError(description: "away") }
                    return state.asked
                }
                return try TunnelTokenTests.answer("token \(number)")
            }
        }

        func at(_ seconds: Int, isAway: Bool = false) {
            state.withLock {
                $0.now = .seconds(seconds)
                $0.isAway = isAway
            }
        }
    }

    @Test func `a token is kept until most of its life is over, and beyond while no other can be had`() async throws {
        let tenant = Tenant()
        let tokens = tenant.tokens
        #expect(try await tokens.current().text == "token 1")
        tenant.at(2519)
        #expect(try await tokens.current().text == "token 1")
        tenant.at(2521, isAway: true)
        #expect(try await tokens.current().text == "token 1")
        tenant.at(2600)
        #expect(try await tokens.current().text == "token 3")
        tenant.at(2600 + 3601, isAway: true)
        await #expect(throws: TunnelTokenError.self) { try await tokens.current() }
    }

    @Test func `a token that is refused is replaced at once, and the next more and more seldom`() async throws {
        let tenant = Tenant()
        let tokens = tenant.tokens
        #expect(try await tokens.current().text == "token 1")
        await tokens.refuse("another")
        #expect(try await tokens.current().text == "token 1")
        await tokens.refuse("token 1")
        #expect(try await tokens.current().text == "token 2")
        // What a connection that began before says of the old one is old news.
        await tokens.refuse("token 1")
        #expect(try await tokens.current().text == "token 2")
        var now = 0
        for (pause, number) in [(10, 3), (20, 4), (40, 5)] {
            await tokens.refuse("token \(number - 1)")
            tenant.at(now + pause - 1)
            #expect(try await tokens.current().text == "token \(number - 1)")
            now += pause
            tenant.at(now)
            #expect(try await tokens.current().text == "token \(number)")
        }
        // Long after that one is refused for a reason of its own.
        now += 1300
        tenant.at(now)
        await tokens.refuse("token 5")
        #expect(try await tokens.current().text == "token 6")
    }

    @Test func `an agent that is somebody else from now on asks anew`() async throws {
        let tenant = Tenant()
        let tokens = tenant.tokens
        _ = try await tokens.current()
        try await tokens.renew()
        #expect(try await tokens.current().text == "token 2")
        tenant.at(0, isAway: true)
        await #expect(throws: TunnelTokenError.self) { try await tokens.renew() }
        #expect(try await tokens.current().text == "token 2")
    }
}
