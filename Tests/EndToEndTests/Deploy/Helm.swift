import Foundation

/// The helm that `scripts/prerequisites.sh` installed, over a chart of this repository.
struct Helm: Sendable {
    static let path: String? = [
        ProcessInfo.processInfo.environment["HELM"] ?? "", "\(Programs.repository)/.cache/helm/helm",
    ].first(where: FileManager.default.isExecutableFile(atPath:))

    let path: String
    /// Under `deploy/charts`; CHART in a command.
    var chart = "kamaji"
    /// Takes helm's own files too: a user's repositories and plugins are none of a test's business.
    let scratch: ScratchDirectory

    /// - Parameter values: YAML that overrules the chart's own.
    func callAsFunction(_ command: String, values: String = "", kubeconfig: String = "") async throws -> Outcome {
        let words = command.split(separator: " ").map {
            $0 == "CHART" ? "\(Programs.repository)/deploy/charts/\(chart)" : String($0)
        }
        return try await Programs.run(
            path, words + ["--values", try scratch.write(values)],
            environment: [
                "HOME": scratch.path, "KUBECONFIG": kubeconfig, "HELM_CACHE_HOME": scratch.file("helm"),
                "HELM_CONFIG_HOME": scratch.file("helm"), "HELM_DATA_HOME": scratch.file("helm"),
            ])
    }

    func render(_ values: String) async throws -> Outcome {
        try await self("template \(chart) CHART --namespace kamaji-system --kube-version 1.36.0", values: values)
    }
}
