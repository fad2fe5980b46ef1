import ArgumentParser
import FoundationEssentials
import KubeObjects
import NodeIdentity
import Reconciliation

struct NodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "List and revoke the machines that are enrolled as a tenant's nodes.",
        discussion: """
            A machine with kamaji-agent is enrolled by its key, one key a node, and comes back with it however long it
            was off.
            """,
        subcommands: [NodesListCommand.self, NodesRevokeCommand.self])
}

struct NodesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the enrolled nodes of a tenant, and by which key each is known.")

    @OptionGroup var tenant: TenantOptions

    @Option(name: [.short, .long], help: "text or json.")
    var output = OutputFormat.text

    func run() async throws {
        let enrolments = try await tenant.enter { api, _ in try await NodeEnrolments(client: api).all() }
        switch output {
        case .json:
            print(
                JSON.array(
                    enrolments.map {
                        [
                            "node": .string($0.node.text), "publicKey": .string("sha256:\($0.keySHA256Hex)"),
                            "credential": .string($0.tokenID), "enrolled": .string(Timestamp.format($0.enrolled)),
                        ]
                    }))
        case .text:
            let rows = enrolments.map {
                [$0.node.text, "sha256:\($0.shortKey)", $0.tokenID, Timestamp.format($0.enrolled)]
            }
            print(TextTable.text([["NODE", "PUBLIC KEY", "CREDENTIAL", "ENROLLED"]] + rows))
        }
    }
}

struct NodesRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take a node's rights and its way back from its agent; another machine may then join by its name.",
        discussion: """
            The agent's rights end at once. What its kubelet holds is not touched: "kubectl delete node" and the
            kubelet's own certificate are the administrator's. Rights go by the node's name, and the certificate of the
            machine that was revoked lives on for up to seven days: if that machine is in foreign hands, let the one in
            its place join by another name.
            """)

    @OptionGroup var tenant: TenantOptions

    @Argument(help: "Name of the node.")
    var node: String

    func validate() throws {
        guard NodeName(node) != nil else { throw ValidationError("\"\(node)\" is no name of a node") }
    }

    func run() async throws {
        guard let name = NodeName(node) else { throw CommandFailure("\"\(node)\" is no name of a node") }
        let wasEnrolled = try await tenant.enter { api, _ in try await NodeEnrolments(client: api).revoke(name) }
        guard wasEnrolled else {
            throw CommandFailure(
                "node \(node) is not enrolled in tenant \(tenant.tenant): \"kamaji-manager nodes list "
                    + "\(tenant.tenant)\" lists those that are")
        }
        print("node \(node) revoked")
    }
}
