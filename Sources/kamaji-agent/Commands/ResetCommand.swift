import ArgumentParser
import KubeObjects
import NodeBootstrap

struct ResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Undo what join did to this machine, and nothing else.",
        discussion: """
            It goes by the journal: files that were there before come back as they were, files that neither join nor \
            the kubelet made stay, and are listed. A kamaji-agent.service that runs is stopped first, and started again. \
            Firewall rules, the network plugin's configuration and the Node in the tenant are not touched; \
            "kamaji-manager nodes revoke" and "kubectl delete node" are for the latter.
            """)

    @Flag(help: "List what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Do not ask.")
    var force = false

    @OptionGroup var machine: MachineOptions

    func run() async throws {
        let assembly = try await AgentAssembly(machine)
        guard await assembly.hasJournal() else {
            throw CommandFailure("this machine has not joined anything: there is no journal \(Journal.path)")
        }
        let isText = machine.output == .text
        let environment = try await assembly.environment(repairingJournal: false)
        guard try await JoinTraces.areThere(environment.journal) else {
            throw CommandFailure("this machine has not joined anything: the journal \(Journal.path) knows of no join")
        }
        let reset = ResetRun(environment) { step in
            if isText { print(step.text) }
        }
        let agentRuns = try await reset.agentRuns()
        let plan = try await reset.plan(agentRuns: agentRuns)
        if dryRun {
            show(plan)
            return
        }
        if !force {
            print(
                "This undoes the join: \(plan.steps.count) steps, which --dry-run lists. Type \"yes\" to go on: ",
                terminator: "")
            guard readLine() == "yes" else { throw CommandFailure("nothing was changed") }
        }
        if agentRuns { try await reset.stopAgent() }
        let lock = try await assembly.lockPatiently()
        defer { withExtendedLifetime(lock) {} }
        // Anew: until it was stopped the daemon may have changed something.
        let last = try await reset.plan(agentRuns: agentRuns)
        let failures = try await reset.run(last)
        switch machine.output {
        case .json:
            print(
                JSON.object([
                    "steps": JSON(last.steps.map(\.text)), "leftAlone": JSON(last.leftAlone),
                    "failures": JSON(failures),
                ]))
        case .text: for path in last.leftAlone { print("left alone: \(path)") }
        }
        guard failures.isEmpty else {
            throw CommandFailure(
                "\(failures.count) step(s) could not be done; run it again after seeing to them:\n"
                    + failures.map { "  \($0)" }.joined(separator: "\n"))
        }
    }

    private func show(_ plan: ResetPlan) {
        if machine.output == .json {
            print(
                JSON.object([
                    "steps": JSON(plan.steps.map(\.text)), "leftAlone": JSON(plan.leftAlone),
                    "failures": JSON(plan.sandboxTrouble.map { [$0] } ?? []),
                ]))
        } else {
            if let trouble = plan.sandboxTrouble { print("the pods that run cannot be listed now: \(trouble)") }
            for step in plan.steps { print(step.text) }
            for path in plan.leftAlone { print("left alone: \(path)") }
        }
    }
}
