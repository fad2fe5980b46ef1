import Foundation
import Testing

/// A worker machine, in namespaces of this one: containerd and upstream's kubelet, which join with upstream's kubeadm.
struct Worker: Sendable {
    static let script = "\(Programs.repository)/scripts/worker.sh"

    /// Nil where a worker can run; otherwise what it needs and does not find.
    static func obstacle() async throws -> String? {
        guard Programs.upstream != nil else { return "missing: upstream's control plane" }
        let outcome = try await Programs.run(script, ["check"])
        return outcome.isSuccess ? nil : outcome.output
    }

    let name: String
    let program: RunningProgram

    /// Joins a machine with a command, and takes it off the earth after `body`.
    static func run<Result: Sendable>(
        _ name: String, on network: WorkerNetwork, joining command: [String], in scratch: ScratchDirectory,
        environment: [String: String] = [:], _ body: (Worker) async throws -> Result
    ) async throws -> Result {
        let folder = scratch.file(name)
        let arguments = ["run", name, folder, network.gateway, network.address] + command
        return try await RunningProgram.run(script, arguments, environment: environment) { program in
            let line = try await program.output.line { $0.hasPrefix("join") }
            guard line == "joined" else { throw Failure(line) }
            return try await body(Worker(name: name, program: program))
        }.result
    }

    /// Writes the command that joins with the agent: a join, then the daemon, and `meanwhile` every few seconds.
    ///
    /// - Parameters:
    ///   - folder: holds what the agent would have in the machine's own folders, and its log.
    ///   - meanwhile: a shell's commands; `$daemon` is the daemon's process.
    /// - Returns: the command's path; its arguments are those of a join, the program and `join` before them.
    static func agentScript(in folder: String, meanwhile: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/join.sh"
        try """
        #!/bin/sh
        set -eu
        for path in /var/lib/kamaji-agent /run/kamaji-agent /usr/libexec; do
            mkdir -p "$path" "\(folder)$path"
            mount --bind "\(folder)$path" "$path"
        done
        shift 2
        "\(Programs.agent)" join "$@" --no-systemd --wait-ready 0
        "\(Programs.agent)" run --no-systemd >"\(folder)/agent.log" 2>&1 &
        daemon=$!
        while sleep 3 && kill -0 $daemon; do
        \(meanwhile)
        done >/dev/null 2>&1 &
        """.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    /// The ends of what the agent and the kubelet wrote, for whoever looks into a failure.
    static func logs(_ name: String, _ folder: String, _ scratch: ScratchDirectory) -> String {
        let logs = ["\(folder)/agent.log", scratch.file(name) + "/kubelet.log"].map { path in
            (try? String(contentsOfFile: path, encoding: .utf8))?.suffix(3000) ?? "nothing"
        }
        return "The agent: \(logs[0])\nThe kubelet: \(logs[1])"
    }

    /// What a tenant's kubelets have to be told, so that they run in the worker's control group and on this kernel.
    static func kubeletPatches(_ name: String) -> String {
        """
              cgroupfs: cgroupfs
              configurationJSONPatches:
              - {op: add, path: /cgroupRoot, value: /kamaji-\(name)}
              - {op: add, path: /enforceNodeAllocatable, value: [none]}
              - {op: add, path: /failCgroupV1, value: false}
              - {op: add, path: /failSwapOn, value: false}
              - {op: add, path: /serverTLSBootstrap, value: true}
        """
    }
}

/// A bridge of this machine with an address, for as long as `body` runs.
struct WorkerNetwork: Sendable {
    let device: String
    let gateway: String
    let address: String

    static func run<Result: Sendable>(_ body: (WorkerNetwork) async throws -> Result) async throws -> Result {
        let device = "kwb\(UInt32.random(in: 0...999_999_999))"
        // Of so many that hardly ever two suites that run at once choose the same: a tenant's address would lead to the
        // other's API server.
        let prefix = "10.\(UInt8.random(in: 201...249)).\(UInt8.random(in: 1...250))"
        let network = WorkerNetwork(device: device, gateway: "\(prefix).1", address: "\(prefix).2")
        func ip(_ words: String) async throws {
            let outcome = try await Programs.run("ip", words.split(separator: " ").map(String.init))
            guard outcome.isSuccess else { throw Failure("ip \(words): \(outcome)") }
        }
        try await ip("link add \(device) type bridge")
        let result: Swift.Result<Result, any Error>
        do {
            try await ip("addr add \(network.gateway)/24 dev \(device)")
            try await ip("link set \(device) up")
            result = .success(try await body(network))
        } catch {
            result = .failure(error)
        }
        try await ip("link del \(device)")
        return try result.get()
    }
}

extension Trait where Self == ConditionTrait {
    /// Only where a kubelet of upstream's can run.
    static var needsWorker: Self {
        .enabled(
            "a worker needs root, containerd, and upstream's programs: scripts/worker.sh check names what is missing"
        ) {
            try await Worker.obstacle() == nil
        }
    }
}
