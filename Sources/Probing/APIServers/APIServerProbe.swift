import FoundationEssentials
import HTTPTransport
import KubeObjects
import PKI

/// Whom to ask, and whom to believe.
package struct ProbeTarget: Sendable, Hashable {
    /// `host:port`.
    package let endpoint: String
    /// PEM of the tenant's authorities.
    package let authorities: [UInt8]

    package init(endpoint: String, authorities: [UInt8]) {
        self.endpoint = endpoint
        self.authorities = authorities
    }
}

/// Asks API servers how they are, without a credential: Kubernetes lets everybody ask (`system:public-info-viewer`).
package struct APIServerProbe: Sendable {
    private let transport: any HTTPTransport
    /// Of each question.
    private let timeout: Duration

    /// The answers are some kilobytes; a server that says more is broken or no API server.
    static let bodyLimit = 256 * 1024

    package init(transport: any HTTPTransport, timeout: Duration) {
        self.transport = transport
        self.timeout = timeout
    }

    /// - Parameter measuring: whether to make a connection of its own and look at the certificate, which costs a
    ///   handshake. A server that fails to prove itself is looked at in any case.
    package func visit(_ target: ProbeTarget, measuring: Bool) async -> ProbeVisit {
        async let livez = ask(.livez, target)
        async let version = measuring ? self.version(of: target) : nil
        var visit = measuring ? await measured(target) : ProbeVisit(results: [await ask(.readyz, target)])
        if !measuring, let failed = visit.results.first, failed.failure == .handshake {
            visit = await measured(target)
        }
        var alive = await livez
        if alive.failure == .handshake, visit.served != nil {
            // A handshake that ends well once nothing is checked failed for the certificate.
            alive = ProbeResult(check: .livez, failure: .verification, duration: alive.duration, detail: alive.detail)
        }
        visit.results.insert(alive, at: 0)
        visit.version = await version
        return visit
    }

    private func ask(_ check: ProbeCheck, _ target: ProbeTarget) async -> ProbeResult {
        guard !target.authorities.isEmpty else { return ProbeResult(check: check, failure: .noAuthority, duration: 0) }
        let request = HTTPRequest(
            "GET", "https://\(target.endpoint)\(check.path)", headers: Self.headers,
            tls: TLSSettings(certificateAuthorities: target.authorities), timeout: timeout, bodyLimit: Self.bodyLimit)
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let response = try await transport.send(request)
            return Self.result(check, response, duration: (clock.now - start).inSeconds)
        } catch {
            return ProbeResult(
                check: check, failure: ProbeFailure(error), duration: (clock.now - start).inSeconds,
                detail: (error as? HTTPTransportError)?.message)
        }
    }

    /// `/readyz` over a connection of its own, whoever answers; then whether that was the right one. No credential is
    /// sent, so nothing is lost to a wrong one.
    private func measured(_ target: ProbeTarget) async -> ProbeVisit {
        let request = HTTPRequest(
            "GET", "https://\(target.endpoint)\(ProbeCheck.readyz.path)", headers: Self.headers,
            tls: TLSSettings(acceptsAnyCertificate: true), timeout: timeout, bodyLimit: Self.bodyLimit,
            isMeasured: true)
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let response = try await transport.send(request)
            let duration = (clock.now - start).inSeconds
            let chain = Certificate.all(response.measurement?.certificatesPEM ?? [])
            let trust = Self.trust(chain, target)
            let result =
                trust.map { ProbeResult(check: .readyz, failure: $0, status: response.status, duration: duration) }
                ?? Self.result(.readyz, response, duration: duration)
            return ProbeVisit(
                results: [result], measurement: response.measurement,
                served: chain.first.map { HeldCertificate("apiserver", .served, $0) })
        } catch {
            let result = ProbeResult(
                check: .readyz, failure: ProbeFailure(error), duration: (clock.now - start).inSeconds,
                detail: (error as? HTTPTransportError)?.message)
            return ProbeVisit(results: [result])
        }
    }

    /// Why a client that trusts the tenant's authorities would not speak to the owner of this chain; nil where it would.
    static func trust(_ chain: [Certificate], _ target: ProbeTarget, now: Date = Date()) -> ProbeFailure? {
        guard !target.authorities.isEmpty else { return .noAuthority }
        guard let leaf = chain.first else { return .handshake }
        let roots = Certificate.all(target.authorities)
        let host = HostPort(target.endpoint)?.host ?? ""
        var issued = leaf
        // At most one step for each certificate that the server sent.
        for next in chain.dropFirst() + [leaf] {
            guard issued.isValid(at: now) else { return .verification }
            if roots.contains(where: { $0.isValid(at: now) && issued.isIssued(by: $0) }) {
                return leaf.isGood(for: host) ? nil : .verification
            }
            guard issued.isIssued(by: next) else { return .verification }
            issued = next
        }
        return .verification
    }

    private func version(of target: ProbeTarget) async -> String? {
        guard !target.authorities.isEmpty else { return nil }
        let request = HTTPRequest(
            "GET", "https://\(target.endpoint)/version", headers: Self.headers,
            tls: TLSSettings(certificateAuthorities: target.authorities), timeout: timeout, bodyLimit: Self.bodyLimit)
        guard let response = try? await transport.send(request), response.status == 200 else { return nil }
        return (try? JSON(parsing: response.body))?["gitVersion"]?.string
    }

    private static let headers: HTTPHeaders = ["User-Agent": "kamaji-exporter"]

    private static func result(_ check: ProbeCheck, _ response: HTTPResponse, duration: Double) -> ProbeResult {
        let failure = ProbeFailure.of(status: response.status)
        return ProbeResult(
            check: check, failure: failure, status: response.status, duration: duration,
            failedChecks: failure == nil ? [] : HealthReport(response.body).failed)
    }
}

extension Duration {
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
