import ArgumentParser
import Glibc
import ProgramStart

/// `kamaji-agent`: makes a machine a node of its tenant and keeps it one.
@main
struct KamajiAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kamaji-agent",
        abstract: "Make this machine a node of its tenant, and keep it one.",
        discussion: """
            With what "kamaji-manager token create TENANT" prints:

              kamaji-agent join kamaji1:...

            or as kubeadm does it:

              kamaji-agent join HOST:PORT --token ID.SECRET --discovery-token-ca-cert-hash sha256:...
            """,
        version: ProgramVersion.text,
        subcommands: [
            JoinCommand.self, StatusCommand.self, DoctorCommand.self, RunCommand.self, TunnelCommand.self,
            UpgradeCommand.self, ResetCommand.self,
        ])

    static func main() async {
        ProgramStart.prepare()
        do {
            var command = try await asyncParseAsRoot()
            guard var patient = command as? any AsyncParsableCommand else { return try command.run() }
            try await patient.run()
        } catch let error where WrongUsage.isCause(of: error) {
            let line = "Error: \(error)\n"
            _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(withError: ExitCode.validationFailure)
        } catch {
            exit(withError: error)
        }
    }
}
