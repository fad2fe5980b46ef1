import ArgumentParser
import ProgramStart

/// `kamaji-manager`: runs tenant control planes, in a cluster or on one machine.
@main
struct KamajiManager: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kamaji-manager",
        abstract: "Run the control planes of tenant Kubernetes clusters.",
        discussion: """
            On one machine, with nothing else installed:

              kamaji-manager standalone

            In a Kubernetes cluster, after `kamaji-manager crds | kubectl apply -f -`:

              kamaji-manager run
            """,
        version: ProgramVersion.text,
        subcommands: [
            StandaloneCommand.self, RunCommand.self, KubeconfigCommand.self, TokenCommand.self, NodesCommand.self,
            CRDsCommand.self, EmbeddedAPIServerCommand.self,
        ])

    static func main() async {
        ProgramStart.prepare()
        await main(GoFlags.normalized(Array(CommandLine.arguments.dropFirst())))
    }
}
