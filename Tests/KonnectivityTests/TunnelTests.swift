import Foundation
import Logging
import PKI
import Sockets
import Synchronization
import Testing
import TunnelServer

@testable import Konnectivity

/// The whole tunnel against the suite's own server.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TunnelTests {
    @Test func `bytes reach a target and come back, with a token or a certificate`() async throws {
        let identity = try TestIdentity()
        let target = try Target(.echo)
        for token in ["good.token", nil] {
            let server = try KonnectivityServer(identity, .init(token: token))
            try await withTunnel(to: [server.agentPort], identity, target, token: token.map { " \($0)\n" }) { tunnel in
                try await eventually("connected") { await tunnel.status.isConnected }
                let bytes = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                #expect(try await server.frontEnd.echo(bytes, at: target.address) == bytes)
                let link = try #require(await tunnel.status.links.first)
                #expect(link.serverID == "server-a" && link.state == .connected)
                let identifiers = await server.perform { $0.agents.first?.identifiers }
                #expect(identifiers == "host=edge-0001&ipv4=127.0.0.1")
                #expect(await server.agents.first?.hasPrefix("edge-0001-") == true)
                let counters = await tunnel.status.counters
                #expect(counters.bytesToTargets == 500_000 && counters.bytesFromTargets == 500_000)
            }
        }
    }

    @Test func `sixteen connections at once keep their bytes apart`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<16 {
                    group.addTask {
                        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
                        return try await server.frontEnd.echo(bytes, at: target.address) == bytes
                    }
                }
                for try await isSame in group { #expect(isSame) }
            }
            try await eventually("all closed") { await tunnel.status.links.first?.connections == 0 }
        }
    }

    @Test func `what may not be dialled is refused, and what is not there says so`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        let closed = try ClosedPort()
        let policed = try Target(.echo)
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            for (address, reason) in [
                ("169.254.169.254:80", "not allowed by the node's policy"), (policed.address, "of loopback only"),
                ("nonsense", "not host:port"),
            ] {
                let error = await #expect(throws: Failure.self) { _ = try await server.frontEnd.dial(address) }
                #expect(error?.description.contains(reason) == true, "\(address)")
            }
            #expect(policed.connections == 0)
            let open = DialPolicy(loopbackPorts: [target.port, closed.port, policed.port])
            tunnel.use(open)
            // The tunnel's thread takes it up between two packets.
            try await eventually("the other rules are in force") {
                (try? await server.frontEnd.echo([1, 2, 3], at: policed.address)) == [1, 2, 3]
            }
            let error = await #expect(throws: Failure.self) {
                _ = try await server.frontEnd.dial("127.0.0.1:\(closed.port)")
            }
            #expect(error?.description.contains("connection refused") == true, "\(String(describing: error))")
            let counters = await tunnel.status.counters
            #expect(counters.dialsRefused >= 3 && counters.dialFailures == 1, "\(counters)")
            #expect(counters.dials == counters.dialsRefused + 2, "\(counters)")
        }
    }

    @Test func `the node is dialled by its name without a name server`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            #expect(try await server.frontEnd.echo([5], at: "edge-0001:\(target.port)") == [5])
            // And another name of loopback by looking it up.
            #expect(try await server.frontEnd.echo([6], at: "localhost:\(target.port)") == [6])
        }
    }

    @Test func `a target's last words arrive before its end`() async throws {
        let identity = try TestIdentity()
        let words = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let (server, target) = (try KonnectivityServer(identity), try Target(.farewell(words)))
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let socket = try await server.frontEnd.dial(target.address)
            #expect(try await onThread { try socket.readToEnd() } == words)
        }
    }

    @Test func `a server that comes back is found again, and the new one told apart from the old`() async throws {
        let identity = try TestIdentity()
        let target = try Target(.echo)
        let first = try KonnectivityServer(identity)
        let port = first.agentPort
        try await withTunnel(to: [port], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let open = try await first.frontEnd.dial(target.address)
            first.stop()
            #expect(try await onThread { (try? open.readToEnd()) ?? [] } == [])
            try await eventually("noticed") { await !tunnel.status.isConnected }
            #expect(await tunnel.status.lastError != nil)
            let second = try KonnectivityServer(identity, .init(id: "server-b"), port: port)
            try await eventually("connected again") { await tunnel.status.isConnected }
            #expect(try await second.frontEnd.echo([1], at: target.address) == [1])
            let status = await tunnel.status
            #expect(status.counters.connectionsLost == 1 && status.links.first?.serverID == "server-b")
            #expect(status.links.reduce(0) { $0 + $1.connections } <= 1)
        }
    }

    @Test func `a cut line is noticed by a ping that stays unanswered`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        try await withTunnel(
            to: [server.agentPort], identity, target,
            configure: {
                $0.keepaliveInterval = .milliseconds(300)
                $0.keepaliveTimeout = .seconds(3)
            }
        ) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            // Its kernel goes on answering, as a load balancer's would.
            await server.perform { $0.isFrozen = true }
            try await eventually("given up") { await tunnel.status.lastError?.contains("answers no ping") == true }
            #expect(await tunnel.status.counters.connectionsLost >= 1)
            await server.perform { $0.isFrozen = false }
            try await eventually("connected again") { await tunnel.status.isConnected }
        }
    }

    @Test func `a stand-still of the server's side is told`() async throws {
        let identity = try TestIdentity()
        let (server, flood) = (try KonnectivityServer(identity), try Target(.flood))
        try await withTunnel(
            to: [server.agentPort], identity, flood,
            configure: {
                // Else it would be given up in time.
                $0.silence = .seconds(600)
                $0.keepaliveInterval = .seconds(600)
                $0.keepaliveTimeout = .seconds(600)
            }
        ) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let unread = try await server.frontEnd.dial(flood.address)
            await server.perform { $0.isFrozen = true }
            try await eventually("told") { await tunnel.status.links.first?.standStill != nil }
            #expect(await !tunnel.status.isConnected)
            #expect(try #require(await tunnel.status.links.first).bytesToServer < 1 << 20)
            unread.shutdown()
        }
    }

    @Test func `all servers behind one address are met, each once`() async throws {
        let identity = try TestIdentity()
        let target = try Target(.echo)
        let servers = try ["server-a", "server-b", "server-c"].map {
            try KonnectivityServer(identity, .init(id: $0, count: "3"))
        }
        try await withTunnel(to: servers.map(\.agentPort), identity, target) { tunnel in
            try await eventually("all three") { await tunnel.status.links.count { $0.state == .connected } == 3 }
            #expect(Set(await tunnel.status.links.compactMap(\.serverID)).count == 3)
            for server in servers { #expect(try await server.frontEnd.echo([9], at: target.address) == [9]) }
        }
    }

    @Test func `two connections to one server are two agents to it`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        try await withTunnel(to: [server.agentPort], identity, target, configure: { $0.connectionsPerServer = 2 }) {
            _ in
            try await eventually("two") { await Set(server.agents).count == 2 }
            #expect(try await server.frontEnd.echo([9], at: target.address) == [9])
        }
    }

    @Test func `what goes wrong on the way to a server is told for what it is`() async throws {
        let identity = try TestIdentity()
        let stranger = try TestIdentity()
        let elsewhere = try TestIdentity(serverNames: ["other"], serverAddresses: [])
        let cases: [(KonnectivityServer, TestIdentity, token: String?, reason: String)] = [
            (try KonnectivityServer(identity), stranger, nil, "certificate is refused"),
            (try KonnectivityServer(elsewhere), elsewhere, nil, "mismatch"),
            (try KonnectivityServer(identity, .init(token: "right")), identity, "wrong", "the token is not known"),
            (try KonnectivityServer(identity, .init(isMute: true)), identity, nil, "no connection within"),
            (try KonnectivityServer(identity, .init(count: "many")), identity, nil, "servercount"),
            (try KonnectivityServer(identity, .init(headers: [])), identity, nil, "serverid"),
        ]
        let target = try Target(.echo)
        for (server, identity, token, reason) in cases {
            try await withTunnel(
                to: [server.agentPort], identity, target, token: token,
                configure: { $0.connectTimeout = .milliseconds(reason.contains("within") ? 500 : 60_000) }
            ) { tunnel in
                try await eventually("\(reason)") { await tunnel.status.lastError?.contains(reason) == true }
                #expect(await !tunnel.status.isConnected)
                #expect(await tunnel.status.counters.connectFailures >= 1)
            }
        }
    }

    @Test func `servers are reached through a proxy where one is set, and its refusal is told`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        let proxy = try ConnectProxy()
        try await withTunnel(
            to: [server.agentPort], identity, target,
            configure: { $0.proxy = HostPort(host: "127.0.0.1", port: proxy.port) }
        ) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            #expect(try await server.frontEnd.echo([9, 8], at: target.address) == [9, 8])
            #expect(proxy.asked == ["CONNECT 127.0.0.1:\(server.agentPort) HTTP/1.1"])
        }
        let closed = try ConnectProxy(refusing: true)
        try await withTunnel(
            to: [server.agentPort], identity, target,
            configure: { $0.proxy = HostPort(host: "127.0.0.1", port: closed.port) }
        ) { tunnel in
            try await eventually("told") { await tunnel.status.lastError?.contains("403 Forbidden") == true }
        }
    }

    @Test func `new credentials are used for the next connection, and asked for by a reconnect`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity, .init(token: "2")), try Target(.echo))
        let asked = Counter()
        let refused = Mutex<[String]>([])
        var configuration = TunnelConfiguration(
            servers: [HostPort(host: "localhost", port: server.agentPort)], agentName: "edge-0001")
        configuration.reconnect = ReconnectBackoff(initial: .milliseconds(50), cap: .milliseconds(500))
        let authorities = identity.authority.certificate.pem
        let tunnel = Tunnel(
            configuration: configuration,
            credentials: {
                // The first token is one that is refused; those after the second are as good as the second.
                TunnelCredentials(certificateAuthorities: authorities, token: "\(min(2, asked.next()))")
            },
            refused: { token in refused.withLock { $0.append(token) } },
            dialPolicy: DialPolicy(loopbackPorts: [target.port]), logger: Logger(label: "tunnel"))
        let running = Task { try await tunnel.run() }
        try await eventually("connected") { await tunnel.status.isConnected }
        #expect(await tunnel.status.counters.connectFailures >= 1)
        #expect(refused.withLock { $0 } == ["1"])
        let first = try #require(await server.agents.first)
        tunnel.reconnect()
        try await eventually("another one") {
            let agents = await server.agents
            return agents.count == 1 && agents.first != first
        }
        #expect(try await server.frontEnd.echo([3], at: target.address) == [3])
        running.cancel()
        try await running.value
    }

    @Test func `bytes that are not the protocol end the connection, not the tunnel`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            for (bytes, reason): ([UInt8], String) in [
                ([0, 0, 0, 0, 2, 8, 4], "no payload"), ([1, 0, 0, 0, 0], "compressed"),
                ([0, 0xFF, 0, 0, 0], "at most 4194304"), ([0, 0, 0, 0, 1, 8], "has no end"),
            ] {
                try await eventually("connected") { await tunnel.status.isConnected }
                await server.perform { $0.agents.first { $0.isOpen && !$0.isOver }?.sendRaw(bytes) }
                try await eventually("\(reason)") { await tunnel.status.lastError?.contains(reason) == true }
            }
            try await eventually("connected") { await tunnel.status.isConnected }
            #expect(try await server.frontEnd.echo([1], at: target.address) == [1])
        }
    }

    @Test func `a server that says it goes is left once its connections are over`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let open = try await server.frontEnd.dial(target.address)
            await server.perform { $0.agents.first?.goAway(0, "") }
            try await eventually("another one") { await server.agents.count == 2 }
            #expect(await tunnel.status.links.contains { $0.state == .draining })
            // What is open goes on.
            try await onThread {
                try open.write([4])
                guard try open.readExactly(1) == [4] else { throw Failure("other bytes") }
            }
            open.shutdown()
            try await eventually("left") { await tunnel.status.links.map(\.state) == [.connected] }
        }
    }

    @Test func `a graceful stop tells the server, waits for what is open, and ends`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let open = try await server.frontEnd.dial(target.address)
            tunnel.drain()
            try await eventually("told") { await server.perform { $0.seen["DRAIN"] == 1 } }
            try await onThread {
                try open.write([4])
                guard try open.readExactly(1) == [4] else { throw Failure("other bytes") }
            }
            #expect(await tunnel.status.isRunning)
            open.shutdown()
            try await eventually("ended") { await !tunnel.status.isRunning }
            try await eventually("gone") { await server.agents.isEmpty }
        }
    }

    @Test func `a tunnel runs once, and not at all with a configuration that cannot work`() async throws {
        let logger = Logger(label: "tunnel")
        let broken = Tunnel(
            configuration: TunnelConfiguration(servers: [], agentName: "a"),
            credentials: { TunnelCredentials(certificateAuthorities: nil) }, dialPolicy: DialPolicy(), logger: logger)
        await #expect(throws: TunnelError.self) { try await broken.run() }
        let unreachable = Tunnel(
            configuration: TunnelConfiguration(servers: [HostPort(host: "127.0.0.1", port: 1)], agentName: "a"),
            credentials: { throw Failure("no token yet") }, dialPolicy: DialPolicy(), logger: logger)
        let running = Task { try await unreachable.run() }
        try await eventually("the reason") { await unreachable.status.lastError?.contains("no token yet") == true }
        running.cancel()
        try await running.value
        #expect(await !unreachable.status.isRunning)
        await #expect(throws: TunnelError.self) { try await unreachable.run() }
    }
}
