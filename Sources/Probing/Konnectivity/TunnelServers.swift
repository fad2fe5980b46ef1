import HTTPTransport
import Prometheus

/// What one konnectivity server told. Names are upstream's (pkg/server/metrics/metrics.go).
package struct TunnelServerReport: Sendable, Hashable {
    /// `/readyz` is well only while an agent is connected.
    package let isReady: Bool
    /// Nil where the server tells no metrics.
    package let agents: Double?
    package let established: Double
    package let pendingDials: Double
    package let dialFailures: [String: Double]

    static let prefix = "konnectivity_network_proxy_server_"

    package init(isReady: Bool, metrics: [UInt8]?) {
        self.isReady = isReady
        var (agents, established, pending) = (Double?.none, 0.0, 0.0)
        var failures: [String: Double] = [:]
        for sample in ExpositionReader.samples(metrics ?? [], where: { $0.hasPrefix(Self.prefix) }) {
            guard sample.value.isFinite, sample.value >= 0 else { continue }
            switch sample.name.dropFirst(Self.prefix.count) {
            case "ready_backends": agents = (agents ?? 0) + sample.value
            case "established_connections": established += sample.value
            case "pending_backend_dials": pending += sample.value
            case "dial_failure_count":
                failures[
                    Self.reasons.contains(sample.labels["reason"] ?? "") ? sample.labels["reason"] ?? "" : "other",
                    default: 0] += sample.value
            default: break
            }
        }
        (self.agents, self.established, pendingDials, dialFailures) = (agents, established, pending, failures)
    }

    /// Upstream's closed list; anything else is `other`.
    private static let reasons: Set<String> = [
        "no_agent", "error_response", "unrecognized_response", "send_rsp", "backend_close", "backend_dial_timeout",
        "frontend_close",
    ]
}

/// What the servers of one tenant have told so far. Counters go on where a server is replaced by another.
package struct TunnelHistory: Sendable {
    private var latest: [String: TunnelServerReport] = [:]
    private var failures: [String: Double] = [:]
    private var expected = 0

    package init() {}

    /// - Parameters:
    ///   - reports: by pod; a pod whose server does not answer is missing.
    ///   - expected: how many there should be.
    package mutating func add(_ reports: [String: TunnelServerReport], expected: Int) {
        for (pod, report) in reports {
            for (reason, count) in report.dialFailures {
                let before = latest[pod]?.dialFailures[reason]
                // A server seen for the first time brings its past along, which is not ours to count; one that counts
                // less than before has started anew.
                let more = before.map { count >= $0 ? count - $0 : count } ?? 0
                failures[reason, default: 0] += more
            }
        }
        latest = reports
        self.expected = expected
    }

    /// Agents on the server that has the fewest.
    package var leastAgents: Double? { latest.values.compactMap(\.agents).min() }

    package func samples(_ facts: TenantFacts) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        guard facts.usesKonnectivity, expected > 0 || !latest.isEmpty else { return samples }
        samples.add(Catalogue.serversExpected, Double(expected))
        samples.add(Catalogue.serversReady, Double(latest.values.count { $0.isReady }))
        let agents = latest.values.compactMap(\.agents)
        if let least = agents.min(), let most = agents.max() {
            samples.add(Catalogue.agentsMinimum, least)
            samples.add(Catalogue.agentsMaximum, most)
            samples.add(Catalogue.establishedConnections, latest.values.reduce(0) { $0 + $1.established })
            samples.add(Catalogue.pendingDials, latest.values.reduce(0) { $0 + $1.pendingDials })
        }
        for (reason, count) in failures.sorted(by: { $0.key < $1.key }) {
            samples.add(Catalogue.dialFailures, count, ["reason": reason])
        }
        return samples
    }
}

/// Asks konnectivity servers on their health port, which is plain HTTP.
package struct TunnelProbe: Sendable {
    private let transport: any HTTPTransport
    private let timeout: Duration
    package static let healthPort = 8134

    package init(transport: any HTTPTransport, timeout: Duration) {
        self.transport = transport
        self.timeout = timeout
    }

    /// - Parameter addresses: of the pods, by their names.
    package func visit(_ addresses: [String: String], port: Int = healthPort) async -> [String: TunnelServerReport] {
        await withTaskGroup(of: (String, TunnelServerReport?).self) { group in
            for (pod, address) in addresses {
                group.addTask {
                    (pod, await report(address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func report(_ authority: String) async -> TunnelServerReport? {
        async let ready = get("http://\(authority)/readyz", limit: 64 * 1024)
        async let metrics = get("http://\(authority)/metrics", limit: 4 << 20)
        let (answer, page) = (await ready, await metrics)
        guard let answer else { return nil }
        return TunnelServerReport(isReady: answer.status == 200, metrics: page?.status == 200 ? page?.body : nil)
    }

    private func get(_ url: String, limit: Int) async -> HTTPResponse? {
        try? await transport.send(HTTPRequest("GET", url, timeout: timeout, bodyLimit: limit))
    }
}
