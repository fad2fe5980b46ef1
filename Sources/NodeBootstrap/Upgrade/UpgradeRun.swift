import KubeClient
import KubeObjects
import NodeIdentity
import Systemd

/// Takes a node to its tenant's present version: the kubelet's configuration is made anew, the kubelet restarted with
/// it, and the old one put back when it does not come back. Whatever interrupts it, the next run goes on from there.
package struct UpgradeRun: Sendable {
    package struct Options: Sendable {
        package var drains = false
        package var permission = DrainPlan.Permission()
        /// How long the pods may take to go.
        package var drainPatience = Duration.seconds(600)
        /// How long the kubelet may take to be back; its old configuration is then put back, with as much time again.
        package var patience = Duration.seconds(240)
        /// As whom the node is cordoned and its pods evicted; nil is as the kubelet, which may do that to its own node.
        package var drainer: ClusterConnection?

        package init() {}
    }

    package struct Outcome: Sendable, Hashable {
        package var node: NodeName
        package var server: KubernetesVersion?
        package var kubelet: KubernetesVersion?
        /// Whether anything was done.
        package var hasChanged: Bool
    }

    let environment: NodeEnvironment
    let options: Options
    let report: @Sendable (UpgradeEvent) -> Void

    package init(
        _ environment: NodeEnvironment, _ options: Options = Options(),
        report: @escaping @Sendable (UpgradeEvent) -> Void
    ) {
        self.environment = environment
        self.options = options
        self.report = report
    }

    var journal: Journal { environment.journal }
    var writer: NodeWriter { environment.writer }

    /// What is found out before anything is done.
    package struct Survey: Sendable {
        package var plan: UpgradePlan
        /// Of the node, where it is to be drained.
        package var drain: DrainPlan?
        package var node: NodeName
        var facts: UpgradePlan.Facts
        var tenant: JoinedTenant
        var settings: TenantConfiguration
        /// Whose `writeFiles` knows how a kubelet's files are made.
        var join: JoinRun
        var object: KubeObject?
        var record: UpgradeRecord
    }

    package func run() async throws -> Outcome {
        try await journal.run("upgrade", now: environment.now) { try await phases() }
    }

    private func phases() async throws -> Outcome {
        var survey = try await perform(.look) {
            let survey = try await self.survey()
            for warning in survey.plan.warnings { report(.warning(warning)) }
            let refusals = survey.plan.refusals + (survey.drain?.refusals ?? [])
            guard refusals.isEmpty else { throw UpgradeFailure(.look, refusals.joined(separator: "; ")) }
            let count = survey.plan.steps.count
            return (survey, "\(Self.line(survey.facts)): \(count == 0 ? "nothing to do" : "\(count) steps")")
        }
        let (node, steps) = (survey.node, survey.plan.steps)
        let outcome = Outcome(
            node: node, server: survey.facts.server, kubelet: survey.facts.installed, hasChanged: !steps.isEmpty)
        guard !steps.isEmpty else { return outcome }
        if steps.contains(.drain) {
            do {
                try await perform(.drain) { ((), try await drain(&survey)) }
            } catch {
                // Nothing of the kubelet has changed yet.
                do {
                    try await uncordon(&survey)
                    try await finish()
                } catch let second {
                    report(.warning("the Node is still cordoned, until this is run again: \(second)"))
                }
                throw error
            }
        }
        do {
            try await perform(.files) { ((), try await writeFiles(&survey)) }
            let wanted = try await perform(.restart) { try await restart(survey) }
            try await perform(.ready) { ((), try await awaitReturn(wanted, survey, .ready)) }
        } catch let error where !(error is CancellationError) {
            throw try await goBack(survey, error)
        }
        try await journal.setFact("configuration", survey.settings.json)
        try await journal.setFact("started", .string(try await survey.join.writtenDigest()))
        if survey.record.hasCordoned {
            try await perform(.uncordon) {
                try await uncordon(&survey)
                return ((), "pods may come to \(node)")
            }
        }
        try await finish()
        return outcome
    }

    private static func line(_ facts: UpgradePlan.Facts) -> String {
        func text(_ version: KubernetesVersion?) -> String { version?.description ?? "unknown" }
        return
            "tenant \(text(facts.server)), kubelet \(text(facts.installed)) installed and \(text(facts.running)) running"
    }

    /// The upgrade has come to its end, whichever.
    func finish() async throws {
        try writer.mark("forget the upgrade")
        try await journal.setFact(UpgradeRecord.fact, .null)
    }

    func note(_ record: UpgradeRecord) async throws {
        try writer.mark("note the upgrade")
        try await journal.setFact(UpgradeRecord.fact, record.json)
    }

    @discardableResult
    private func perform<Value>(
        _ phase: UpgradePhase, _ body: () async throws -> (value: Value, line: String)
    ) async throws -> Value {
        let start = environment.pacing.elapsed()
        report(.started(phase))
        do {
            let (value, line) = try await body()
            report(.finished(phase, line, environment.pacing.elapsed() - start))
            return value
        } catch let error as CancellationError {
            throw error
        } catch {
            let failure = error as? UpgradeFailure ?? UpgradeFailure(phase, "\(error)")
            report(.failed(phase, failure.message))
            throw failure
        }
    }
}
