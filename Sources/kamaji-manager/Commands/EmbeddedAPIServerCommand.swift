import ArgumentParser
import Logging
import ServiceLifecycle
import StandaloneCluster
import UnixSignals

struct EmbeddedAPIServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embedded-apiserver",
        abstract: "Serve a Kubernetes API from one SQLite file.",
        discussion: """
            Takes kube-apiserver's flags, and --sqlite-path instead of --etcd-servers. The standalone cluster runs it for \
            tenants whose DataStore has the driver SQLite. Several processes may be started for one file: one serves it, \
            the others hand connections on to it and take over when it ends.
            """,
        shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough, help: "Flags of kube-apiserver.")
    var flags: [String] = []

    func run() async throws {
        let log = LogOptions.standard("embedded-apiserver")
        if flags.contains("--help") || flags.contains("-h") {
            print(Self.helpMessage())
            return
        }
        let configuration = try EmbeddedAPIServer.Configuration(ServerFlags(flags), log: log)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: SharedAPIServer(configuration, log: log),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        try await group.run()
    }
}
