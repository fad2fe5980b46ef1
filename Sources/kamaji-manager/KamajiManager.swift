import ArgumentParser

/// `kamaji-manager`: runs tenant control planes, in a cluster or on one machine.
@main
struct KamajiManager: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kamaji-manager",
        abstract: "Run the control planes of tenant Kubernetes clusters.")
}
