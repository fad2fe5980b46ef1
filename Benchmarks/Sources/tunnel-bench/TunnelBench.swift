import ArgumentParser
import FoundationEssentials
import Konnectivity

@main
struct TunnelBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tunnel-bench",
        abstract: "Measure the tunnel's agent, side by side with upstream's where that is present.",
        discussion: """
            Starts upstream's proxy-server, or the tests' own server where that is not present, then each agent in
            turn against it, and puts the same load on them through the server's HTTP CONNECT front end. Prints a
            table; each line is one figure of each agent.
            """,
        subcommands: [Compare.self, AgentProcess.self, ServerProcess.self, TargetProcess.self],
        defaultSubcommand: Compare.self)
}

struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the load on both agents and print the figures.")

    @Option(help: "Folder with proxy-server and proxy-agent.")
    var binaries = "/usr/local/kubebuilder/bin"

    @Option(help: "MB that each measurement of throughput moves.")
    var megabytes = 512

    @Option(help: "Dials after which memory must not have grown.")
    var dials = 10_000

    @Option(help: "Rounds; the agents take turns, and the best of each figure counts.")
    var rounds = 1

    func run() async throws {
        let contestants = Contestant.Kind.allCases.filter { $0.isPresent(in: binaries) }
        let server = Server(in: binaries)
        switch server {
        case .upstream(let path): print("server: upstream's, \(path)")
        case .suite: print("server: the tests' own, for there is no \(binaries)/proxy-server")
        }
        var figures: [Contestant.Kind: [Figure]] = [:]
        for _ in 0..<max(1, rounds) {
            for kind in contestants {
                let found = try await Contestant.run(kind, at: server, binaries: binaries) { contestant in
                    try await Load(contestant, megabytes: megabytes, dials: dials).measure()
                }
                figures[kind] = Figure.best(figures[kind] ?? [], found)
            }
        }
        for (index, figure) in (figures[contestants[0]] ?? []).enumerated() {
            let values = contestants.map { kind in
                "\(kind.rawValue) \(Figure.text(figures[kind]?[index].value ?? 0)) \(figure.unit)"
            }
            print("\(figure.name): \(values.joined(separator: ", "))")
        }
    }
}

/// One number of one agent.
struct Figure: Sendable {
    let name: String
    let unit: String
    let value: Double
    var isBetterWhenLarger = false

    static func best(_ first: [Figure], _ second: [Figure]) -> [Figure] {
        guard first.count == second.count else { return second }
        return zip(first, second).map { ($0.value > $1.value) == $0.isBetterWhenLarger ? $0 : $1 }
    }

    /// Three digits that count.
    static func text(_ value: Double) -> String {
        value >= 100 ? "\(Int(value.rounded()))" : "\((value * 100).rounded() / 100)"
    }
}
