import Logging
import ServiceLifecycle

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

    private let configuration: TunnelConfiguration
    private let loop: TunnelLoop

    package init(
        configuration: TunnelConfiguration, credentials: @escaping CredentialsProvider, dialPolicy: DialPolicy,
        logger: Logger
    ) {
        self.configuration = configuration
        loop = TunnelLoop(
            configuration: configuration, credentials: credentials, dialPolicy: dialPolicy, logger: logger)
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
