import FoundationEssentials
import Subprocess
import SystemPackage

/// A manager's process, for as long as it is measured.
struct ManagerUnderTest: Sendable {
    let id: Int32
    /// What the process is: a manager alone, or a whole standalone cluster.
    let what: String
    /// Whose API it works on.
    let server: String

    /// Runs a standalone cluster on the embedded engine in a directory of its own.
    static func standalone(
        program: String, _ body: (ManagerUnderTest, String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tenant-bench-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let arguments = ["standalone", "--state-dir", folder, "--port", "0", "--engine", "embedded"]
        try await run(program, arguments, folder: folder) { id in
            let kubeconfig = "\(folder)/admin.conf"
            try await body(
                ManagerUnderTest(id: id, what: "standalone, API server included", server: "embedded"), kubeconfig)
        }
    }

    /// Runs a manager alone, against the API server that a kubeconfig names.
    static func reconciling(
        _ kubeconfig: String, program: String, _ body: (ManagerUnderTest) async throws -> Void
    ) async throws {
        let arguments = [
            "run", "--kubeconfig", kubeconfig, "--leader-elect=false", "--metrics-bind-address=127.0.0.1:0",
            "--health-probe-bind-address=127.0.0.1:0",
        ]
        try await run(program, arguments, folder: nil) { id in
            try await body(ManagerUnderTest(id: id, what: "manager", server: "kubeconfig"))
        }
    }

    /// Waits for the first sign of work in what the program writes, then runs `body`; ends the program afterwards.
    private static func run(
        _ program: String, _ arguments: [String], folder: String?, _ body: (Int32) async throws -> Void
    ) async throws {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(30))]
        _ = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), platformOptions: options, input: .none,
            output: .discarded, error: .sequence
        ) { execution in
            let (signs, sign) = AsyncStream.makeStream(of: Void.self)
            let lines = execution.standardError.strings()
            // Read to the end: a program whose pipe is full stands still.
            let reading = Task {
                for try await line in lines where line.contains("reconciling") { sign.yield() }
                sign.finish()
            }
            defer { reading.cancel() }
            do {
                guard await signs.first(where: { true }) != nil else {
                    throw BenchError("\(program) ended before it reconciled anything")
                }
                try await body(execution.processIdentifier.value)
            } catch {
                try? execution.send(signal: .terminate)
                throw error
            }
            try execution.send(signal: .terminate)
        }
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
