import Logging
import ServiceLifecycle
import Sockets

/// The agent's side of konnectivity: holds connections to the tenant's proxy servers, and connects to targets on the
/// node for them. Interoperable with upstream's proxy-server.
///
/// ```swift
/// let tunnel = Tunnel(
///     configuration: TunnelConfiguration(
///         servers: [HostPort(host: "tenant-00.example.org", port: 8132)], agentName: nodeName,
///         identifiers: AgentIdentifiers(hosts: [nodeName], ipv4: ["10.10.0.21"])),
///     credentials: { TunnelCredentials(certificateAuthorities: clusterCA, token: try await token.current()) },
///     dialPolicy: DialPolicy(
///         nodeNames: [nodeName], nodeAddresses: [IPAddress("10.10.0.21")].compactMap { $0 },
///         ranges: [podRange, serviceRange]),
///     logger: logger)
/// try await tunnel.run()
/// ```
///
/// It needs no network plugin, no kubelet and no DNS for the node itself, so it can run before they do. All its work
/// is done on one thread of its own.
package final class Tunnel: Sendable, Service {
    /// Asked before each connection to a server, so that renewed tokens, certificates and authorities are used as soon
    /// as they are there. What it throws counts as a failed attempt; the next one asks again.
    package typealias CredentialsProvider = @Sendable () async throws -> TunnelCredentials

    /// Is told the token that a server did not accept, before credentials are asked for the next time.
    package typealias RefusalListener = @Sendable (String) async -> Void

    private let configuration: TunnelConfiguration
    private let loop: TunnelLoop

    /// - Parameter memory: what all that share it hold together is bounded by `bufferTotal`.
    package init(
        configuration: TunnelConfiguration, credentials: @escaping CredentialsProvider,
        refused: @escaping RefusalListener = { _ in }, dialPolicy: DialPolicy, memory: TunnelMemory = .process,
        logger: Logger
    ) {
        self.configuration = configuration
        loop = TunnelLoop(
            TunnelLoop.Parts(
                configuration: configuration, credentials: credentials, refused: refused, memory: memory,
                logger: logger), dialPolicy: dialPolicy)
    }

    /// Holds the tunnel until it is stopped. Losing servers is no reason to return: it reconnects for ever.
    ///
    /// - A graceful shutdown (ServiceLifecycle) or `drain()` tells the servers to prefer others, waits until the
    ///   connections to targets are over or `drainTimeout` has passed, and returns.
    /// - Cancelling the task closes everything and returns at once.
    ///
    /// - Throws: `TunnelError` with `.invalidConfiguration` for a configuration that cannot work, `.shutDown` when it
    ///   ran before. Nothing else.
    package func run() async throws {
        try configuration.validate()
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await loop.run()
            } onGracefulShutdown: { [loop] in
                loop.send(.drain)
            }
        } onCancel: { [loop] in
            loop.send(.stop)
        }
    }

    /// Lets `run` end gracefully. Returns at once.
    package func drain() { loop.send(.drain) }

    /// Gives up all connections to servers in an orderly manner and makes new ones: after the cluster's authorities or
    /// the node's certificate changed. Returns at once.
    package func reconnect() { loop.send(.reconnect) }

    /// Other rules for dials from now on; connections that are open stay.
    package func use(_ policy: DialPolicy) { loop.send(.usePolicy(policy)) }

    /// How many servers have valid leases, for who counts them; nil stops counting.
    package func counted(leases: Int?) { loop.send(.leases(leases)) }

    /// What it is doing now. Cheap enough for every scrape.
    package var status: TunnelStatus {
        get async { await loop.status() }
    }
}
