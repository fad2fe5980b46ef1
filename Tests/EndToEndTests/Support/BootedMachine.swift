import Foundation
import Testing

/// A machine inside this one with a systemd of its own, freshly installed.
struct BootedMachine: Sendable {
    private static let script = "\(Programs.repository)/scripts/machine.sh"

    /// Nil where one can run; otherwise what it needs and does not find.
    static func obstacle() async throws -> String? {
        let outcome = try await Programs.run(script, ["check"])
        return outcome.isSuccess ? nil : outcome.output
    }

    /// Its host name.
    let name: String
    /// Where its root is in this machine's file system.
    let directory: String

    init(in scratch: ScratchDirectory) async throws {
        name = "machine-\(UInt32.random(in: 0...UInt32.max))"
        directory = scratch.file(name)
        let outcome = try await Programs.run(Self.script, ["make", directory])
        guard outcome.isSuccess else { throw Failure("no machine could be made: \(outcome)") }
    }

    /// Boots it, and powers it off after `body` unless it went by itself.
    ///
    /// - Parameter options: of systemd-nspawn.
    /// - Returns: what `body` made, and with what the machine ended: 0 powered off, 133 wants to be booted again.
    @discardableResult
    func boot<Result: Sendable>(
        _ options: [String] = [], _ body: (RunningProgram) async throws -> Result
    ) async throws -> (result: Result, code: Int32) {
        // Programs as they were built with these tests have Swift's libraries where this machine has them.
        let shared = try await Self.swiftLibraries().map { ["--bind-ro=\($0)"] } ?? []
        let (result, ending) = try await RunningProgram.run(
            Self.script, ["boot", directory, name] + shared + options
        ) { program in
            var state = ""
            try await eventually("machine \(name) is up", within: .seconds(300)) {
                guard !program.output.isOver else { throw Failure("it ended: \(program.output.text)") }
                state = try await self("systemctl is-system-running").output
                return state == "running\n" || state == "degraded\n"
            }
            return try await body(program)
        }
        for hierarchy in ["systemd", "unified", "."] {
            _ = try await Programs.run(
                "find",
                [
                    "/sys/fs/cgroup/\(hierarchy)/kamaji-machine-\(name)", "-depth", "-type", "d", "-exec", "rmdir",
                    "{}", "+",
                ])
        }
        return (result, ending.code)
    }

    /// Runs a shell's command in it as root.
    func callAsFunction(_ command: String) async throws -> Outcome {
        try await Programs.run(Self.script, ["in", directory, "sh", "-c", command])
    }

    /// Runs a command that has to succeed, and gives what it printed.
    @discardableResult
    func must(_ command: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let outcome = try await self(command)
        guard outcome.isSuccess else {
            Issue.record("\(command): \(outcome)", sourceLocation: sourceLocation)
            throw Failure("\(command): \(outcome)")
        }
        return outcome.output
    }

    /// A property of a unit, as systemd has it now.
    func property(_ property: String, of unit: String) async throws -> String {
        try await must("systemctl show --value --property \(property) \(unit)")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Gives it an address on a bridge that it was booted with, and the bridge's for a way out.
    func connect(_ network: WorkerNetwork) async throws {
        let outcome = try await Programs.run(
            Self.script, ["address", directory, network.address, network.gateway])
        guard outcome.isSuccess else { throw Failure("no address: \(outcome)") }
    }

    func write(_ text: String, to path: String, mode: Int = 0o644) throws {
        let place = directory + path
        let folder = URL(filePath: place).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: place))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: place)
    }

    /// What changes while a machine runs, whatever is installed on it: logs, caches, the package manager's own records and
    /// copies of the user database.
    private static let restless = [
        "/etc/group-", "/etc/gshadow-", "/etc/passwd-", "/etc/shadow-", "/etc/.pwd.lock", "/root/packages",
        "/run", "/tmp", "/var/cache", "/var/lib/dpkg", "/var/lib/systemd/random-seed", "/var/lib/systemd/timers",
        "/var/log", "/var/tmp",
    ]

    /// Every path of its disk with kind, mode, owner and content.
    func tree() async throws -> [String: String] {
        var pruning: [String] = []
        for path in Self.restless { pruning += ["-path", directory + path, "-prune", "-o"] }
        func find(_ words: [String]) async throws -> [String] {
            let outcome = try await Programs.run("find", [directory] + pruning + words)
            guard outcome.isSuccess else { throw Failure("find: \(outcome.errors.prefix(2000))") }
            return outcome.lines
        }
        var tree: [String: String] = [:]
        for line in try await find(["-printf", "%P\t%y %m %U:%G %l\n"]) {
            let fields = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            tree[fields[0]] = fields.last
        }
        for line in try await find(["-type", "f", "-exec", "md5sum", "{}", "+"]) {
            let path = line.dropFirst(34 + directory.utf8.count + 1)
            tree[String(path), default: ""] += " \(line.prefix(32))"
        }
        return tree
    }

    /// What has come, gone or changed between two looks, a line each.
    static func differences(_ before: [String: String], _ after: [String: String]) -> [String] {
        Set(before.keys).union(after.keys).sorted().compactMap { path in
            before[path] == after[path]
                ? nil : "\(path): \(before[path] ?? "nothing") is now \(after[path] ?? "nothing")"
        }
    }

    /// The folder where programs look for Swift's runtime, as they were linked; nil when they have it inside.
    private static func swiftLibraries() async throws -> String? {
        let outcome = try await Programs.run("readelf", ["--dynamic", "--wide", Programs.manager])
        guard let line = outcome.lines.first(where: { $0.contains("(RUNPATH)") }),
            let start = line.firstIndex(of: "["), let end = line.lastIndex(of: "]")
        else { return nil }
        return line[line.index(after: start)..<end].split(separator: ":").map(String.init).first {
            FileManager.default.fileExists(atPath: "\($0)/libswiftCore.so")
        }
    }
}
