import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// The agent's commands on a machine that has its package and has not joined.
    @Suite(.enabled("packages need dpkg-dev, binutils and python3") { BuiltPackages.obstacle == nil })
    struct AgentCommandTests {
        /// A folder with what the package brings, as a machine has it after its installation.
        private struct Machine {
            let scratch: ScratchDirectory
            var root: String { scratch.file("root") }

            init() async throws {
                scratch = try ScratchDirectory()
                let folder = scratch.file("packages")
                try await BuiltPackages.build(["kamaji-agent"], into: folder)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                let name = try #require(names.first { $0.hasSuffix(".deb") })
                let outcome = try await Programs.run("dpkg-deb", ["--extract", "\(folder)/\(name)", root])
                try #require(outcome.isSuccess, "\(outcome)")
                // As its tmpfiles and its postinst do.
                for path in ["var/lib/kamaji-agent", "run/kamaji-agent"] {
                    try FileManager.default.createDirectory(
                        atPath: "\(root)/\(path)", withIntermediateDirectories: true)
                }
            }

            var options: [String] { ["--root", root, "--no-systemd"] }

            func callAsFunction(_ words: String...) async throws -> Outcome {
                try await Programs.run(Programs.agent, words + options)
            }

            /// Nothing of a join is claimed, and none is offered to be undone.
            func expectNeverJoined() async throws {
                let status = try await self("status")
                #expect(status.code == 4 && status.output == "This machine has not joined anything.\n", "\(status)")
                let json = try await self("status", "--output", "json")
                #expect(try json.code == 4 && JSON(parsing: Array(json.output.utf8)) == ["joined": false], "\(json)")
                for words in [["reset", "--force"], ["reset", "--dry-run"]] {
                    let reset = try await Programs.run(Programs.agent, words + options)
                    #expect(reset.code == 1 && reset.output.isEmpty, "\(reset)")
                    #expect(reset.errors.contains("this machine has not joined anything"), "\(reset)")
                }
            }
        }

        @Test func `a line for kubeadm is understood, and what a worker cannot have is refused by name`() async throws {
            let scratch = try ScratchDirectory()
            let line = [
                "join", "127.0.0.1:1", "--token", "07401b.f395accd246ae52d", "--root", scratch.path, "--no-systemd",
            ]
            func join(_ words: String...) async throws -> Outcome {
                try await Programs.run(Programs.agent, line + words)
            }
            let master = try await join("--control-plane", "--certificate-key", "00", "-v", "5")
            #expect(master.code == 64 && master.errors.contains("joins workers only"), "\(master)")
            let beside = try await join("--patches", "here")
            #expect(beside.code == 64 && beside.errors.contains("give an absolute path"), "\(beside)")
            let worker = try await join(
                "--discovery-token-unsafe-skip-ca-verification", "--v=5", "--apiserver-bind-port", "6443",
                "--node-name", "edge-1", "--patches", "/nothing-there", "--dry-run")
            #expect(worker.code == 1, "\(worker)")
            #expect((worker.output + worker.errors).contains("patches.directory is \"/nothing-there\""), "\(worker)")
        }

        @Test func `what was asked for in a wrong way ends with 64, and says what is wrong with which word`()
            async throws
        {
            let scratch = try ScratchDirectory()
            let pin = "sha256:\(String(repeating: "a", count: 64))"
            let token = ["--token", "07401b.f395accd246ae52d"]
            let whole = ["127.0.0.1:1", "--discovery-token-ca-cert-hash", pin] + token
            let cases: [([String], String)] = [
                (["kamaji1:eyJlIjoiYToxIiwicCI6WyI"], "copy the whole line"), (["kamaji2:eyJl"], "\"kamaji2:\""),
                (["127.0.0.1:1", "--discovery-token-ca-cert-hash", "sha256:x"] + token, "CA pin \"sha256:x\""),
                (["127.0.0.1:1", "--discovery-token-ca-cert-hash", pin], "a bootstrap token is missing"),
                (whole + ["--skip-phases", "foo"], "\"foo\", an invalid phase name"),
                (whole + ["--node-name", "a_b"], "\"a_b\" is no name of a node"),
                (whole + ["--tunnel", "foo"], "--tunnel: endpoint \"foo\" has no port"),
                (whole + ["--wait-ready", "-1"], "--wait-ready"), (["--token", "x"], "where to?"), ([], "where to?"),
                (["--config", "/nonexistent"], "--config is \"/nonexistent\": there is no such file"),
                (["a:1", "--token-file", "/nonexistent"], "--token-file is \"/nonexistent\""),
            ]
            for (words, answer) in cases {
                for more in [[], ["--dry-run"]] {
                    let outcome = try await Programs.run(
                        Programs.agent, ["join"] + words + more + ["--root", scratch.path, "--no-systemd"])
                    #expect(outcome.code == 64 && outcome.errors.contains(answer), "\(words + more): \(outcome)")
                    #expect(outcome.output.isEmpty && !outcome.errors.contains("f395accd246ae52d"), "\(outcome)")
                }
            }
        }

        @Test func `a join that is rehearsed in vain ends with its verdict, for machines too, and soon`() async throws {
            let scratch = try ScratchDirectory()
            let line = [
                "join", "127.0.0.1:1", "--token", "07401b.f395accd246ae52d", "--root", scratch.path, "--no-systemd",
                "--discovery-token-unsafe-skip-ca-verification", "--node-name", "edge-1", "--dry-run",
            ]
            let text = try await Programs.run(Programs.agent, line)
            #expect(text.code == 1, "\(text)")
            #expect(text.lines.last?.hasPrefix("This join would fail: ") == true, "\(text)")
            #expect(text.lines.last?.contains("phase discovery") == true, "\(text)")
            let json = try await Programs.run(Programs.agent, line + ["--output", "json"])
            let verdict = try JSON(parsing: Array(#require(json.lines.last).utf8))["rehearsed"]
            #expect(json.code == 1 && verdict?["fit"] == false && verdict?["node"] == "edge-1", "\(json)")
            #expect(verdict?[path: "failure", "phase"] == "discovery", "\(json)")
        }

        @Test func `a machine that never joined says so, beside its daemon too, and none that is half joined`()
            async throws
        {
            let machine = try await Machine()
            try await machine.expectNeverJoined()
            #expect(try await machine("tunnel", "status").code == 4)
            let alone = try await machine("tunnel", "status", "--output", "json")
            let answer = try JSON(parsing: Array(alone.output.utf8))
            #expect(alone.code == 4 && answer["connected"] == false, "\(alone)")
            #expect(answer["error"]?.string?.contains("The agent does not answer") == true, "\(alone)")
            let journal = "\(machine.root)/var/lib/kamaji-agent/journal.db"
            #expect(!FileManager.default.fileExists(atPath: journal), "looking leaves nothing behind")
            let daemon = try await RunningProgram.run(Programs.agent, ["run"] + machine.options) { program in
                try await eventually("the daemon answers") {
                    guard !program.output.isOver else { throw Failure("it ended") }
                    return try await machine("tunnel", "status").output == "This machine has not joined anything.\n"
                }
                #expect(FileManager.default.fileExists(atPath: journal))
                try await machine.expectNeverJoined()
                #expect(try await machine("tunnel", "status").code == 4)
            }
            #expect(daemon.ending.code == 0, "\(daemon.ending)")

            let path = try machine.scratch.write(
                """
                apiVersion: kubeadm.k8s.io/v1beta4
                kind: JoinConfiguration
                skipPhases: [preflight]
                nodeRegistration: {name: edge-1}
                discovery:
                  bootstrapToken:
                    {token: 07401b.f395accd246ae52d, apiServerEndpoint: "127.0.0.1:1", unsafeSkipCAVerification: true}
                timeouts: {discovery: 1s}
                """)
            let join = try await machine("join", "--config", path)
            #expect(join.code == 1 && (join.output + join.errors).contains("discovery"), "\(join)")
            let status = try await machine("status")
            #expect(status.code == 3 && status.output.contains("is unfinished"), "\(status)")
            #expect(try await machine("reset", "--force").isSuccess)
            try await machine.expectNeverJoined()
        }
    }
}
