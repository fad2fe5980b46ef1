import ArgumentParser
import KubeObjects
import NodeBootstrap

struct ResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Undo what join did to this machine, and nothing else.",
        discussion: """
            It goes by the journal: files that were there before come back as they were, files that join did not make \
            stay. Firewall rules, the network plugin's configuration and the Node in the tenant are not touched; \
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
        guard let lock = try await assembly.lock() else {
            throw CommandFailure("another kamaji-agent is changing this machine: wait for it")
        }
        defer { withExtendedLifetime(lock) {} }
        let isText = machine.output == .text
        let reset = ResetRun(try await assembly.environment()) { step in
            if isText { print(step.text) }
        }
        let plan = try await reset.plan()
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
        let failures = try await reset.run(plan)
        if machine.output == .json {
            print(JSON.object(["steps": JSON(plan.steps.map(\.text)), "failures": JSON(failures)]))
        }
        guard failures.isEmpty else {
            throw CommandFailure(
                "\(failures.count) step(s) could not be done; run it again after seeing to them:\n"
                    + failures.map { "  \($0)" }.joined(separator: "\n"))
        }
    }

    private func show(_ plan: ResetPlan) {
        if machine.output == .json {
            print(JSON.object(["steps": JSON(plan.steps.map(\.text))]))
        } else {
            for step in plan.steps { print(step.text) }
        }
    }
}
