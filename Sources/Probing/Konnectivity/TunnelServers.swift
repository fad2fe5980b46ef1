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
        var (agents, formerAgents, established, pending) = (Double?.none, Double?.none, 0.0, 0.0)
        var failures: [String: Double] = [:]
        let samples = ExpositionReader.samples(metrics ?? [], where: { $0.hasPrefix(Self.prefix) })
        for sample in samples {
            guard sample.value.isFinite, sample.value >= 0 else { continue }
            switch sample.name.dropFirst(Self.prefix.count) {
            // Once for each strategy of choosing an agent, and an agent may be known to several.
            case "ready_backends": agents = max(agents ?? 0, sample.value)
            case "ready_backend_connections": formerAgents = (formerAgents ?? 0) + sample.value
            case "established_connections": established += sample.value
            case "pending_backend_dials": pending += sample.value
            case "dial_failure_count":
                failures[
                    Self.reasons.contains(sample.labels["reason"] ?? "") ? sample.labels["reason"] ?? "" : "other",
                    default: 0] += sample.value
            default: break
            }
        }
        // Upstream gave the gauge another name, and serves the former one beside it for a while. Neither is there before
        // the first agent came.
        self.agents = agents ?? formerAgents ?? (samples.isEmpty || isReady ? nil : 0)
        (self.established, pendingDials, dialFailures) = (established, pending, failures)
    }

    /// Upstream's closed list; anything else is `other`.
    static let reasons: Set<String> = [
        "no_agent", "error_response", "unrecognized_response", "send_rsp", "backend_close", "backend_dial_timeout",
        "frontend_close", "other",
    ]
}

/// What the servers of one tenant have told so far. Counters go on where a server is replaced by another.
package struct TunnelHistory: Sendable {
    private var latest: [String: TunnelServerReport] = [:]
    /// What each server had counted when it last answered.
    private var counted: [String: [String: Double]] = [:]
    /// Every reason from the first answer on: one that appears with its first failure has risen by nothing.
    private var failures: [String: Double] = [:]
    private var expected = 0

    package init() {}

    /// - Parameters:
    ///   - reports: by pod; a pod whose server does not answer is missing.
    ///   - pods: those that are there.
    ///   - expected: how many there should be.
    package mutating func add(_ reports: [String: TunnelServerReport], among pods: Set<String>, expected: Int) {
        for (pod, report) in reports where report.agents != nil {
            for reason in TunnelServerReport.reasons { failures[reason, default: 0] += 0 }
            // A server seen for the first time brings its past along, which is not ours to count.
            if let before = counted[pod] {
                for (reason, count) in report.dialFailures {
                    let former = before[reason] ?? 0
                    // One that counts less than before has started anew.
                    failures[reason, default: 0] += count >= former ? count - former : count
                }
            }
            counted[pod] = report.dialFailures
        }
        counted = counted.filter { pods.contains($0.key) }
        latest = reports
        self.expected = expected
    }

    /// Agents on the server that has the fewest.
    package var leastAgents: Double? { latest.values.compactMap(\.agents).min() }

    /// - Parameter isReached: whether servers can be asked from here at all. Where that is not known, one that does not
    ///   answer is none that is not ready.
    package func samples(_ facts: TenantFacts, isReached: Bool) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        guard facts.hasTunnel, expected > 0 || !latest.isEmpty else { return samples }
        samples.add(Catalogue.serversExpected, Double(expected))
        if isReached || !latest.isEmpty {
            samples.add(Catalogue.serversReady, Double(latest.values.count { $0.isReady }))
        }
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
    package func visit(_ addresses: [String: String], port: Int = healthPort) async -> TunnelVisit {
        await withTaskGroup(of: (String, Result<TunnelServerReport, ProbeFailure>).self) { group in
            for (pod, address) in addresses {
                group.addTask {
                    (pod, await report(address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"))
                }
            }
            return await group.reduce(into: TunnelVisit()) { visit, answer in
                switch answer.1 {
                case .success(let report): visit.reports[answer.0] = report
                case .failure(let failure): visit.failures.append(failure)
                }
            }
        }
    }

    private func report(_ authority: String) async -> Result<TunnelServerReport, ProbeFailure> {
        async let ready = get("http://\(authority)/readyz", limit: 64 * 1024)
        async let metrics = get("http://\(authority)/metrics", limit: 4 << 20)
        let (answer, page) = (await ready, try? await metrics.get())
        return answer.map {
            TunnelServerReport(isReady: $0.status == 200, metrics: page?.status == 200 ? page?.body : nil)
        }
    }

    private func get(_ url: String, limit: Int) async -> Result<HTTPResponse, ProbeFailure> {
        do {
            return .success(try await transport.send(HTTPRequest("GET", url, timeout: timeout, bodyLimit: limit)))
        } catch {
            return .failure(ProbeFailure(error))
        }
    }
}

/// One round over the servers of one tenant.
package struct TunnelVisit: Sendable {
    /// By pod; of those that answered.
    package var reports: [String: TunnelServerReport] = [:]
    /// Of the others.
    package var failures: [ProbeFailure] = []
}
