import FoundationEssentials
import Konnectivity
import PKI
import Prometheus
import Systemd

extension NodeStanding {
    /// For `/metrics`, the tunnel's own families among them.
    package var metricFamilies: [MetricFamily] {
        var info = family("info", "The agent and its node; always 1.", .gauge)
        info.add(1, labels: ["version": version, "node": node ?? ""])
        var joined = family("joined", "Whether this machine has joined a tenant.", .gauge)
        joined.add(node == nil ? 0 : 1)
        var joins = family("join_runs_total", "Runs of \"kamaji-agent join\" in the journal.", .counter)
        joins.add(Double(self.joins.all))
        var succeeded = family("join_runs_succeeded_total", "Those of them that ended well.", .counter)
        succeeded.add(Double(self.joins.succeeded))
        var repairs = family("repairs_total", "What the agent mended since its start.", .counter)
        for (repair, count) in self.repairs.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            repairs.add(
                Double(count), labels: ["kind": repair.kind, "outcome": repair.succeeded ? "succeeded" : "failed"])
        }
        return [info, joined, joins, succeeded, repairs] + stateFamilies + tunnelFamilies
    }

    private func family(_ name: String, _ help: String, _ kind: MetricFamily.Kind) -> MetricFamily {
        MetricFamily(name: "kamaji_agent_\(name)", help: help, kind: kind)
    }

    private var stateFamilies: [MetricFamily] {
        guard let state else { return [] }
        var look = family("last_look_timestamp_seconds", "When the agent last looked at its node.", .gauge)
        look.add(state.now.timeIntervalSince1970)
        var complaints = family("complaints", "What the agent found and cannot mend.", .gauge)
        complaints.add(Double(self.complaints.count))
        var ends = family(
            "certificate_expiration_timestamp_seconds", "When the node's certificates and its tenant's authority end.",
            .gauge)
        for (name, certificate) in [
            ("agent", state.agentCertificate), ("kubelet", kubeletCertificate),
            ("kubelet-serving", state.servingCertificate), ("authority", state.authority),
        ] {
            if let certificate {
                ends.add(certificate.notAfter.timeIntervalSince1970, labels: ["certificate": name])
            }
        }
        var units = family("unit_running", "Whether a unit that the node needs runs.", .gauge)
        var restarts = family(
            "unit_restarts", "How often systemd started it again by itself since somebody started it.", .gauge)
        for (unit, standing) in [(RepairPlan.kubeletUnit, state.kubelet), (state.runtimeUnit ?? "", state.runtime)] {
            guard let standing else { continue }
            units.add(standing.isRunning ? 1 : 0, labels: ["unit": unit])
            restarts.add(Double(standing.restarts), labels: ["unit": unit])
        }
        var well = family("kubelet_healthy", "Whether the kubelet answers that it is well.", .gauge)
        if let isWell = state.isKubeletWell { well.add(isWell ? 1 : 0) }
        var skew = family(
            "clock_skew_seconds", "How far the tenant's clock was ahead of this node's when it was last asked.", .gauge)
        if let ahead = state.serverAhead { skew.add(ahead) }
        return [look, complaints, ends, units, restarts, well, skew].filter { !$0.isEmpty }
    }

    private var tunnelFamilies: [MetricFamily] {
        guard let tunnel else { return [] }
        var connected = family("tunnel_connected", "Whether the tenant reaches this node through its tunnel.", .gauge)
        connected.add(tunnel.status.isConnected ? 1 : 0)
        var token = family(
            "tunnel_token_expiration_timestamp_seconds", "When the token that the tunnel uses ends.", .gauge)
        if let end = tunnel.tokenEnd { token.add(end.timeIntervalSince1970) }
        return [connected, token].filter { !$0.isEmpty } + tunnel.status.metricFamilies
    }
}
