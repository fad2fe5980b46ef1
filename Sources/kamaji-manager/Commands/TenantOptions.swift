import ArgumentParser
import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Reconciliation

/// Which tenant a command works in, and how its admin cluster is found.
struct TenantOptions: ParsableArguments {
    @Argument(help: "Name of the TenantControlPlane.")
    var tenant: String

    @Option(name: [.short, .long], help: "Its namespace. Without it: the context's, or \"default\".")
    var namespace: String?

    @Option(help: "State directory of the standalone cluster to ask.")
    var stateDir: String?

    @OptionGroup var connection: ConnectionOptions

    /// Hands `body` the tenant's API, reached by the address that its administrators use.
    func enter<Result>(_ body: (KubeClient, TenantDoor) async throws -> Result) async throws -> Result {
        let connection = try connection.loadOrStandalone(stateDirectory: stateDir)
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let log = Logger(label: "command") { _ in SwiftLogNoOpLogHandler() }
        func client(_ connection: ClusterConnection) -> KubeClient {
            KubeClient(
                connection: connection, transport: transport, fieldManager: "kamaji-manager", log: log,
                patience: KubeClient.Patience(attempts: 2, timeout: .seconds(15)))
        }
        let key = ObjectKey(namespace: namespace ?? connection.namespace, name: tenant)
        let door = try await TenantDoor.find(key, client(connection))
        return try await door.call { try await body(client(door.connection), door) }
    }
}

/// How a command prints what it found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// Columns for people.
enum TextTable {
    /// Rows of equal length, the first one the heading; every column is as wide as its widest cell.
    static func text(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 3)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
