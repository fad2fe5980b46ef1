import ArgumentParser
import Blueprint
import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Reconciliation
import TenantAPI

struct KubeconfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig",
        abstract: "Print a tenant's kubeconfig.",
        discussion: """
            The administrator's, with a client certificate that may do everything in the tenant:

              kamaji-manager kubeconfig dev > dev.conf
              kubectl --kubeconfig dev.conf get nodes

            Without --kubeconfig and $KUBECONFIG it asks the standalone cluster of this machine, if there is one.
            """)

    @Argument(help: "Name of the TenantControlPlane.")
    var tenant: String

    @Option(name: [.short, .long], help: "Its namespace. Without it: the context's, or \"default\".")
    var namespace: String?

    @Option(help: "State directory of the standalone cluster to ask.")
    var stateDir: String?

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let connection = try connection.loadOrStandalone(stateDirectory: stateDir)
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let log = Logger(label: "kubeconfig") { _ in SwiftLogNoOpLogHandler() }
        let api = KubeClient(connection: connection, transport: transport, fieldManager: "kamaji-manager", log: log)
        let key = ObjectKey(namespace: namespace ?? connection.namespace, name: tenant)
        let object = try await api.tenant(key)
        guard let name = object[path: "status", "kubeconfig", "admin", "secretName"]?.string, !name.isEmpty,
            let secret = try await api.find(.secrets, ObjectKey(namespace: key.namespace, name: name))
        else {
            throw CommandFailure(
                "TenantControlPlane \(key) has no kubeconfig yet: \"kubectl describe tcp -n \(key.namespace ?? "") "
                    + "\(tenant)\" says what it waits for")
        }
        let wanted = object.annotations[Keys.kubeconfigSecretKey] ?? "admin.conf"
        guard let text = secret.secretData[wanted] else {
            throw CommandFailure("secret \(secret.key) has no key \"\(wanted)\", which the tenant's annotation names")
        }
        print(String(decoding: text, as: UTF8.self), terminator: "")
    }
}
