import Foundation
import KubeObjects
import PKI
import Testing

extension EndToEnd {
    /// A machine that was off for longer than anything it holds is valid, and is switched on again.
    @Suite(
        .enabled("a machine needs root, iproute2 and iptables: scripts/edge.sh check names what is missing") {
            try await EdgeMachine.obstacle() == nil
        },
        .enabled("another time than this machine's is compiled from C: there is no clang and no cc") {
            ShiftedClock.compiler != nil
        })
    struct LongAwayTests {
        private static let days = 400
        private static let name = "away"

        @Test func `a node that was off for 400 days is Ready again by itself`() async throws {
            let scratch = try ScratchDirectory()
            try await WorkerNetwork.run { network in
                let namespace = try await StandaloneFixture.run(in: scratch) { cluster in
                    let session = try await cluster.session()
                    try await session.must("apply -f FILE", file: EdgeMachine.tenant("dev", on: network))
                    try await session.waitForPhase("Ready", of: "dev")
                    try await EdgeMachine.run(Self.name, on: network, in: scratch) { machine in
                        try await machine.join("dev", cluster, session)
                        // Sealed: who reads the disk reads no token.
                        #expect(
                            FileManager.default.fileExists(atPath: machine.place("/var/lib/kamaji-agent/credential")))
                    }
                    return session.namespace
                }
                let before = try certificates(scratch)
                let calendar = try await ShiftedClock.ahead(days: Self.days, in: scratch)
                try await comeBack(on: network, namespace, scratch, calendar)
                let after = try certificates(scratch)
                let then = Date(timeIntervalSinceNow: Double(Self.days) * 86_400)
                for (old, new) in zip(before, after) {
                    #expect(!old.isValid(at: then) && new.isValid(at: then), "\(old.commonName)")
                    #expect(old.commonName == new.commonName)
                }
            }
        }

        private func comeBack(
            on network: WorkerNetwork, _ namespace: String, _ scratch: ScratchDirectory, _ calendar: [String: String]
        ) async throws {
            // The tenant's own certificates have ended too, unless somebody saw to them meanwhile: its manager does now.
            try await StandaloneFixture.run(in: scratch, [], environment: calendar) { cluster in
                var visitor: Visitor?
                try await eventually("the tenant answers in its new year", within: .seconds(300)) {
                    // A kubeconfig of before the change of the year is no good, and each look at it takes a while.
                    try await Task.sleep(for: .seconds(1))
                    visitor = try await Visitor(cluster, namespace, scratch, calendar)
                    return try await visitor?.get("/readyz") == "ok"
                }
                let administrator = try #require(visitor)
                try await EdgeMachine.run(Self.name, on: network, in: scratch, environment: calendar) { machine in
                    try await expectReturn(machine, administrator)
                }
            }
        }

        private func expectReturn(_ machine: EdgeMachine, _ administrator: Visitor) async throws {
            let start = ContinuousClock.now
            let ending = try await machine.agent(["run"], environment: administrator.calendar) { _ in
                try await eventually("the node is Ready in its new year", within: .seconds(300)) {
                    let text = try await administrator.get("/api/v1/nodes/\(Self.name)")
                    let node = try? JSON(parsing: Array(text.utf8))
                    let ready = (node?[path: "status", "conditions"]?.array ?? []).first { $0["type"] == "Ready" }
                    let said = ready?["lastHeartbeatTime"]?.string.flatMap(Timestamp.parse) ?? .distantPast
                    return ready?["status"] == "True"
                        && said > Date(timeIntervalSinceNow: Double(Self.days - 1) * 86_400)
                }
                let seconds = (ContinuousClock.now - start).components.seconds
                print("away: Ready \(seconds) s after the agent's start, where 60 are asked for")
            }.ending
            #expect(ending.errors.contains("come back with this node's own credential"), "\(ending)")
            #expect(ending.code == 0, "\(ending)")
        }

        /// Of the agent and of the kubelet.
        private func certificates(_ scratch: ScratchDirectory) throws -> [Certificate] {
            let root = scratch.file(Self.name) + "/root"
            let pki = "\(root)/var/lib/kubelet/pki"
            let current = try FileManager.default.destinationOfSymbolicLink(
                atPath: "\(pki)/kubelet-client-current.pem")
            let paths = [
                "\(root)/var/lib/kamaji-agent/agent.crt", "\(pki)/\(current.split(separator: "/").last ?? "")",
            ]
            return try paths.map { try Certificate(pem: Array(try Data(contentsOf: URL(filePath: $0)))) }
        }

        /// The tenant's administrator with curl: programs in Go keep this machine's calendar.
        private struct Visitor: Sendable {
            let server: String
            let options: [String]
            let calendar: [String: String]

            /// Nil while there is no kubeconfig.
            init?(
                _ cluster: StandaloneFixture, _ namespace: String, _ scratch: ScratchDirectory,
                _ calendar: [String: String]
            ) async throws {
                let printed = try await cluster.manager(["kubeconfig", "dev", "-n", namespace], environment: calendar)
                guard printed.isSuccess, let config = try? Kubeconfig(yaml: printed.output),
                    let user = config.currentUser, let name = config.json["clusters"]?.array?.first?["name"]?.string,
                    let target = config.cluster(name), let authority = target.certificateAuthorityData,
                    let certificate = user.clientCertificateData, let key = user.clientKeyData
                else { return nil }
                var options = ["--silent", "--max-time", "10"]
                for (flag, content) in [("--cacert", authority), ("--cert", certificate), ("--key", key)] {
                    options += [flag, try scratch.write(String(decoding: content, as: UTF8.self), extension: "pem")]
                }
                (server, self.options, self.calendar) = (target.server, options, calendar)
            }

            func get(_ path: String) async throws -> String {
                try await Programs.run("curl", options + [server + path], environment: calendar).output
            }
        }
    }
}

/// Everything that is started with its variables has a calendar of its own; clocks that only count seconds stay as they
/// are.
private enum ShiftedClock {
    static let compiler = Programs.find("clang") ?? Programs.find("cc")

    static func ahead(days: Int, in scratch: ScratchDirectory) async throws -> [String: String] {
        let library = scratch.file("shifted-clock.so")
        let source = "\(Programs.repository)/scripts/shifted-clock.c"
        let made = try await Programs.run(
            try #require(compiler), ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source])
        try #require(made.isSuccess, "\(made)")
        let variables = ["LD_PRELOAD": library, "CLOCK_AHEAD_SECONDS": "\(days * 86_400)"]
        // Pods' processes have their own variables, and are started by a program that is looked for in PATH.
        let starter = "setpriv"
        let real = try #require(Programs.find(starter))
        let folder = scratch.file("starters")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let lines = variables.map { "export \($0.key)='\($0.value)'\n" }.sorted().joined()
        try "#!/bin/sh\n\(lines)exec \(real) \"$@\"\n".write(
            toFile: "\(folder)/\(starter)", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(starter)")
        let path = "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        return variables.merging(["PATH": path]) { old, _ in old }
    }
}
