import Logging
import PKI
import Sockets

@testable import Konnectivity

/// Runs a tunnel for as long as `body` does, and stops it.
func withTunnel<Result: Sendable>(
    to ports: [UInt16], _ identity: TestIdentity, _ targets: Target..., token: String? = nil,
    memory: TunnelMemory = TunnelMemory(),
    configure: (inout TunnelConfiguration) -> Void = { _ in }, _ body: (Tunnel) async throws -> Result
) async throws -> Result {
    var configuration = TunnelConfiguration(
        servers: ports.map { HostPort(host: "127.0.0.1", port: $0) }, agentName: "edge-0001",
        identifiers: AgentIdentifiers(hosts: ["edge-0001"], ipv4: ["127.0.0.1"]))
    configuration.reconnect = ReconnectBackoff(initial: .milliseconds(50), cap: .milliseconds(500))
    // What is waited for here is never the end of a time.
    configuration.drainTimeout = .seconds(600)
    configure(&configuration)
    var credentials = TunnelCredentials(certificateAuthorities: identity.authority.certificate.pem, token: token)
    if token == nil {
        credentials.clientCertificate = identity.clientCertificate
        credentials.clientKey = identity.clientKey
    }
    let shown = credentials
    let policy = DialPolicy(
        nodeNames: ["edge-0001"], nodeAddresses: [], loopbackPorts: Set(targets.map(\.port)).union([10250]))
    var logger = Logger(label: "tunnel")
    logger.logLevel = .error
    let tunnel = Tunnel(
        configuration: configuration, credentials: { shown }, dialPolicy: policy, memory: memory, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await tunnel.run() }
        defer { group.cancelAll() }
        do {
            return try await body(tunnel)
        } catch {
            throw Failure("\(error)\nThe tunnel: \(await tunnel.status)")
        }
    }
}
