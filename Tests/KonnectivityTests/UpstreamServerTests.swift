import Foundation
import Logging
import Testing

@testable import Konnectivity

/// Against upstream's proxy-server, where it is present.
@Suite(.enabled(if: ProxyServer.path != nil), .timeLimit(.minutes(10)))
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
}
