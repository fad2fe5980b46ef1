import Foundation
import Logging
import Testing

@testable import Konnectivity

/// Against upstream's proxy-server, where it is present.
@Suite(.enabled(if: ProxyServer.path != nil), .serialized, .timeLimit(.minutes(10)))
struct UpstreamServerTests {
    @Test func `bytes reach a target through upstream's server, and come back`() async throws {
        let identity = try TestIdentity()
        let server = try ProxyServer(identity)
        try server.start()
        let target = try Target(.echo)
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try await server.frontEnd.echo(bytes, at: target.address) == bytes)
        }
    }

    @Test func `sixteen connections at once keep their bytes apart, and their end is told`() async throws {
        let identity = try TestIdentity()
        let server = try ProxyServer(identity)
        try server.start()
        let target = try Target(.echo)
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<16 {
                    group.addTask {
                        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
                        return try await server.frontEnd.echo(bytes, at: target.address) == bytes
                    }
                }
                for try await isSame in group { #expect(isSame) }
            }
            try await eventually("all closed") { await tunnel.status.links.first?.connections == 0 }
            let error = await #expect(throws: Failure.self) {
                _ = try await server.frontEnd.dial("169.254.169.254:80")
            }
            #expect(error?.description.contains("not allowed by the node's policy") == true)
        }
    }

    @Test func `one stalled target is reset while fifteen others go on`() async throws {
        let identity = try TestIdentity()
        let server = try ProxyServer(identity)
        try server.start()
        let (target, stalled) = (try Target(.echo), try Target(.stalled))
        try await withTunnel(
            to: [server.agentPort], identity, target, stalled, configure: { $0.bufferPerConnection = 1 << 20 }
        ) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            var others: [BlockingSocket] = []
            for _ in 0..<15 { others.append(try await server.frontEnd.dial(target.address)) }
            let stuck = try await server.frontEnd.dial(stalled.address)
            let sender = Task {
                try await onThread {
                    let piece = [UInt8](repeating: 0, count: 65536)
                    while true { try stuck.write(piece) }
                }
            }
            try await eventually("the stalled one is reset") { await tunnel.status.counters.overflows == 1 }
            for other in others {
                try await onThread {
                    try other.write([1, 2, 3])
                    guard try other.readExactly(3) == [1, 2, 3] else { throw Failure("other bytes") }
                }
            }
            await #expect(throws: Failure.self) { try await sender.value }
        }
    }

    @Test func `a server that was killed is found again when it is back`() async throws {
        let identity = try TestIdentity()
        let server = try ProxyServer(identity)
        try server.start()
        let target = try Target(.echo)
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            for lost in 0..<3 {
                try await eventually("connected") { await tunnel.status.isConnected }
                #expect(try await server.frontEnd.echo([7], at: target.address) == [7])
                let open = try await server.frontEnd.dial(target.address)
                server.stop()
                try await eventually("noticed") { await tunnel.status.counters.connectionsLost == lost + 1 }
                #expect((try? await onThread { try open.readToEnd() }) ?? [] == [])
                try server.start()
            }
            try await eventually("connected") { await tunnel.status.isConnected }
            #expect(try await server.frontEnd.echo([7], at: target.address) == [7])
        }
    }

    @Test func `an agent is let in by its service account's token, and not by another`() async throws {
        let identity = try TestIdentity()
        let reviewer = try TokenReviewer(good: "good.token")
        let folder = try Folder()
        let kubeconfig = try folder.write("kubeconfig", Array(reviewer.kubeconfig.utf8))
        let server = try ProxyServer(
            identity,
            extra: [
                "--agent-namespace=kube-system", "--agent-service-account=konnectivity-agent",
                "--authentication-audience=system:konnectivity-server", "--kubeconfig=\(kubeconfig)",
                "--kube-api-content-type=application/json",
            ])
        try server.start()
        let target = try Target(.echo)
        try await withTunnel(to: [server.agentPort], identity, target, token: "bad.token") { tunnel in
            try await eventually("refused") { await tunnel.status.lastError?.contains("UNKNOWN") == true }
            #expect(await !tunnel.status.isConnected)
        }
        try await withTunnel(to: [server.agentPort], identity, target, token: "good.token") { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            #expect(try await server.frontEnd.echo([7], at: target.address) == [7])
        }
    }

    @Test func `a thousand dials leave nothing behind`() async throws {
        let identity = try TestIdentity()
        let server = try ProxyServer(identity)
        try server.start()
        let target = try Target(.echo)
        try await withTunnel(to: [server.agentPort], identity, target) { tunnel in
            try await eventually("connected") { await tunnel.status.isConnected }
            for _ in 0..<1000 { #expect(try await server.frontEnd.echo([1], at: target.address) == [1]) }
            try await eventually("all closed") {
                let link = await tunnel.status.links.first
                return link?.connections == 0 && link?.dials == 0 && link?.bytesToTargets == 0
            }
            #expect(await tunnel.status.counters.dials == 1000)
        }
    }
}
