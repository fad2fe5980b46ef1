import ArgumentParser
import KubeObjects
import NodeBootstrap

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what keeps this machine from being a good node, and name the one most likely cause.",
        discussion: "Changes nothing. Works before a join, after one, and after one that failed. Ends with 1 on errors."
    )

    @Flag(help: "Show what is fine too.")
    var all = false

    @OptionGroup var machine: MachineOptions

    func run() async throws {
        let assembly = try await AgentAssembly(machine)
        let results = try await Examination(assembly.examinationParts()).results()
        let diagnosis = Diagnosis(results)
        switch machine.output {
        case .json:
            print(
                JSON.object([
                    "checks": .array(results.map(\.json)),
                    "cause": diagnosis.map { $0.cause.json } ?? .null,
                ]))
        case .text:
            for result in results where all || result.verdict != .ok { print(result.line) }
            let fine = results.filter { $0.verdict == .ok }.count
            print("\(fine) of \(results.count) checks are fine.")
            print(diagnosis?.text ?? "Nothing to complain of.")
        }
        if results.contains(where: { $0.verdict == .error }) { throw ExitCode(1) }
    }
}
