import Prometheus

/// From the health port of each tenant's konnectivity servers.
extension Catalogue {
    package static let serversExpected = tenant(
        "kamaji_konnectivity_servers_expected", .gauge,
        "Konnectivity servers that there should be: one for each replica, where the addon is asked for.")
    package static let serversReady = tenant(
        "kamaji_konnectivity_servers_ready", .gauge,
        "Servers whose /readyz is well, that is to which at least one agent is connected.")
    package static let agentsMinimum = tenant(
        "kamaji_konnectivity_agents_connected_min", .gauge,
        "Agents connected to the server that has the fewest; absent where no server tells.")
    package static let agentsMaximum = tenant(
        "kamaji_konnectivity_agents_connected_max", .gauge,
        "Agents connected to the server that has the most.")
    package static let establishedConnections = tenant(
        "kamaji_konnectivity_established_connections", .gauge,
        "Connections through the tunnel, of all servers.")
    package static let pendingDials = tenant(
        "kamaji_konnectivity_pending_dials", .gauge,
        "Dials through the tunnel that were not answered yet, of all servers.")
    package static let dialFailures = tenant(
        "kamaji_konnectivity_dial_failures_total", .counter,
        "Dials that failed, counted over all servers since this exporter first saw them.", ["reason"])
    package static let agentsDesired = tenant(
        "kamaji_konnectivity_agents_desired", .gauge,
        "Agents that there should be, from the tenant's DaemonSet or Deployment konnectivity-agent (cached).")
    package static let dialSuccess = tenant(
        "kamaji_konnectivity_dial_success", .gauge,
        "1 if the kubelet of a Ready node answered through the tunnel when this exporter last dialled (cached); absent without one."
    )
    package static let dialDuration = tenant(
        "kamaji_konnectivity_dial_duration_seconds", .gauge,
        "How long that took.")
    package static let undialableNodes = tenant(
        "kamaji_konnectivity_undialable_nodes", .gauge,
        "Ready nodes, of the first ten, that name a loopback, unspecified or link-local address: they are not dialled (cached)."
    )
    package static let tunnelBroken = tenant(
        "kamaji_konnectivity_tunnel_broken", .gauge,
        "1 while the manager dials a node through the tunnel and gets no answer, from the condition TunnelReady.")

    static let konnectivity: [CatalogueEntry] = [
        standard(serversExpected), lean(serversReady), lean(agentsMinimum), lean(agentsMaximum),
        standard(establishedConnections), standard(pendingDials), standard(dialFailures), sparse(tunnelBroken),
        lean(agentsDesired), lean(dialSuccess), standard(dialDuration), sparse(undialableNodes),
    ]
}
