import FoundationEssentials
import HTTPTransport
import Probing
import Prometheus

/// What `/probe` saw of its target. Told as metrics, with the names of the blackbox exporter, and as a log.
struct ProbeFindings: Sendable {
    enum Seen: Sendable {
        /// `host:port`.
        case server(ProbeVisit, at: String)
        /// Addresses of the pods, by their names.
        case tunnel(TunnelVisit, servers: [String: String])
        case store(StoreVisit)
        /// There was none to be asked; why.
        case nobody(String)
        case nothingInTime
    }

    let target: String
    let module: TargetProbe.Module
    let timeout: Duration
    let begin: Date
    /// Seconds.
    let duration: Double
    let seen: Seen

    var isSuccess: Bool {
        switch seen {
        case .server(let visit, _):
            module == .tls ? visit.served != nil && visit.isTrusted : judged(visit).allSatisfy(\.isSuccess)
        case .tunnel(let visit, _): !visit.reports.isEmpty && visit.reports.values.allSatisfy(\.isReady)
        case .store(let visit): visit.isUp
        case .nobody, .nothingInTime: false
        }
    }

    /// Those of the answers that the module is about.
    private func judged(_ visit: ProbeVisit) -> [ProbeResult] {
        visit.results.filter { result in
            switch module {
            case .live: result.check == .livez
            case .ready: result.check == .readyz
            default: true
            }
        }
    }

    var families: [MetricFamily] {
        let found: [MetricFamily] =
            switch seen {
            case .server(let visit, _): Self.server(visit, judged(visit))
            case .store(let visit): Self.store(visit)
            case .tunnel, .nobody, .nothingInTime: []
            }
        return [Self.gauge("probe_success", "1 if the target answered well.", isSuccess ? 1 : 0)] + found
            + [Self.gauge("probe_duration_seconds", "How long the probe took.", duration)]
    }

    private static func gauge(_ name: String, _ help: String, _ value: Double, _ labels: [String: String] = [:])
        -> MetricFamily
    {
        var family = MetricFamily(name: name, help: help, kind: .gauge)
        family.add(value, labels: labels)
        return family
    }

    private static func server(_ visit: ProbeVisit, _ judged: [ProbeResult]) -> [MetricFamily] {
        var all = [gauge("probe_http_ssl", "1 if TLS was spoken.", visit.served == nil ? 0 : 1)]
        let status = judged.map(\.status).first { $0 != 200 } ?? judged.first?.status ?? 0
        all.append(gauge("probe_http_status_code", "HTTP status, 0 where there was no answer.", Double(status)))
        if let measured = visit.measurement {
            all.append(gauge("probe_http_version", "Version of HTTP that was answered in.", measured.httpVersion))
            all.append(
                gauge("probe_ip_protocol", "4 or 6, as the address that answered.", Double(measured.ipVersion)))
            all.append(
                gauge("probe_dns_lookup_time_seconds", "How long the name took to resolve.", measured.resolve))
            var phases = MetricFamily(
                name: "probe_http_duration_seconds", help: "How long each step took.", kind: .gauge)
            for (phase, seconds) in [
                ("connect", measured.connect), ("processing", measured.request), ("resolve", measured.resolve),
                ("tls", measured.tls),
            ] {
                phases.add(seconds, labels: ["phase": phase])
            }
            all.append(phases)
            all.append(
                gauge(
                    "probe_tls_version_info", "Version of TLS that was agreed on.", 1,
                    ["version": measured.tlsVersion]))
        }
        if let served = visit.served {
            all.append(
                gauge(
                    "probe_ssl_earliest_cert_expiry", "When the certificate that was shown ends.", served.notAfter))
            if visit.isTrusted {
                all.append(
                    gauge(
                        "probe_ssl_last_chain_expiry_timestamp_seconds", "When the trusted chain ends.",
                        served.notAfter))
            }
        }
        return all + reasons(judged)
    }

    private static func reasons(_ results: [ProbeResult]) -> [MetricFamily] {
        var (reasons, checks) = (
            MetricFamily(name: "probe_failure_info", help: "Why a question was not answered well.", kind: .info),
            MetricFamily(
                name: "probe_failed_check", help: "Checks that the API server reports as failed.", kind: .gauge)
        )
        for result in results {
            if let failure = result.failure {
                reasons.add(1, labels: ["check": result.check.rawValue, "reason": failure.rawValue])
            }
            for name in result.failedChecks {
                checks.add(1, labels: ["check": result.check.rawValue, "name": LabelText.bounded(name)])
            }
        }
        return [reasons, checks]
    }

    private static func store(_ visit: StoreVisit) -> [MetricFamily] {
        var up = MetricFamily(
            name: "probe_endpoint_success", help: "1 if the endpoint answered well.", kind: .gauge)
        for (endpoint, found) in visit.endpoints.sorted(by: { $0.key < $1.key }) {
            up.add(found.isUp ? 1 : 0, labels: ["endpoint": endpoint])
        }
        var reasons = MetricFamily(
            name: "probe_failure_info", help: "Why an endpoint did not answer well, or said no more.", kind: .info)
        for (endpoint, found) in visit.endpoints.sorted(by: { $0.key < $1.key }) {
            if let reason = found.reason { reasons.add(1, labels: ["endpoint": endpoint, "reason": reason]) }
        }
        let ends = visit.endpoints.values.compactMap { $0.served?.notAfter }
        return [up, reasons]
            + (ends.min().map {
                [gauge("probe_ssl_earliest_cert_expiry", "When the first of the certificates shown ends.", $0)]
            } ?? [])
    }
}

extension ProbeVisit {
    /// Whether nothing speaks against the certificate that was shown.
    var isTrusted: Bool { !results.contains { $0.failure == .verification } }
}
