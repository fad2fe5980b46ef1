import ArgumentParser
import FoundationEssentials
import KubeClient
import KubeObjects
import NodeIdentity
import Reconciliation

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and delete the bootstrap tokens with which machines join a tenant.",
        discussion: """
            A token, and the line to type on the machine:
                kamaji-manager token create dev
            Without --kubeconfig and $KUBECONFIG it asks the standalone cluster of this machine, if there is one, and \
            else as --kubeconfig says.
            """,
        subcommands: [TokenCreateCommand.self, TokenListCommand.self, TokenDeleteCommand.self])
}

/// How long a token lives; `0` is for ever.
struct TokenLifetime: ExpressibleByArgument, CustomStringConvertible, Sendable, Equatable {
    /// Nil is for ever.
    let duration: Duration?
    let description: String

    var defaultValueDescription: String { description }

    init?(argument: String) {
        guard argument != "0" else {
            duration = nil
            description = argument
            return
        }
        guard let given = GoDuration(argument: argument) else { return nil }
        // The expiration is written in whole seconds: less than one would be over before it is read.
        guard given.duration == .zero || given.duration >= .seconds(1) else { return nil }
        duration = given.duration == .zero ? nil : given.duration
        description = argument
    }

    init(hours: Int) {
        duration = .seconds(hours * 3600)
        description = "\(hours)h"
    }
}

struct TokenCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a bootstrap token and print the commands that join with it.",
        discussion: """
            Who has the token may join machines until it expires, and knows where the tenant is by the hash of its
            certificate authority. Its secret is printed this once; the tenant keeps it in the Secret
            kube-system/bootstrap-token-ID.
            """)

    @OptionGroup var tenant: TenantOptions

    @Option(help: "How long it lives, such as 30m or 24h; 0 is for ever.")
    var ttl = TokenLifetime(hours: 24)

    @Option(help: "What it is for.")
    var description = ""

    @Flag(inversion: .prefixedNo, help: "Print the commands, or the token alone.")
    var printJoinCommand = true

    @Option(name: [.short, .long], help: "text or json.")
    var output = OutputFormat.text

    func run() async throws {
        let (secret, invitation) = try await tenant.enter { api, door in
            let invitation = try JoinInvitation(door.kubeconfig, tunnelEndpoint: door.tunnelEndpoint)
            let secret = BootstrapTokenSecret(
                token: .generate(), lifetime: ttl.duration, now: Date(), text: description)
            _ = try await api.create(secret.object, .secrets)
            return (secret, invitation)
        }
        switch output {
        case .json:
            var json = secret.summary
            json["token"] = .string(secret.token.text)
            json["endpoint"] = .string(invitation.endpoint)
            json["caCertHashes"] = JSON(invitation.authorityPins)
            json["joinString"] = .string(try invitation.joinString(secret.token).text)
            json["joinCommands"] = [
                "kubeadm": .string(invitation.command(.kubeadm, secret.token)),
                "kamaji-agent": .string(invitation.command(.agent, secret.token)),
            ]
            print(json)
        case .text where printJoinCommand:
            print("# a machine with kubeadm")
            print(invitation.command(.kubeadm, secret.token))
            print("# a machine with kamaji-agent")
            print(invitation.command(.agent, secret.token))
            print(
                invitation.namesTunnel ? "# the same as one word, with where its tunnel is" : "# the same as one word")
            print("kamaji-agent join \(try invitation.joinString(secret.token).text)")
        case .text:
            print(secret.token.text)
        }
    }
}

struct TokenListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a tenant's bootstrap tokens.",
        discussion: "What nodes hold for coming back is listed by \"kamaji-manager nodes list\".")

    @OptionGroup var tenant: TenantOptions

    @Flag(help: "Print the secret halves too.")
    var showSecrets = false

    @Option(name: [.short, .long], help: "text or json.")
    var output = OutputFormat.text

    func run() async throws {
        let now = Date()
        let secrets = try await tenant.enter { api, _ in
            try await api.list(
                .secrets, namespace: BootstrapTokenSecret.namespace,
                fieldSelector: FieldSelector(equals: ["type": BootstrapTokenSecret.type])
            ).items.compactMap(BootstrapTokenSecret.init).filter { !$0.isNodeCredential }
        }.sorted { ($0.expiration ?? .distantFuture, $0.token.id) < ($1.expiration ?? .distantFuture, $1.token.id) }
        switch output {
        case .json:
            print(
                JSON.array(
                    secrets.map { secret in
                        var json = secret.summary
                        if showSecrets { json["token"] = .string(secret.token.text) }
                        return json
                    }
                ))
        case .text:
            let rows = secrets.map { secret in
                [
                    showSecrets ? secret.token.text : "\(secret.token.id).****",
                    secret.remaining(at: now),
                    secret.expiration.map(Timestamp.format) ?? "<never>",
                    secret.usageNames.joined(separator: ","),
                    secret.text.isEmpty ? "<none>" : secret.text,
                    secret.groups.isEmpty ? "<none>" : secret.groups.joined(separator: ","),
                ]
            }
            print(TextTable.text([["TOKEN", "TTL", "EXPIRES", "USAGES", "DESCRIPTION", "EXTRA GROUPS"]] + rows))
        }
    }
}

struct TokenDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a bootstrap token: nobody joins with it any more.")

    @OptionGroup var tenant: TenantOptions

    @Argument(help: "Its id: the six characters before the dot.")
    var id: String

    func validate() throws {
        guard BootstrapToken.isID(id) else {
            throw ValidationError("\"\(id.prefix(6))...\" is no token id: six of a-z and 0-9, without the secret")
        }
    }

    func run() async throws {
        try await tenant.enter { api, door in
            let key = BootstrapTokenSecret.key(ofID: id)
            guard let found = try await api.find(.secrets, key) else {
                throw CommandFailure(
                    "tenant \(door.tenant) has no token \(id): \"kamaji-manager token list \(door.tenant.name)\" lists them"
                )
            }
            guard BootstrapTokenSecret(found)?.isNodeCredential != true else {
                throw CommandFailure(
                    "\(id) is what a node comes back with: \"kamaji-manager nodes revoke\" takes it away with the rest")
            }
            try await api.delete(.secrets, key, preconditions: Preconditions(uid: found.uid))
        }
        print("token \(id) deleted")
    }
}

extension BootstrapTokenSecret {
    var usageNames: [String] { usages.map(\.rawValue).sorted() }

    /// Without the secret half.
    var summary: JSON {
        [
            "id": .string(token.id), "expires": expiration.map { .string(Timestamp.format($0)) } ?? .null,
            "description": .string(text), "usages": JSON(usageNames), "groups": JSON(groups),
        ]
    }

    /// The largest two units, as kubeadm shows it.
    func remaining(at now: Date) -> String {
        guard let expiration else { return "<forever>" }
        let seconds = Int(expiration.timeIntervalSince(now))
        if seconds <= 0 { return "<expired>" }
        if seconds >= 3600 { return "\(seconds / 3600)h\(seconds % 3600 / 60)m" }
        return seconds >= 60 ? "\(seconds / 60)m\(seconds % 60)s" : "\(seconds)s"
    }
}
