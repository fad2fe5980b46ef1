import ArgumentParser
import FoundationEssentials
import TenantAPI

struct CRDsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crds",
        abstract: "Print the CustomResourceDefinitions of kamaji.clastix.io/v1alpha1.",
        discussion: """
            Ready for kubectl:

              kamaji-manager crds | kubectl apply --server-side -f -
            """)

    @Option(help: "Write each definition to a file of its own in this directory, instead of printing them.")
    var directory: String?

    func run() async throws {
        guard let directory else {
            for (index, manifest) in CustomResources.manifests.enumerated() {
                print(
                    index > 0 && !manifest.yaml.hasPrefix("---") ? "---\n" : "", manifest.yaml, separator: "",
                    terminator: "")
            }
            return
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for manifest in CustomResources.manifests {
            try Data(manifest.yaml.utf8).write(to: URL(filePath: "\(directory)/\(manifest.fileName)"), options: .atomic)
        }
    }
}
