import FoundationEssentials
import KubeClient
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Systemd
import Testing

@testable import Konnectivity
@testable import NodeBootstrap

/// A tunnel that says what it is told to say.
private final class StandInTunnel: NodeTunnel, NodeTunnelMaker {
    let state = Mutex((settings: NodeTunnelSettings?.none, runs: 0, drained: false))
    private let kubelet: StandInKubelet

    init(_ kubelet: StandInKubelet) { self.kubelet = kubelet }

    func leads(_ node: NodeTunnelSettings) -> Bool { true }

    func tunnel(for node: NodeTunnelSettings) async throws -> (any NodeTunnel)? {
        state.withLock { $0.settings = node }
        return self
    }

    func run() async throws {
        kubelet.log.withLock { $0.append("tunnel") }
        let runs = state.withLock { state in
            state.runs += 1
            return state.runs
        }
        // Once it fails, as any program may.
        if runs == 1 { throw TunnelTokenError(description: "away") }
        defer { state.withLock { $0.drained = true } }
        try await Task.sleep(for: .seconds(86_400))
    }

    var standing: TunnelStanding {
        get async {
            var status = TunnelStatus()
            if state.withLock({ $0.runs }) > 1 {
                status.links = [
                    TunnelStatus.Link(
                        number: 1, state: .connected, server: "", serverID: "s", age: .zero, connections: 0, dials: 0,
                        roundTrip: nil, silence: .zero, bytesToServer: 0, bytesToTargets: 0, standStill: nil)
                ]
            }
            return TunnelStanding(endpoint: "tunnel.example.com:8132", status: status)
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct DaemonTunnelTests {
    @Test func `the tunnel is held while the kubelet is down, and given its time at the end`() async throws {
        let machine = try StandInMachine(try StandInTenant())
        _ = try await machine.join()
        try await machine.kubelet.stop("kubelet.service")
        machine.kubelet.unit.withLock { $0.load = "masked" }
        let tunnel = StandInTunnel(machine.kubelet)
        let environment = try await machine.environment()
        let board = NodeBoard(environment, version: "1")
        let daemon = NodeDaemon(
            environment, version: "1", tunnels: tunnel, heartbeat: NodeDaemon.Heartbeat(), board: board,
            lock: { nil }, status: { _ in })
        let running = Task { try await daemon.run() }
        while await board.standing.state == nil || tunnel.state.withLock({ $0.runs }) < 2 { await Task.yield() }
        let standing = await board.standing
        #expect(standing.node == "edge-1" && standing.joins == (1, 1))
        #expect(standing.complaints.contains { $0.contains("unmask") })
        #expect(tunnel.state.withLock { $0.settings?.node.text } == "edge-1")
        #expect(tunnel.state.withLock { !$0.drained })
        running.cancel()
        _ = await running.result
        #expect(tunnel.state.withLock { $0.drained })
    }

    /// A daemon's answers to a join that asks whether its tunnel is up.
    @Test(arguments: [[false, false, true], [false], []])
    func `a join lets the tunnel come up before it starts the kubelet, and goes on without it`(
        states: [Bool]
    ) async throws {
        let tenant = try StandInTenant()
        tenant.state.withLock { $0.tunnelStates = states }
        let machine = try StandInMachine(tenant)
        var configuration = try tenant.configuration()
        configuration.tunnels = [try JoinEndpoint("127.0.0.1:8132")]
        #expect(try await machine.join(configuration).node.text == "edge-1")
        let calls = tenant.state.withLock { $0.calls }
        let asked = calls.indices.filter {
            calls[$0].hasSuffix("/status") && calls[$0].hasPrefix("GET http://localhost")
        }
        // The kubelet's request is the last.
        let started = try #require(calls.lastIndex { $0.hasPrefix("POST") && $0.hasSuffix("signingrequests") })
        #expect(try #require(asked.last) < started)
        switch states.count {
        case 3: #expect(asked.count == 3)
        case 1: #expect(asked.count > 3)
        default: #expect(asked.count == 1)
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct KonnectivityTunnelTests {
    @Test func `the agent asks for the tunnel's token as itself, and anew with its next certificate`() async throws {
        let tenant = try StandInTenant()
        let machine = try StandInMachine(tenant)
        var configuration = try tenant.configuration()
        // Nobody listens there.
        configuration.tunnels = [try JoinEndpoint("127.0.0.1:1")]
        _ = try await machine.join(configuration)
        var environment = try await machine.environment()
        // Time stands still, so that no token ends; each look follows the one before.
        environment.pacing = Pacing(
            elapsed: { .zero },
            sleep: { _ in
                try Task.checkCancellation()
                await Task.yield()
            })
        let settings = try #require(try await NodeTunnelSettings.read(environment.journal))
        #expect(settings.configuration?.serviceSubnet == "10.96.0.0/16")
        let live = LiveSettings()
        let tunnel = try #require(
            try await KonnectivityTunnelMaker(environment, live, renewalPlace: 0).tunnel(for: settings))
        let running = Task { try await tunnel.run() }
        func asked() -> Int { tenant.state.withLock { $0.tokenRequests.count } }
        while await tunnel.standing.status.lastError == nil { await Task.yield() }
        let standing = await tunnel.standing
        #expect(asked() == 1 && standing.identifiers.hasPrefix("host=edge-1"))
        #expect(standing.endpoint == "127.0.0.1:1" && standing.trouble == nil)
        #expect(standing.tokenEnd == Timestamp.parse("2036-01-01T00:00:00Z"))
        #expect(tenant.state.withLock { $0.tokenRequests.first } == TunnelToken.request.json)
        let joined = JoinedTenant(server: StandInTenant.server, authorityPEM: tenant.authority.certificate.pem)
        try await NodeRepair(environment, joined, settings.node).perform(.renewAgent)
        while asked() < 2 { await Task.yield() }
        // What an administrator sets is followed while it runs.
        try machine.files.write(
            NodeFile("/etc/agent.yaml", mode: 0o644, "tunnel: {servers: [127.0.0.1:2], authentication: certificate}"))
        try live.reload(machine.files, path: "/etc/agent.yaml", isRequired: true)
        while await tunnel.standing.status.links.first?.server != "127.0.0.1:2",
            await tunnel.standing.status.lastError?.hasPrefix("127.0.0.1:2:") != true
        {
            await Task.yield()
        }
        #expect(await tunnel.standing.endpoint == "127.0.0.1:2" && asked() == 2)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(await tunnel.standing.status.isRunning == false)
        // Without a server there is no tunnel.
        var without = settings
        without.endpoints = []
        #expect(try await KonnectivityTunnelMaker(environment).tunnel(for: without) == nil)
    }
}
