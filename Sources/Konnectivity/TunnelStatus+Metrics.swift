import Prometheus

extension TunnelStatus {
    /// For `/metrics`. What upstream's agent measures has upstream's name, so that dashboards go on; the rest is ours.
    package var metricFamilies: [MetricFamily] {
        let upstream = "konnectivity_network_proxy_agent_"
        let ours = "kamaji_agent_tunnel_"
        var failures = MetricFamily(
            name: upstream + "endpoint_dial_failure_total", help: "Dials on the node that failed.", kind: .counter)
        failures.add(Double(counters.dialTimeouts), labels: ["reason": "timeout"])
        failures.add(Double(counters.dialFailures), labels: ["reason": "unknown"])
        failures.add(Double(counters.dialsRefused), labels: ["reason": "refused"])
        var packets = MetricFamily(
            name: upstream + "stream_packets_total", help: "Packets of all connections to servers.", kind: .counter)
        packets.add(Double(counters.packetsSent), labels: ["segment": "from_agent"])
        packets.add(Double(counters.packetsReceived), labels: ["segment": "to_agent"])
        var bytes = MetricFamily(
            name: ours + "bytes_total", help: "Bytes relayed, by where they went.", kind: .counter)
        bytes.add(Double(counters.bytesToTargets), labels: ["direction": "to_target"])
        bytes.add(Double(counters.bytesFromTargets), labels: ["direction": "from_target"])
        var standStill = MetricFamily(
            name: ours + "stand_still_seconds",
            help: "For how long a server has taken nothing of what waits for it, by connection.", kind: .gauge)
        var roundTrip = MetricFamily(
            name: ours + "round_trip_seconds", help: "The last ping of a connection to a server.", kind: .gauge)
        for link in links where link.state != .connecting {
            let labels = ["connection": "\(link.number)", "server": link.serverID ?? ""]
            standStill.add((link.standStill ?? .zero).inSeconds, labels: labels)
            if let time = link.roundTrip { roundTrip.add(time.inSeconds, labels: labels) }
        }
        return [
            gauge(
                upstream + "open_server_connections", "Connections to servers.",
                links.count { $0.state != .connecting }),
            gauge(upstream + "known_server_count", "Servers that there are.", knownServers),
            gauge(
                upstream + "open_endpoint_connections", "Connections to targets on the node.",
                links.reduce(0) { $0 + $1.connections }),
            gauge(
                ours + "waiting_bytes", "Bytes that wait for a target or a server.",
                links.reduce(0) { $0 + $1.bytesToTargets + $1.bytesToServer }),
            counter(ours + "dials_total", "Dials that servers asked for.", counters.dials),
            counter(ours + "dials_abandoned_total", "Dials that nobody waited for any more.", counters.dialsAbandoned),
            counter(
                ours + "overflows_total", "Connections reset because their target read too slowly.",
                counters.overflows),
            counter(
                ours + "stray_packets_total", "Packets for connections that are not, or of unknown types.",
                counters.strayPackets),
            counter(ours + "connects_total", "Connections to servers begun.", counters.connects),
            counter(
                ours + "connect_failures_total", "Connections to servers that did not come about.",
                counters.connectFailures),
            counter(ours + "connections_lost_total", "Connections to servers that broke.", counters.connectionsLost),
            failures, packets, bytes, standStill, roundTrip,
        ]
    }

    private func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        var family = MetricFamily(name: name, help: help, kind: .gauge)
        family.add(Double(value))
        return family
    }

    private func counter(_ name: String, _ help: String, _ value: UInt64) -> MetricFamily {
        var family = MetricFamily(name: name, help: help, kind: .counter)
        family.add(Double(value))
        return family
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
