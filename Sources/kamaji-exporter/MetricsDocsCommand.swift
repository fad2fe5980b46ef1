import ArgumentParser
import Probing

struct MetricsDocsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics-docs", abstract: "Print docs/metrics.md: every metric with type, unit and help.")

    func run() { print(MetricsDocument.markdown, terminator: "") }
}
