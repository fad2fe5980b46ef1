import ArgumentParser
import FoundationEssentials
import KubeClient

/// Which API server a command talks to.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "Path of a kubeconfig. Without it: $KUBECONFIG, ~/.kube/config, or the cluster this runs in.")
    var kubeconfig: String?

    @Option(help: "The kubeconfig's context to use instead of its current one.")
    var context: String?

    func load() throws -> ClusterConnection {
        try ClusterConnection.load(
            path: kubeconfig, context: context, environment: ProcessInfo.processInfo.environment)
    }

    /// Like `load`, but where nothing names a cluster, the one that `standalone` runs on this machine, if there is one.
    func loadOrStandalone(stateDirectory: String?) throws -> ClusterConnection {
        let environment = ProcessInfo.processInfo.environment
        if kubeconfig == nil, (environment["KUBECONFIG"] ?? "").isEmpty || stateDirectory != nil {
            let path = "\(stateDirectory ?? StateDirectory.standardPath)/admin.conf"
            if stateDirectory != nil || FileManager.default.fileExists(atPath: path) {
                return try ClusterConnection.load(path: path, context: context, environment: environment)
            }
        }
        return try load()
    }
}
