import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import NodeIdentity
import PKI
import Systemd

/// What a join, a repair or a reset works with: this machine, its journal, and the way to others.
package struct NodeEnvironment: Sendable {
    package var writer: NodeWriter
    package var transport: any HTTPTransport
    /// Nil where no systemd runs: services are then somebody else's.
    package var units: (any UnitControl)?
    package var programs: HostPrograms
    package var proxies: ProxyRules
    package var pacing: Pacing
    package var now: @Sendable () -> Date
    package var log: Logger

    package init(
        writer: NodeWriter, transport: any HTTPTransport, units: (any UnitControl)?, programs: HostPrograms,
        proxies: ProxyRules, pacing: Pacing, now: @escaping @Sendable () -> Date, log: Logger
    ) {
        self.writer = writer
        self.transport = transport
        self.units = units
        self.programs = programs
        self.proxies = proxies
        self.pacing = pacing
        self.now = now
        self.log = log
    }

    package var journal: Journal { writer.journal }

    package func client(
        _ connection: ClusterConnection, patience: KubeClient.Patience = KubeClient.Patience()
    ) -> KubeClient {
        let sleep = pacing.sleep
        return KubeClient(
            connection: connection, transport: transport, fieldManager: "kamaji-agent", log: log, patience: patience,
            now: now, sleep: { try await sleep($0) })
    }
}

/// Makes this machine a node of its tenant. Every phase looks first whether its outcome is there, so a run that was
/// interrupted anywhere is gone on with by the next, and one more run of a finished join changes nothing.
package struct JoinRun: Sendable {
    package let environment: NodeEnvironment
    package let configuration: JoinConfiguration
    let report: @Sendable (JoinEvent) -> Void
    /// How long the Node may take to be Ready before the join ends without that; a network plugin may come much later.
    let readyPatience: Duration

    package init(
        _ environment: NodeEnvironment, _ configuration: JoinConfiguration, readyPatience: Duration = .seconds(60),
        report: @escaping @Sendable (JoinEvent) -> Void
    ) {
        self.environment = environment
        self.configuration = configuration
        self.readyPatience = readyPatience
        self.report = report
    }

    package struct Outcome: Sendable, Hashable {
        package var node: NodeName
        package var server: String
        package var isReady: Bool
    }

    var journal: Journal { environment.journal }
    var writer: NodeWriter { environment.writer }
    var input: String { NodeWriter.sha256(Array(configuration.fingerprint.utf8)) }

    /// Joins, and gives what came of it.
    package func run() async throws -> Outcome {
        try await journal.run("join", now: environment.now) { try await phases() }
    }

    private func phases() async throws -> Outcome {
        try await refuseOtherName()
        try await noteEndpoint()
        try await perform(.preflight) { try await preflight() }
        let (tenant, credential) = try await perform(.discovery) { try await discover() }
        let settings = try await perform(.configuration) {
            try await patiently(.configuration) { try await readConfiguration(tenant, credential) }
        }
        try await perform(.files) {
            try await keepPatches()
            try await refuseCgroupDriver(settings)
            return try await writeFiles(tenant, settings, credential)
        }
        try await perform(.enrolment) { try await patiently(.enrolment) { try await enrol(tenant, credential) } }
        try await perform(.kubeletStart) { try await startKubelet(tenant, credential) }
        try await perform(.bootstrap) { try await awaitCertificate(tenant, credential) }
        try await perform(.registered) { try await awaitNode(tenant) }
        let isReady = try await perform(.ready) { try await awaitReady(tenant) }
        return Outcome(node: configuration.nodeName, server: tenant.server, isReady: isReady)
    }

    /// Asks the tenant once more while it is the way to it that fails: servers restart, and links lose what they carry.
    private func patiently<Value: Sendable>(
        _ phase: JoinPhase, _ ask: () async throws -> PhaseOutput<Value>
    ) async throws -> PhaseOutput<Value> {
        let start = environment.pacing.elapsed()
        while true {
            do {
                return try await ask()
            } catch let error as KubeError where error.isRetryable {
                guard environment.pacing.elapsed() - start < configuration.timeouts.discovery else { throw error }
                report(.waiting(phase, error.message))
                try await environment.pacing.sleep(.seconds(1))
            }
        }
    }

    /// What a phase gives: its value, one line for who watches, and what the journal keeps.
    struct PhaseOutput<Value: Sendable>: Sendable {
        var value: Value
        var line: String
        var json: JSON = .null
        var wasThere = false
    }

    @discardableResult
    private func perform<Value: Sendable>(
        _ phase: JoinPhase, _ body: () async throws -> PhaseOutput<Value>
    ) async throws -> Value {
        let start = environment.pacing.elapsed()
        report(.started(phase))
        do {
            try writer.mark("begin \(phase.rawValue)")
            try await journal.begin(phase.rawValue, input: input, at: environment.now())
            let output = try await body()
            try writer.mark("finish \(phase.rawValue)")
            try await journal.finish(phase.rawValue, output: output.json, at: environment.now())
            report(
                output.wasThere
                    ? .skipped(phase, output.line)
                    : .finished(phase, output.line, environment.pacing.elapsed() - start))
            return output.value
        } catch let error as CancellationError {
            throw error
        } catch {
            let failure = await failure(phase, error)
            report(.failed(phase, failure.message))
            try? await journal.fail(phase.rawValue, error: failure.message, at: environment.now())
            throw failure
        }
    }

    /// What a phase failed with, and what the clocks have to do with it.
    func failure(_ phase: JoinPhase, _ error: any Error) async -> JoinFailure {
        if let failure = error as? JoinFailure { return failure }
        guard UnverifiedClock.isWorthAsking(after: error),
            let tenant = try? await journal.fact("tenant").flatMap(JoinedTenant.init),
            let ahead = await UnverifiedClock(environment).farAhead(of: tenant.server)
        else { return JoinFailure(phase, "\(error)") }
        return JoinFailure(phase, "\(error): \(UnverifiedClock.explanation(ahead))")
    }

    /// A node's name is in its certificates and in the tenant: it does not change by the way.
    func refuseOtherName() async throws {
        guard let former = try await journal.fact("join")?["nodeName"]?.string, former != configuration.nodeName.text
        else { return }
        throw JoinFailure(
            .preflight, "this machine is node \(former) already, by its journal: \"kamaji-agent reset\" first")
    }
}
