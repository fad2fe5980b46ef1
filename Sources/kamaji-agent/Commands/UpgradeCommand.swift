import ArgumentParser
import KubeClient
import KubeObjects
import NodeBootstrap
import NodeIdentity

struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Take this node to its tenant's present version.",
        discussion: """
            The kubelet's package is yours to install, before this; a kubelet is never newer than its tenant and at most \
            three minor versions older. The tenant's present configuration is then written, with the patches of the join, \
            and the kubelet restarted. When its Node is not back in time, Ready if it was and with the installed version, \
            the old configuration is put back and the kubelet restarted with that: the command ends with 1 and says why.

            Run it again at any time: it goes on with what was interrupted, and does nothing where nothing is to do.

            With --drain the node is cordoned and its pods evicted before, those of DaemonSets and static ones excepted; \
            PodDisruptionBudgets are waited for. The kubelet's own certificate may do that to its own node. Where it may \
            not, --kubeconfig names somebody who may patch nodes, list pods and create pods/eviction. Afterwards the node \
            is uncordoned, if it was not cordoned before.
            """)

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Cordon the node and evict its pods before, and uncordon it after.")
    var drain = false

    @Option(help: "How long the pods may take to go, in seconds; then the node is left as it was.")
    var drainTimeout = 600

    @Flag(help: "With --drain: evict pods too that no controller makes anew.")
    var force = false

    @Flag(
        name: .customLong("delete-emptydir-data"), help: "With --drain: evict pods too that keep data in an emptyDir.")
    var deletesEmptyDirData = false

    @Option(help: "With --drain: as whom to do it, instead of the kubelet.")
    var kubeconfig: String?

    @Option(help: "How long the Node may take to be back, in seconds, before the old configuration is put back.")
    var waitReady = 240

    @OptionGroup var machine: MachineOptions

    func validate() throws {
        for (name, value) in [("--drain-timeout", drainTimeout), ("--wait-ready", waitReady)]
        where !(1...86_400).contains(value) {
            throw ValidationError("\(name) is \(value): give 1 to 86400 seconds")
        }
        guard drain || !(force || deletesEmptyDirData || kubeconfig != nil) else {
            throw ValidationError("--force, --delete-emptydir-data and --kubeconfig go with --drain")
        }
    }

    func run() async throws {
        let display = ProgressDisplay(machine.output)
        let assembly = try await AgentAssembly(machine)
        guard await assembly.hasJournal() else {
            throw CommandFailure("this machine has not joined anything: there is no journal \(Journal.path)")
        }
        if dryRun {
            let run = UpgradeRun(try await assembly.environment(repairingJournal: false), try options()) {
                display.show($0)
            }
            return try show(try await run.survey())
        }
        let lock = try await assembly.lockPatiently()
        defer { withExtendedLifetime(lock) {} }
        let run = UpgradeRun(try await assembly.environment(), try options()) { display.show($0) }
        do {
            let outcome = try await run.run()
            let versions =
                "kubelet \(outcome.kubelet?.description ?? "?"), tenant \(outcome.server?.description ?? "?")"
            display.end(
                outcome.hasChanged
                    ? "Node \(outcome.node) is upgraded: \(versions)."
                    : "Node \(outcome.node) is where its tenant is: \(versions). Nothing was done.",
                "upgraded",
                [
                    "node": .string(outcome.node.text), "changed": .bool(outcome.hasChanged),
                    "kubelet": .string(outcome.kubelet?.description ?? ""),
                    "tenant": .string(outcome.server?.description ?? ""),
                ])
        } catch let failure as UpgradeFailure {
            display.fail("The upgrade stopped in phase \(failure.phase.rawValue).")
            throw ExitCode(1)
        }
    }

    private func options() throws -> UpgradeRun.Options {
        var options = UpgradeRun.Options()
        options.drains = drain
        options.permission = DrainPlan.Permission(losesPods: force, losesEmptyDirs: deletesEmptyDirData)
        options.drainPatience = .seconds(drainTimeout)
        options.patience = .seconds(waitReady)
        if let kubeconfig {
            do {
                options.drainer = try ClusterConnection.load(path: kubeconfig, environment: ProcessEnvironment.current)
            } catch {
                throw WrongUsage("--kubeconfig: \(error)")
            }
        }
        return options
    }

    private func show(_ survey: UpgradeRun.Survey) throws {
        let (plan, drain) = (survey.plan, survey.drain)
        let refusals = plan.refusals + (drain?.refusals ?? [])
        switch machine.output {
        case .json:
            var json = plan.json
            json["node"] = .string(survey.node.text)
            json["refusals"] = JSON(refusals)
            if let drain { json["evictions"] = JSON(drain.evictions.map(\.text)) }
            print(json)
        case .text:
            for warning in plan.warnings { print("[WARNING]: \(warning)") }
            for refusal in refusals { print("[ERROR]: \(refusal)") }
            for step in plan.steps { print(step.text) }
            for pod in drain?.evictions ?? [] { print("  evict \(pod.text)") }
            if plan.steps.isEmpty, refusals.isEmpty { print("Nothing to do.") }
        }
        guard refusals.isEmpty else { throw ExitCode(1) }
    }
}
