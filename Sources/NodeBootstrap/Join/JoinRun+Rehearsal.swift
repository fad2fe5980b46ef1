import KubeClient
import KubeObjects

/// A join up to its first change, for whoever wants to know whether it would come to its end.
extension JoinRun {
    /// How long a tenant is waited for that does not answer as it should. Somebody looks on and asks again: it is for the
    /// signature over a token that was made a moment ago.
    static let rehearsalPatience = Duration.seconds(5)

    /// Checks this machine, finds and verifies the tenant, and reads with the token what a join would read. Notes nothing,
    /// here or there; what speaks against the join is reported too.
    package func rehearse() async throws -> JoinRehearsal {
        var hasty = configuration
        hasty.timeouts.discovery = min(hasty.timeouts.discovery, Self.rehearsalPatience)
        return try await JoinRun(environment, hasty, readyPatience: readyPatience, report: report).rehearseOnce()
    }

    private func rehearseOnce() async throws -> JoinRehearsal {
        let results = configuration.judge(try await checks())
        for result in results { report(.check(result)) }
        var rehearsal = JoinRehearsal(failedChecks: results.filter { $0.verdict == .error })
        do {
            try await refuseOtherName()
            try await refuseMissingPatches()
            let (tenant, credential) = try await rehearse(.discovery) { try await findTenant() }
            try await rehearse(.configuration) { try await tryConfiguration(tenant, credential) }
        } catch let failure as JoinFailure {
            report(.failed(failure.phase, failure.message))
            rehearsal.failure = failure
        }
        return rehearsal
    }

    @discardableResult
    private func rehearse<Value: Sendable>(
        _ phase: JoinPhase, _ body: () async throws -> PhaseOutput<Value>
    ) async throws -> Value {
        let start = environment.pacing.elapsed()
        report(.started(phase))
        do {
            let output = try await body()
            report(.finished(phase, output.line, environment.pacing.elapsed() - start))
            return output.value
        } catch let error as CancellationError {
            throw error
        } catch {
            throw error as? JoinFailure ?? JoinFailure(phase, "\(error)")
        }
    }

    private func tryConfiguration(
        _ tenant: JoinedTenant, _ credential: BootstrapCredential?
    ) async throws -> PhaseOutput<Void> {
        guard let credential else {
            return PhaseOutput(value: (), line: "not read: there is no token, and a join goes by what was read before")
        }
        let client = environment.client(tenant.connection(credential, environment.proxies))
        let read = try await TenantConfiguration.read(client)
        try await refuseNamesake(client)
        try await refuseVersion(read)
        return PhaseOutput(
            value: (), line: "cluster \(read.clusterName), Kubernetes \(read.serverVersion?.description ?? "?")")
    }
}
