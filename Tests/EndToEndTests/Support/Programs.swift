import Foundation
import Subprocess
import SystemPackage
import Testing

/// The program under test and the tools that judge it.
enum Programs {
    /// As they were built with these tests: beside the bundle that holds them.
    static let manager = built("kamaji-manager")
    static let agent = built("kamaji-agent")
    static let exporter = built("kamaji-exporter")

    private static func built(_ name: String) -> String {
        var folders: [URL] = CommandLine.arguments.map { URL(filePath: $0).deletingLastPathComponent() }
        folders.append(Bundle.main.bundleURL)
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        folders.append(package.appending(path: ".build/debug"))
        let paths = folders.map { $0.appending(path: name).path }
        return paths.first(where: FileManager.default.isExecutableFile(atPath:)) ?? name
    }

    static let repository: String =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized.path

    /// Where a program lies in `PATH`; nil when it is not installed.
    static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first(where: FileManager.default.isExecutableFile(atPath:))
    }

    /// Upstream's programs, where a standalone cluster finds them too; nil when they are not all there.
    static let upstream: String? = {
        let folders = [ProcessInfo.processInfo.environment["KUBEBUILDER_ASSETS"], "/usr/local/kubebuilder/bin"]
        return folders.compactMap { $0 }.first { folder in
            ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
            }
        }
    }()

    /// The tunnel's server, where it is beside them.
    static let proxyServer: String? = upstream.map { "\($0)/proxy-server" }.flatMap {
        FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
    }

    /// Runs a program to its end.
    static func run(
        _ program: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
        directory: String? = nil
    ) async throws -> Outcome {
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            program.contains("/") ? .path(FilePath(program)) : .name(program), arguments: Arguments(arguments),
            environment: .inherit.updating(variables), workingDirectory: directory.map { FilePath($0) },
            input: .string(input), output: .string(limit: 16 << 20), error: .string(limit: 4 << 20))
        return Outcome(result.terminationStatus, result.standardOutput, result.standardError)
    }
}

/// What a program printed and how it ended.
struct Outcome: Sendable, CustomStringConvertible {
    /// As shells have it: 128 and the signal where one ended it.
    let code: Int32
    let output: String
    let errors: String

    init(_ status: TerminationStatus, _ output: String, _ errors: String) {
        code =
            switch status {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        self.output = output
        self.errors = errors
    }

    var isSuccess: Bool { code == 0 }
    var lines: [String] { output.split(separator: "\n").map(String.init) }
    var description: String { "exit \(code)\n\(output)\(errors)" }
}

/// A directory that goes with its test.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array(
            FileManager.default.temporaryDirectory.appending(path: "kamaji-e2e-XXXXXX").path.utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure("mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file of a name of its own and gives its path.
    func write(_ text: String, extension suffix: String = "yaml") throws -> String {
        let path = file("\(UUID().uuidString).\(suffix)")
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }
}

/// Why a test cannot go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Polls until a condition holds, up to a limit that only what is broken reaches. Conditions are asked at least twice,
/// however slow the machine is.
func eventually(
    _ what: String, within limit: Duration = .seconds(120), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    var attempts = 0
    while try await !condition() {
        attempts += 1
        if attempts > 1, start.duration(to: clock.now) > limit {
            Issue.record("waited in vain until \(what)", sourceLocation: sourceLocation)
            throw Failure("waited in vain until \(what)")
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}
