import HTTPTransport
import KubeObjects
import Probing
import Prometheus

/// `/probe`: asks one target now, in the manner and with the names of the blackbox exporter. Targets are the fleet's own:
/// a free address would make of this a way into any network.
struct TargetProbe: Sendable {
    let picture: FleetPicture
    let prober: FleetProber
    let transport: any HTTPTransport

    enum Module: String, CaseIterable {
        case live = "apiserver_live"
        case ready = "apiserver_ready"
        case tls = "apiserver_tls"
        case konnectivity, datastore, full
    }

    enum Answer {
        case families([MetricFamily])
        case unknownTarget, unknownModule, malformed(String)
    }

    /// - Parameter timeout: of the whole answer.
    func answer(target: String?, module: String?, timeout: Duration) async -> Answer {
        guard let target, !target.isEmpty else { return .malformed("name a target: /probe?target=NAMESPACE/NAME") }
        let isStore = target.hasPrefix("ds/")
        guard let module = Module(rawValue: module ?? (isStore ? "datastore" : "full")) else { return .unknownModule }
        let clock = ContinuousClock()
        let start = clock.now
        var families: [MetricFamily]?
        if isStore {
            guard module == .datastore || module == .full else { return .unknownModule }
            let name = String(target.dropFirst(3))
            guard prober.knows(store: name) else { return .unknownTarget }
            families = await Self.within(timeout) { await prober.visitNow(store: name, timeout: timeout) }.map(
                Self.store)
        } else {
            let parts = target.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, module != .datastore else { return .unknownTarget }
            let key = ObjectKey(namespace: parts[0], name: parts[1])
            guard picture.tenantKeys.contains(key) else { return .unknownTarget }
            families = await Self.within(timeout) { await visit(key, module, timeout) }
        }
        var duration = MetricFamily(name: "probe_duration_seconds", help: "How long the probe took.", kind: .gauge)
        duration.add((clock.now - start).inSeconds)
        return .families((families ?? [Self.success(false)]) + [duration])
    }

    /// Nil when the time is up: an answer that says so is worth more than a scraper that gave up waiting. Who was asked is
    /// not waited for any longer, not even until it noticed: resolving a name cannot be broken off.
    static func within<Value: Sendable>(
        _ timeout: Duration, _ body: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        let (answers, answer) = AsyncStream.makeStream(of: Value?.self, bufferingPolicy: .bufferingOldest(1))
        let asking = Task { answer.yield(await body()) }
        let waiting = Task {
            try? await Task.sleep(for: timeout)
            answer.yield(nil)
        }
        defer {
            asking.cancel()
            waiting.cancel()
        }
        // Also who asked may go: then the stream ends.
        return await answers.first { _ in true } ?? nil
    }

    private func visit(_ key: ObjectKey, _ module: Module, _ timeout: Duration) async -> [MetricFamily]? {
        if module == .konnectivity {
            guard let tunnel = picture.tunnel(key) else { return nil }
            let reports = await TunnelProbe(transport: transport, timeout: timeout).visit(tunnel.addresses).reports
            return [Self.success(!reports.isEmpty && reports.values.allSatisfy(\.isReady))]
        }
        guard let target = picture.target(key) else { return nil }
        let visit = await APIServerProbe(transport: transport, timeout: timeout).visit(target, measuring: true)
        return Self.families(visit, module)
    }

    private static func success(_ isSuccess: Bool) -> MetricFamily {
        gauge("probe_success", "1 if the target answered well.", isSuccess ? 1 : 0)
    }

    private static func gauge(_ name: String, _ help: String, _ value: Double, _ labels: [String: String] = [:])
        -> MetricFamily
    {
        var family = MetricFamily(name: name, help: help, kind: .gauge)
        family.add(value, labels: labels)
        return family
    }

    private static func families(_ visit: ProbeVisit, _ module: Module) -> [MetricFamily] {
        let isTrusted = !visit.results.contains { $0.failure == .verification }
        let judged = visit.results.filter { result in
            switch module {
            case .live: result.check == .livez
            case .ready: result.check == .readyz
            default: true
            }
        }
        let isSuccess = module == .tls ? visit.served != nil && isTrusted : judged.allSatisfy(\.isSuccess)
        var all = [success(isSuccess), gauge("probe_http_ssl", "1 if TLS was spoken.", visit.served == nil ? 0 : 1)]
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
            if isTrusted {
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
        let ends = visit.endpoints.values.compactMap { $0.served?.notAfter }
        return [success(visit.isUp), up]
            + (ends.min().map {
                [gauge("probe_ssl_earliest_cert_expiry", "When the first of the certificates shown ends.", $0)]
            } ?? [])
    }
}
