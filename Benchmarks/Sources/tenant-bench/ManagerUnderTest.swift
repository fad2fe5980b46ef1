import FoundationEssentials
import Glibc
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
        try await run(program, arguments) { id in
            let kubeconfig = "\(folder)/admin.conf"
            try await body(
                ManagerUnderTest(id: id, what: "standalone, API server included", server: "embedded"), kubeconfig)
        }
    }

    /// Runs a manager alone, against the API server that a kubeconfig names.
    /// - Parameter starting: control planes that may start at the same time; 0 is the manager's default.
    static func reconciling(
        _ kubeconfig: String, program: String, starting: Int, _ body: (ManagerUnderTest) async throws -> Void
    ) async throws {
        let arguments = [
            "run", "--kubeconfig", kubeconfig, "--leader-elect=false", "--metrics-bind-address=127.0.0.1:0",
            "--health-probe-bind-address=127.0.0.1:0", "--max-starting-control-planes=\(starting)",
        ]
        try await run(program, arguments) { id in
            try await body(ManagerUnderTest(id: id, what: "manager", server: "kubeconfig"))
        }
    }

    /// Waits for the first sign of work in what the program writes, then runs `body`; ends the program afterwards.
    private static func run(
        _ program: String, _ arguments: [String], _ body: (Int32) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "tenant-bench-\(UUID().uuidString).log").path
        // A file, for a program whose pipe is full stands still.
        let log = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
        defer {
            try? log.close()
            try? FileManager.default.removeItem(atPath: path)
        }
        _ = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), input: .none, output: .discarded,
            error: .fileDescriptor(log, closeAfterSpawningProcess: false)
        ) { execution in
            let id = execution.processIdentifier.value
            defer { kill(id, SIGTERM) }
            try await waitForWork(id, log: path)
            try await body(id)
        }
    }

    private static func waitForWork(_ id: Int32, log: String) async throws {
        while try !String(contentsOfFile: log, encoding: .utf8).contains("reconciling") {
            guard kill(id, 0) == 0 else { throw BenchError("the manager ended before it reconciled anything") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
