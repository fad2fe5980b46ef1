import FoundationEssentials
import HTTPTransport
import Probing
import Prometheus

/// `/probe?debug=true`: what was done and seen, step by step, and the metrics, as text for people; laid out as the blackbox
/// exporter does. Answers themselves are not told, nor what was asked with.
extension ProbeFindings {
    func report(_ metrics: String) -> String {
        """
        Logs for the probe:
        \(lines.joined(separator: "\n"))



        Metrics that would have been returned:
        \(metrics)


        Module configuration:
        module: \(module.rawValue)
        timeout: \(Self.number(timeout.inSeconds))s

        """
    }

    private var lines: [String] {
        let end = Self.line(
            isSuccess ? "info" : "error", isSuccess ? "Probe succeeded" : "Probe failed",
            [Self.seconds(duration)])
        let first = Self.line(
            "info", "Beginning probe",
            [
                ("target", target), ("module", module.rawValue),
                ("timeout_seconds", Self.number(timeout.inSeconds)),
            ])
        return ["time=\(begin.formatted(.iso8601)) \(first)"] + steps + [end]
    }

    private var steps: [String] {
        switch seen {
        case .server(let visit, let endpoint): Self.steps(visit, endpoint)
        case .tunnel(let visit, let servers): Self.steps(visit, servers)
        case .store(let visit): Self.steps(visit)
        case .nobody(let why): [Self.line("error", "There is nobody to ask", [("reason", why)])]
        case .nothingInTime: [Self.line("error", "Nothing was answered in time", [])]
        }
    }

    private static func steps(_ visit: ProbeVisit, _ endpoint: String) -> [String] {
        var lines: [String] = []
        if let measured = visit.measurement {
            lines = [
                line("info", "Resolved the address", [("endpoint", endpoint), seconds(measured.resolve)]),
                line("info", "Connected", [("ip_protocol", "\(measured.ipVersion)"), seconds(measured.connect)]),
                line(
                    "info", "TLS was agreed on",
                    [("version", measured.tlsVersion), ("cipher", measured.cipher), seconds(measured.tls)]),
                line(
                    "info", "Received an HTTP response",
                    [("http_version", number(measured.httpVersion)), seconds(measured.request)]),
            ]
        } else {
            lines.append(line("error", "Nothing was answered over a connection of its own", [("endpoint", endpoint)]))
        }
        if let served = visit.served { lines.append(certificate(served, isTrusted: visit.isTrusted)) }
        for result in visit.results {
            var facts = [("check", result.check.rawValue), ("path", result.check.path)]
            if result.status != 0 { facts.append(("status", "\(result.status)")) }
            facts.append(seconds(result.duration))
            if let failure = result.failure { facts.append(("reason", failure.rawValue)) }
            if let detail = result.detail { facts.append(("error", detail)) }
            if !result.failedChecks.isEmpty {
                facts.append(("failed", result.failedChecks.map(LabelText.bounded).joined(separator: ",")))
            }
            lines.append(
                line(result.failure == nil ? "info" : "error", result.failure == nil ? "Asked" : "Asked in vain", facts)
            )
        }
        if let version = visit.version { lines.append(line("info", "Asked for its version", [("version", version)])) }
        return lines
    }

    private static func steps(_ visit: TunnelVisit, _ servers: [String: String]) -> [String] {
        var lines = servers.isEmpty ? [line("error", "There is no pod to ask", [])] : []
        for (pod, address) in servers.sorted(by: { $0.key < $1.key }) {
            let place = [("pod", pod), ("address", address)]
            guard let report = visit.reports[pod] else {
                lines.append(line("error", "The konnectivity server does not answer", place))
                continue
            }
            let agents = report.agents.map { [("agents", MetricText.number($0))] } ?? []
            lines.append(
                line(
                    report.isReady ? "info" : "error",
                    report.isReady ? "The konnectivity server is ready" : "The konnectivity server is not ready",
                    place + agents))
        }
        for reason in visit.failures.map(\.rawValue).sorted() {
            lines.append(line("error", "A question failed", [("reason", reason)]))
        }
        return lines
    }

    private static func steps(_ visit: StoreVisit) -> [String] {
        visit.endpoints.sorted { $0.key < $1.key }.flatMap { endpoint, found in
            var facts = [("endpoint", endpoint), seconds(found.duration)]
            if let reason = found.reason { facts.append(("reason", reason)) }
            if let version = found.version { facts.append(("version", version)) }
            if let hasLeader = found.hasLeader { facts.append(("has_leader", "\(hasLeader)")) }
            facts += found.alarmNames.map { ("alarm", $0) }
            let what =
                found.isUp
                ? found.refusal == nil ? "The endpoint is up" : "The endpoint is up, and refuses this host"
                : "The endpoint is down"
            return [line(found.isUp ? "info" : "error", what, facts)]
                + (found.served.map { [certificate($0, isTrusted: nil)] } ?? [])
        }
    }

    /// - Parameter isTrusted: nil where that was not looked into.
    private static func certificate(_ held: HeldCertificate, isTrusted: Bool?) -> String {
        let ends = [("not_before", held.notBefore), ("not_after", held.notAfter)].map {
            ($0, Date(timeIntervalSince1970: $1).formatted(.iso8601))
        }
        return line(
            isTrusted == false ? "error" : "info", "Saw a certificate",
            [("subject", held.commonName), ("issuer", held.issuerCommonName), ("serial", held.serial)] + ends
                + [("sha256", held.fingerprint)] + (isTrusted.map { [("trusted", "\($0)")] } ?? []))
    }

    private static func seconds(_ duration: Double) -> (String, String) { ("duration_seconds", number(duration)) }

    private static func number(_ value: Double) -> String { MetricText.number((value * 1e6).rounded() / 1e6) }

    private static func line(_ level: String, _ message: String, _ facts: [(String, String)]) -> String {
        "level=\(level) msg=\"\(message)\"" + facts.map { " \($0.0)=\(quoted($0.1))" }.joined()
    }

    /// As logfmt has it: what comes from elsewhere stays on its line and within its quotes.
    private static func quoted(_ value: String) -> String {
        let text = String(
            LabelText.bounded(value).unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
        guard text.isEmpty || text.contains(where: { " =\"\\".contains($0) }) else { return text }
        return "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
