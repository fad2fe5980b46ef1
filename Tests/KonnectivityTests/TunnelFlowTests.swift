import Foundation
import Logging
import PKI
import Synchronization
import Testing
import TunnelServer

@testable import Konnectivity

/// What one stream that stands still or floods may cost the others.
extension TunnelTests {
    @Test func `a target that stops reading is reset with a reason, and others go on`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        let stalled = try Target(.stalled)
        try await withTunnel(
            to: [server.agentPort], identity, target, stalled,
            configure: { $0.bufferPerConnection = 1 << 20 }
        ) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let others = try await withThrowingTaskGroup(of: BlockingSocket.self) { group in
                for _ in 0..<15 { group.addTask { try await server.frontEnd.dial(target.address) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let stuck = try await server.frontEnd.dial(stalled.address)
            let sender = Task {
                try await onThread {
                    let piece = [UInt8](repeating: 0, count: 65536)
                    while true { try stuck.write(piece) }
                }
            }
            try await eventually("the stalled one is reset") { await tunnel.status.counters.overflows == 1 }
            await #expect(throws: Failure.self) { try await sender.value }
            let told = await server.perform { $0.errors }
            #expect(told.contains { $0.contains("reads too slowly") })
            for other in others {
                try await onThread {
                    try other.write([1, 2, 3])
                    guard try other.readExactly(3) == [1, 2, 3] else { throw Failure("other bytes") }
                }
            }
            #expect(await tunnel.status.links.first?.bytesToTargets == 0)
        }
    }

    @Test func `what waits in the process as a whole is bounded, whichever connection and tunnel holds it`()
        async throws
    {
        let identity = try TestIdentity()
        let target = try Target(.echo)
        let stalled = try Target(.stalled)
        let servers = try ["server-a", "server-b"].map { try KonnectivityServer(identity, .init(id: $0, count: "2")) }
        let memory = TunnelMemory()
        // Another tunnel holds as much as all may together.
        memory.change(by: 32 << 20)
        try await withTunnel(
            to: servers.map(\.agentPort), identity, target, stalled, memory: memory,
            configure: { $0.bufferPerConnection = 16 << 20 }
        ) { tunnel in
            try await eventually("both") { await tunnel.status.links.count { $0.state == .connected } == 2 }
            let stuck = try await servers[0].frontEnd.dial(stalled.address)
            let sender = Task {
                try await onThread {
                    let piece = [UInt8](repeating: 0, count: 65536)
                    while true { try stuck.write(piece) }
                }
            }
            try await eventually("the stalled one is reset") { await tunnel.status.counters.overflows == 1 }
            await #expect(throws: Failure.self) { try await sender.value }
            let told = await servers[0].perform { $0.errors }
            #expect(told.contains { $0.contains("wait for all of them") }, "\(told)")
            for server in servers { #expect(try await server.frontEnd.echo([9], at: target.address) == [9]) }
        }
        try await eventually("given back") { memory.held == 32 << 20 }
    }

    @Test func `what a tunnel holds little of is not reset for what another holds`() {
        let memory = TunnelMemory()
        memory.change(by: 1 << 20)
        #expect(!memory.wantsRelief(limit: 1 << 20, own: 1 << 20, largest: 1 << 20))
        memory.change(by: 1)
        #expect(memory.wantsRelief(limit: 1 << 20, own: 1 << 20, largest: 1000))
        #expect(memory.wantsRelief(limit: 1 << 20, own: 300_000, largest: 300_000))
        #expect(!memory.wantsRelief(limit: 1 << 20, own: 1000, largest: 1000))
        #expect(!memory.wantsRelief(limit: 1 << 20, own: 0, largest: 0))
    }

    @Test func `a flood from one target does not drown the others, and is bounded in memory`() async throws {
        let identity = try TestIdentity()
        let (server, target) = (try KonnectivityServer(identity), try Target(.echo))
        let flood = try Target(.flood)
        try await withTunnel(to: [server.agentPort], identity, target, flood) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let torrent = try await server.frontEnd.dial(flood.address)
            let reader = Task { try await onThread { while try !torrent.read().isEmpty {} } }
            try await eventually("the flood runs") { await tunnel.status.counters.bytesFromTargets > 10_000_000 }
            for index in 0..<50 {
                let bytes = [UInt8](repeating: UInt8(index), count: 1000)
                #expect(try await server.frontEnd.echo(bytes, at: target.address) == bytes)
                let waiting = try #require(await tunnel.status.links.first?.bytesToServer)
                #expect(waiting < 1 << 20)
            }
            torrent.shutdown()
            _ = try? await reader.value
        }
    }
}
