import ArgumentParser
import CBuild
import ProgramStart

/// `kamaji-exporter`: measures tenants' control planes and datastores from outside.
@main
struct KamajiExporter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kamaji-exporter",
        abstract: "Measure tenant control planes and datastores from outside, for Prometheus.",
        version: ExporterVersion.text, subcommands: [ServeCommand.self, MetricsDocsCommand.self],
        defaultSubcommand: ServeCommand.self)

    static func main() async {
        ProgramStart.prepare()
        await main(nil)
    }
}

/// What `--version` says.
enum ExporterVersion {
    static let number = "0.1.0"
    static let text = "kamaji-exporter \(number)"

    /// The commit that this was built from; nil where the builder did not say.
    static var revision: String? {
        let text = String(cString: kmj_build_revision())
        return text.isEmpty ? nil : text
    }
}
