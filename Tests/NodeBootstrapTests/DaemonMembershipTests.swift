import FoundationEssentials
import KubeObjects
import NodeIdentity
import Synchronization
import Testing

@testable import Konnectivity
@testable import NodeBootstrap

/// Notes which tunnels it was asked for, and makes none.
private final class NoTunnels: NodeTunnelMaker {
    let asked = Mutex<[String?]>([])

    func leads(_ node: NodeTunnelSettings) -> Bool { asked.withLock { $0.last } != node.endpoints.first?.description }

    func tunnel(for node: NodeTunnelSettings) async throws -> (any NodeTunnel)? {
        asked.withLock { $0.append(node.endpoints.first?.description) }
        return nil
    }
}

@Suite(.timeLimit(.minutes(5))) struct DaemonMembershipTests {
    private static func daemon(_ environment: NodeEnvironment, _ tunnels: NoTunnels, _ board: NodeBoard) -> NodeDaemon {
        NodeDaemon(
            environment, version: "1", tunnels: tunnels, heartbeat: NodeDaemon.Heartbeat(), board: board,
            lock: { nil }, status: { _ in })
    }

    @Test func `a daemon whose machine is reset ends, and keeps no journal that is deleted`() async throws {
        let machine = try StandInMachine(try StandInTenant())
        _ = try await machine.join()
        let environment = try await machine.environment()
        let board = NodeBoard(environment, version: "1")
        let daemon = Self.daemon(environment, NoTunnels(), board)
        let running = Task { try await daemon.run() }
        while await board.standing.state == nil { await Task.yield() }
        #expect(try await machine.reset() == [])
        await #expect(throws: JournalReplaced.self) { try await running.value }
        #expect(!machine.files.exists(AgentFiles.directory))
    }

    @Test func `a daemon that waits for a join ends too when the journal is another one`() async throws {
        let machine = try StandInMachine(try StandInTenant())
        let environment = try await machine.environment()
        for suffix in ["", "-wal", "-shm"] { try machine.files.remove(Journal.path + suffix) }
        _ = try await Journal.open(machine.files, on: try WorkThread())
        let daemon = Self.daemon(environment, NoTunnels(), NodeBoard(environment, version: "1"))
        await #expect(throws: JournalReplaced.self) { try await daemon.run() }
    }

    @Test func `a tunnel that a later join names is taken up while the daemon runs`() async throws {
        let machine = try StandInMachine(try StandInTenant())
        _ = try await machine.join()
        let environment = try await machine.environment()
        let (tunnels, board) = (NoTunnels(), NodeBoard(environment, version: "1"))
        let daemon = Self.daemon(environment, tunnels, board)
        let running = Task { try await daemon.run() }
        while await board.standing.state == nil { await Task.yield() }
        #expect(tunnels.asked.withLock { $0 } == [nil])
        var request = JoinRequest()
        request.tunnels = ["tunnel.example.com:8132"]
        var reader = JoinConfigurationReader(hostName: "edge-1")
        let former = try #require(try await environment.journal.fact("join"))
        _ = try await machine.join(try reader.resume(former, left: nil, request))
        while tunnels.asked.withLock({ $0.count }) < 2 { await Task.yield() }
        #expect(tunnels.asked.withLock { $0.last } == "tunnel.example.com:8132")
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }
}
