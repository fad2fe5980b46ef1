import FoundationEssentials
import Glibc
import PKI
import Subprocess
import SystemPackage

/// One agent, with a server and targets for it alone.
struct Contestant: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case ours
        case upstream

        func isPresent(in folder: String) -> Bool {
            self == .ours || FileManager.default.isExecutableFile(atPath: "\(folder)/proxy-agent")
        }
    }

    let agent: Int32
    let frontEnd: String
    let ports: [UInt16]

    func port(_ kind: TargetProcess.Kind) -> UInt16 { ports[kind.rawValue] }

    static func run<Result: Sendable>(
        _ kind: Kind, at server: Server, binaries: String, _ body: (Contestant) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tunnel-bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try writeIdentities(folder)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let base = Int.random(in: 20_000..<32_000)
        let command = server.command(own, folder, base)
        return try await program(own, ["target"], log: "\(folder)/targets") { _ in
            var ports: [UInt16] = []
            while ports.count < TargetProcess.Kind.allCases.count {
                try await Task.sleep(for: .milliseconds(20))
                let text = try String(contentsOfFile: "\(folder)/targets", encoding: .utf8)
                ports = text.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
            }
            let targets = ports
            let agent =
                switch kind {
                case .ours:
                    (
                        own,
                        [
                            "agent", "--server", "127.0.0.1:\(base)", "--ca", "\(folder)/ca", "--certificate",
                            "\(folder)/agent", "--key", "\(folder)/agent.key", "--ports",
                        ] + targets.map { "\($0)" }
                    )
                case .upstream:
                    (
                        "\(binaries)/proxy-agent",
                        [
                            "--ca-cert=\(folder)/ca", "--agent-cert=\(folder)/agent", "--agent-key=\(folder)/agent.key",
                            "--proxy-server-host=127.0.0.1", "--proxy-server-port=\(base)", "--agent-id=bench",
                            "--admin-server-port=\(base + 3)", "--health-server-port=\(base + 4)", "-v=0",
                        ]
                    )
                }
            return try await program(command.path, command.arguments, log: "\(folder)/server.log") { _ in
                try await program(agent.0, agent.1, log: "\(folder)/agent.log") { id in
                    let contestant = Contestant(agent: id, frontEnd: "\(folder)/front", ports: targets)
                    let deadline = ContinuousClock.now + .seconds(60)
                    while true {
                        if let socket = Socket.dialled(contestant.frontEnd, contestant.port(.echo)) {
                            socket.close()
                            break
                        }
                        guard ContinuousClock.now < deadline else {
                            let log = try? String(contentsOfFile: "\(folder)/agent.log", encoding: .utf8)
                            throw BenchError("the agent does not connect: \(log ?? "")")
                        }
                        try await Task.sleep(for: .milliseconds(100))
                    }
                    return try await body(contestant)
                }
            }
        }
    }

    private static func writeIdentities(_ folder: String) throws {
        let day = Duration.seconds(86_400)
        let authority = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "bench", isAuthority: true, validity: day), key: .generate(.ecdsaP256),
            now: Date())
        try Data(authority.certificate.pem).write(to: URL(filePath: "\(folder)/ca"))
        for name in ["server", "agent"] {
            let key = try PrivateKey.generate(.ecdsaP256)
            let certificate = try authority.issue(
                CertificateProfile(
                    commonName: name, ipAddresses: ["127.0.0.1"],
                    extendedKeyUsages: name == "server" ? [.serverAuth] : [.clientAuth], validity: day),
                to: key, now: Date())
            try Data(certificate.pem).write(to: URL(filePath: "\(folder)/\(name)"))
            try Data(key.pem).write(to: URL(filePath: "\(folder)/\(name).key"))
        }
    }

    private static func program<Result: Sendable>(
        _ path: String, _ arguments: [String], log: String, _ body: (Int32) async throws -> Result
    ) async throws -> Result {
        let file = try FileDescriptor.open(
            FilePath(log), .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
        defer { try? file.close() }
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments), input: .none,
            output: .fileDescriptor(file, closeAfterSpawningProcess: false),
            error: .fileDescriptor(file, closeAfterSpawningProcess: false)
        ) { execution in
            let id = execution.processIdentifier.value
            defer { kill(id, SIGKILL) }
            return try await body(id)
        }
        return result.takeClosureResult()
    }

    // MARK: What it costs

    /// A field of `/proc/PID/status`, in MiB.
    func memory(_ field: String) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(agent)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(field):") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
    }

    /// Seconds, user and system together.
    var cpu: Double {
        let text = (try? String(contentsOfFile: "/proc/\(agent)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
