import Foundation
import Testing

/// A machine without a container runtime, in namespaces of this one, with a stand-in for the kubelet, on a link that may
/// be a bad one.
struct EdgeMachine: Sendable {
    static let script = "\(Programs.repository)/scripts/edge.sh"
    static let kubelet = "\(Programs.repository)/Tests/NodeBootstrapTests/Support/stand-in-kubelet.sh"

    /// Nil where such machines can be had; otherwise what they need.
    static func obstacle() async throws -> String? {
        let outcome = try await Programs.run(script, ["check"])
        return outcome.isSuccess ? nil : outcome.output
    }

    /// What is wrong with the way to the tenant, in both directions.
    struct Link: Sendable, Hashable {
        var lostPercent: Int?
        var kilobytesPerSecond: Int?

        var environment: [String: String] {
            var variables: [String: String] = [:]
            if let lostPercent { variables["LOSS"] = "\(lostPercent)" }
            if let kilobytesPerSecond { variables["RATE"] = "\(kilobytesPerSecond)" }
            return variables
        }
    }

    let name: String
    let directory: String

    /// Where a path of the machine's own folders is in this machine's file system.
    func place(_ path: String) -> String { "\(directory)/root\(path)" }

    var kubeletLog: String { (try? String(contentsOfFile: "\(directory)/kubelet.log", encoding: .utf8)) ?? "" }

    /// Keeps a machine for as long as `body` runs. A name that was there before has its files.
    static func run<Result: Sendable>(
        _ name: String, on network: WorkerNetwork, _ link: Link = Link(), in scratch: ScratchDirectory,
        environment: [String: String] = [:], _ body: (EdgeMachine) async throws -> Result
    ) async throws -> Result {
        let machine = EdgeMachine(name: name, directory: scratch.file(name))
        for file in ["waiting", "up", "pid"] {
            try? FileManager.default.removeItem(atPath: "\(machine.directory)/\(file)")
        }
        let arguments = ["run", name, machine.directory, network.gateway, network.address, kubelet]
        return try await RunningProgram.run(
            script, arguments, environment: link.environment.merging(environment) { old, _ in old }
        ) { program in
            _ = try await program.output.line { $0 == "up" }
            return try await body(machine)
        }.result
    }

    /// The agent on it, for as long as `body` runs; its process is the program's.
    func agent<Result: Sendable>(
        _ arguments: [String], environment: [String: String] = [:], _ body: (RunningProgram) async throws -> Result
    ) async throws -> (result: Result, ending: Outcome) {
        try await RunningProgram.run(
            Self.script, ["in", directory, Programs.agent] + arguments + ["--no-systemd"], environment: environment,
            body)
    }

    // MARK: Its tenant

    /// One that machines on the network reach.
    static func tenant(_ name: String, on network: WorkerNetwork) -> String {
        """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: TenantControlPlane
        metadata: {name: \(name)}
        spec:
          controlPlane:
            deployment: {replicas: 1}
            service: {serviceType: ClusterIP}
          networkProfile: {address: \(network.gateway), allowAddressAsExternalIP: true}
          kubernetes: {version: v1.36.2}
        """
    }

    /// Joins a tenant with what the manager prints for that.
    func join(_ tenant: String, _ cluster: StandaloneFixture, _ session: Session) async throws {
        let printed = try await cluster.manager(["token", "create", tenant, "-n", session.namespace])
        let line = try #require(printed.lines.first { $0.contains("join kamaji1:") }, "\(printed)")
        let text = try #require(line.split(separator: " ").first { $0.hasPrefix("kamaji1:") })
        let words = ["join", String(text), "--skip-phases", "preflight", "--cri-socket", "unix:///run/none.sock"]
        let ending = try await agent(words) { await $0.output.end() }.ending
        try #require(ending.isSuccess, "\(ending)\n\(kubeletLog)")
    }
}
