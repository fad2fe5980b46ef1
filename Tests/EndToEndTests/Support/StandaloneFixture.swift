import Foundation
import Testing

/// `kamaji-manager standalone` as users start it, for as long as `body` runs.
struct StandaloneFixture: Sendable {
    let program: RunningProgram
    let state: String
    let kubeconfig: String
    let scratch: ScratchDirectory

    /// The cluster that the tests share.
    @TaskLocal static var shared: StandaloneFixture?

    static var current: StandaloneFixture {
        get throws { try #require(shared, "the suite has no trait .standalone") }
    }

    /// Starts a cluster, waits for its banner, and afterwards ends it and looks for what it left running.
    ///
    /// - Parameter scratch: holds the state in `cluster`; a second start in it goes on with the first one's.
    static func run<Result: Sendable>(
        in scratch: ScratchDirectory? = nil, _ arguments: [String] = ["--engine", "embedded"],
        environment: [String: String] = [:], _ body: (StandaloneFixture) async throws -> Result
    ) async throws -> Result {
        let scratch = try scratch ?? ScratchDirectory()
        let state = scratch.file("cluster")
        let temporary = scratch.file("tmp")
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        let (result, ending) = try await RunningProgram.run(
            Programs.manager, ["standalone", "--state-dir", state, "--port", "0"] + arguments,
            environment: environment.merging(["TMPDIR": temporary]) { _, new in new }
        ) { program in
            let prefix = "export KUBECONFIG="
            let line: String
            do {
                line = try await program.output.line(containing: prefix)
            } catch {
                throw Failure("the cluster did not come up: \(error)\n\(program.errors.text)")
            }
            let kubeconfig = line.trimmingCharacters(in: .whitespaces).dropFirst(prefix.count)
            return try await body(
                StandaloneFixture(program: program, state: state, kubeconfig: String(kubeconfig), scratch: scratch))
        }
        #expect(ending.code == 0, "SIGTERM ended the cluster with \(ending.code):\n\(ending.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: temporary)
        #expect(files.isEmpty, "left in TMPDIR: \(files)")
        let left = RunningProgram.processes(naming: state)
        #expect(left.isEmpty, "still running: \(left)")
        return result
    }

    /// A kubectl in a fresh namespace.
    func session(_ kubectl: Kubectl? = nil) async throws -> Session {
        let kubectl = try kubectl ?? Kubectl.any
        let namespace = "test-\(UUID().uuidString.prefix(8).lowercased())"
        let session = Session(kubectl: kubectl, kubeconfig: kubeconfig, namespace: namespace, scratch: scratch)
        try await session.must("create namespace \(namespace)")
        return session
    }

    /// A kubectl inside the tenant, with the kubeconfig that the program prints.
    func enter(_ tenant: String, _ session: Session) async throws -> Session {
        let printed = try await manager(["kubeconfig", tenant, "-n", session.namespace])
        #expect(printed.isSuccess, "\(printed)")
        return Session(
            kubectl: session.kubectl, kubeconfig: try session.scratch.write(printed.output), namespace: "default",
            scratch: session.scratch)
    }

    /// Runs another command of the program against this cluster.
    func manager(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        try await Programs.run(
            Programs.manager, arguments,
            environment: environment.merging(["KUBECONFIG": kubeconfig, "HOME": scratch.path]) { _, new in new })
    }
}

/// The built program, driven as users drive it. One test at a time, for each keeps two cores busy; where a test needs no
/// cluster of its own it takes a namespace in the one that all share.
@Suite(.serialized, .standalone) enum EndToEnd {}

/// One cluster for a whole suite; each test takes a namespace of its own in it.
struct StandaloneTrait: SuiteTrait, TestScoping {
    let arguments: [String]

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await StandaloneFixture.run(arguments) { cluster in
            try await StandaloneFixture.$shared.withValue(cluster) { try await function() }
        }
    }
}

extension Trait where Self == StandaloneTrait {
    static var standalone: Self { StandaloneTrait(arguments: ["--engine", "embedded"]) }
}
