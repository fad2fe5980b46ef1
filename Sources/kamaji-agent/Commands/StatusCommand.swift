import ArgumentParser
import KubeObjects
import NodeBootstrap

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how far this machine has joined, from its journal alone.",
        discussion: "Ends with 0 when it has joined, 3 when a join is unfinished, 4 when there is none.")

    @OptionGroup var machine: MachineOptions

    func run() async throws {
        let assembly = try await AgentAssembly(machine)
        let found = await assembly.hasJournal() ? try await assembly.environment(repairingJournal: false) : nil
        guard let environment = found, try await JoinTraces.areThere(environment.journal) else {
            print(machine.output == .json ? "{\"joined\":false}" : "This machine has not joined anything.")
            throw ExitCode(4)
        }
        let phases = try await environment.journal.phases()
        let byName = Dictionary(phases.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let isJoined = byName[JoinPhase.registered.rawValue]?.state == .done
        let tenant = try await environment.journal.fact("tenant").flatMap(JoinedTenant.init)
        let node = try await environment.journal.fact("join")?["nodeName"]?.string ?? ""
        switch machine.output {
        case .json:
            print(
                JSON.object([
                    "joined": .bool(isJoined), "node": .string(node), "server": .string(tenant?.server ?? ""),
                    "phases": .array(
                        JoinPhase.allCases.compactMap { byName[$0.rawValue] }.map {
                            [
                                "name": .string($0.name), "state": .string($0.state.rawValue),
                                "attempts": .integer($0.attempts), "error": .string($0.error),
                            ]
                        }),
                ]))
        case .text:
            print(
                isJoined
                    ? "Node \(node) of \(tenant?.server ?? "?")"
                    : "A join of node \(node) is unfinished: \"kamaji-agent join\"")
            for phase in JoinPhase.allCases {
                let record = byName[phase.rawValue]
                let state = record?.state.rawValue ?? "-"
                print(
                    "  \(phase.rawValue.padded(to: 22))\(state)\(record.map { $0.error.isEmpty ? "" : ": \($0.error)" } ?? "")"
                )
            }
        }
        if !isJoined { throw ExitCode(3) }
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
