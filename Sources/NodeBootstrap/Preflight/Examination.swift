import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import Systemd

/// Looks a machine over at any time: before a join, after one, and after one that failed.
package struct Examination: Sendable {
    package struct Parts: Sendable {
        package var gathering: HostFactsGathering
        /// Nil where nothing has joined.
        package var environment: NodeEnvironment?

        package init(gathering: HostFactsGathering, environment: NodeEnvironment?) {
            self.gathering = gathering
            self.environment = environment
        }
    }

    private let parts: Parts

    package init(_ parts: Parts) { self.parts = parts }

    package func results() async throws -> [CheckResult] {
        let journal = parts.environment?.journal
        let join = try await journal?.fact("join")
        let tenant = try await journal?.fact("tenant").flatMap(JoinedTenant.init)
        let name = join?["nodeName"]?.string ?? NodeName(ofHost: HostNetwork.hostName)?.text ?? HostNetwork.hostName
        let sought = try await journal?.fact(JoinRun.soughtEndpoint)?.string
        let place = tenant.map { String($0.server.dropFirst("https://".count)) } ?? sought
        let endpoint = place.flatMap { try? JoinEndpoint($0) }
        var traces: JoinTraces?
        if let journal { traces = try await JoinTraces(journal) }
        let subject = HostFactsGathering.Subject(
            nodeName: name, criSocket: join?["criSocket"]?.string, endpoint: endpoint,
            writes: [
                KubeletFiles.kubeconfigPath, KubeletFiles.bootstrapKubeconfigPath,
                join?["authorityPath"]?.string ?? JoinConfiguration.defaultAuthorityPath,
            ], ours: traces?.ours ?? [], isJoined: traces?.hasWritten ?? false)
        var facts = try await parts.gathering.gather(subject)
        var results: [CheckResult] = []
        if let endpoint {
            let (result, ahead) = await reach(endpoint, tenant)
            results.append(result)
            facts.serverAhead = ahead
        }
        results += HostChecks.all(facts)
        if facts.effectiveUser == 0 { results += EdgeChecks.all(facts, .examination) }
        if let journal { results += try await stopped(journal) }
        if let environment = parts.environment, let tenant { results += try await joined(environment, tenant, name) }
        // A join may have been told to overlook some of it, often all: what keeps the node from working does so all the same.
        return results
    }

    /// Asks the tenant for its version, which it tells anybody, and looks at its clock.
    ///
    /// - Parameter tenant: nil before a join has found it; whoever answers is then believed, for an advice only.
    private func reach(_ endpoint: JoinEndpoint, _ tenant: JoinedTenant?) async -> (CheckResult, TimeInterval?) {
        let server = tenant?.server ?? endpoint.url
        let tls =
            tenant.map { TLSSettings(certificateAuthorities: $0.authorityPEM) }
            ?? TLSSettings(acceptsAnyCertificate: true)
        var request = HTTPRequest("GET", "\(server)/version", tls: tls, timeout: .seconds(20))
        request.proxy = parts.gathering.proxies.proxy(for: server)
        let sent = parts.gathering.now()
        do {
            let response = try await parts.gathering.transport.send(request)
            let ahead = HTTPDate.lead(of: response, sent: sent, received: parts.gathering.now())
            let how = tenant == nil ? "; who that is, no join has verified yet" : " with its own certificate"
            return (.ok("Endpoint", "\(endpoint) answers\(how)"), ahead)
        } catch let error as HTTPTransportError {
            let why = DiscoveryError(error)
            switch why.code {
            case .tlsFailed:
                // By a wrong clock nobody can prove anything.
                let clock = UnverifiedClock(
                    transport: parts.gathering.transport, proxies: parts.gathering.proxies, now: parts.gathering.now)
                return (
                    CheckResult(
                        "TLS", .error, "\(endpoint) does not prove to be the tenant: \(error.message)",
                        "Either its authority was replaced while this machine was off (join again with a new token), or "
                            + "somebody stands between"), await clock.farAhead(of: server)
                )
            default: return (CheckResult("Endpoint", .error, why.message, "Look at the way to \(endpoint)"), nil)
            }
        } catch {
            return (CheckResult("Endpoint", .error, "\(endpoint): \(error)"), nil)
        }
    }

    private func stopped(_ journal: Journal) async throws -> [CheckResult] {
        try await journal.phases().filter { $0.state == .failed }.map { phase in
            CheckResult(
                "Journal", .error, "the join stopped in \(phase.name): \(phase.error)", "Run \"kamaji-agent join\"")
        }
    }

    private func joined(
        _ environment: NodeEnvironment, _ tenant: JoinedTenant, _ name: String
    ) async throws -> [CheckResult] {
        var results: [CheckResult] = []
        if UpgradeRecord(try await environment.journal.fact(UpgradeRecord.fact)) != nil {
            results.append(
                CheckResult(
                    "Upgrade", .warning, "an upgrade of the kubelet is under way, or was interrupted",
                    "Run \"kamaji-agent upgrade\""))
        }
        guard let node = NodeName(name) else { return results }
        let pem = try await environment.writer.read(KubeletFiles.clientCertificatePath)
        switch KubeletCertificate.judge(
            pem, node: node, authorityPEM: tenant.authorityPEM, now: environment.now())
        {
        case .valid: results.append(.ok("Kubeconfig", "the kubelet's certificate is the tenant's and valid"))
        case .missing:
            results.append(
                CheckResult("Kubeconfig", .error, "the kubelet has no certificate", "Run \"kamaji-agent join\""))
        case .wrong(let why): results.append(CheckResult("Kubeconfig", .error, why, "The agent's daemon mends it"))
        }
        if let health = try await environment.journal.fact("health")?.string {
            let response = try? await environment.transport.send(HTTPRequest("GET", health, timeout: .seconds(3)))
            results.append(
                response?.status == 200
                    ? .ok("KubeletHealth", "the kubelet is well")
                    : CheckResult(
                        "KubeletHealth", .error, "the kubelet does not answer at \(health)",
                        "\"journalctl -u kubelet\" says why"))
        }
        return results
    }
}
