import Foundation
import KubeObjects
import Testing

/// One machine's join through faults, run again and again as its owner would, until it is a node.
struct FaultyJoin: Sendable {
    let faults: JoinFaults
    let cluster: StandaloneFixture
    /// Of the admin cluster, in the tenant's namespace.
    let session: Session
    /// Inside the tenant.
    let tenant: Session
    let network: WorkerNetwork

    static let tenantName = "joined"

    struct Course: Sendable {
        var runs = 0
        var kills = 0
        var failures: [JoinCause] = []
        /// What should not have been, in words.
        var troubles: [String] = []
        var hasJoined = false
    }

    /// What a machine is told.
    private struct Invitation: Sendable {
        var token: String
        var endpoint: String
        var pin: String

        var id: String { String(token.prefix(6)) }
    }

    /// More than this many runs no owner would make.
    private static let mostRuns = 8

    func run(_ machine: EdgeMachine) async throws -> Course {
        var course = Course()
        var invitation = try await invite()
        let good = invitation
        switch faults.token {
        case .mistyped: invitation.token = "\(good.id).0000000000000000"
        case .otherPin: invitation.pin = "sha256:" + String(repeating: "0", count: 64)
        case .good, .ends: break
        }
        var kills = faults.kills[...]
        var pending = Pending(token: faults.token, restart: faults.restart)
        var isFirst = true
        var arguments = try told(invitation, isFirst: isFirst)
        while course.runs < Self.mostRuns {
            course.runs += 1
            let kill = kills.popFirst()
            let (ending, left) = try await attempt(machine, arguments, kill, pending, good.id)
            pending = left
            if ending.isSuccess {
                course.hasJoined = true
                return course
            }
            if ending.code == 128 + SIGKILL {
                course.kills += 1
                arguments =
                    kill?.resumes == true
                    ? [] : try told(invitation, isFirst: isFirst, hasEnded: pending.token == .good)
                continue
            }
            let message = Self.message(ending)
            guard let cause = JoinCause(of: message), faults.causes.contains(cause) else {
                course.troubles.append("run \(course.runs) failed with \"\(message)\"")
                return course
            }
            course.failures.append(cause)
            switch cause {
            case .tokenEnded, .tokenMistyped:
                invitation.token = try await invite().token
                isFirst = false
                arguments = try told(invitation, isFirst: isFirst)
            case .otherAuthority:
                invitation.pin = good.pin
                arguments = try told(invitation, isFirst: isFirst)
            case .notBegun, .tokenNotKept:
                arguments = try told(invitation, isFirst: isFirst, hasEnded: pending.token == .good)
            case .serverAway: break
            }
        }
        course.troubles.append("it had not joined after \(course.runs) runs")
        return course
    }

    /// The last failure that a run told of.
    private static func message(_ ending: Outcome) -> String {
        let events = ending.lines.compactMap { try? JSON(parsing: Array($0.utf8)) }
        let failure = events.last { $0["event"] == "failed" }?["message"]?.string
        return failure ?? ending.errors.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: A run

    /// One that has come.
    private enum Fault: Sendable { case tokenEnded, serverKilled }

    /// Faults that have not come yet.
    private struct Pending: Sendable {
        var token: JoinFaults.Token
        var restart: String?
    }

    private func attempt(
        _ machine: EdgeMachine, _ arguments: [String], _ kill: JoinFaults.Kill?, _ pending: Pending, _ id: String
    ) async throws -> (Outcome, Pending) {
        let words = ["join"] + arguments + ["--wait-ready", "120", "--output", "json"]
        let (left, ending) = try await machine.agent(words) { program in
            try await withThrowingTaskGroup(of: Fault?.self) { group in
                if case .ends(let phase) = pending.token {
                    group.addTask {
                        guard await Self.hasBegun(phase, program) else { return nil }
                        try await end(token: id)
                        return .tokenEnded
                    }
                }
                if let phase = pending.restart {
                    group.addTask {
                        guard await Self.hasBegun(phase, program) else { return nil }
                        try await killServer()
                        return .serverKilled
                    }
                }
                if let kill {
                    group.addTask {
                        guard await Self.hasBegun(kill.phase, program) else { return nil }
                        try await Task.sleep(for: .milliseconds(kill.milliseconds))
                        program.send(SIGKILL)
                        return nil
                    }
                }
                await program.output.end()
                var left = pending
                for try await fault in group {
                    switch fault {
                    case .tokenEnded: left.token = .good
                    case .serverKilled: left.restart = nil
                    case nil: break
                    }
                }
                return left
            }
        }
        return (ending, left)
    }

    private static func hasBegun(_ phase: String, _ program: RunningProgram) async -> Bool {
        let line = try? await program.output.line {
            $0.contains("\"event\":\"started\"") && $0.contains("\"phase\":\"\(phase)\"")
        }
        return line != nil
    }

    /// As its expiration would, a moment from now.
    private func end(token id: String) async throws {
        let past = Data("2020-01-01T00:00:00Z".utf8).base64EncodedString()
        let patch = "{\"data\":{\"expiration\":\"\(past)\"}}"
        try await eventually("the token has ended") {
            try await tenant(words: [
                "-n", "kube-system", "patch", "secret", "bootstrap-token-\(id)", "-p", patch,
            ]).isSuccess
        }
    }

    /// Without a word to anybody. Its pod goes with it: one whose server dies again and again is started ever later.
    private func killServer() async throws {
        for process in RunningProgram.processes(naming: "embedded-apiserver") where process.contains(cluster.state) {
            if let pid = process.split(separator: " ").first.flatMap({ Int32($0) }) { kill(pid, SIGKILL) }
        }
        try await session.must("delete pods -l kamaji.clastix.io/name=\(Self.tenantName) --wait=false")
    }

    // MARK: What the machine is told

    private func invite() async throws -> Invitation {
        var line: String?
        // The tenant's server may be away just now.
        try await eventually("there is a token") {
            let printed = try await cluster.manager(
                ["token", "create", Self.tenantName, "-n", session.namespace])
            line = printed.lines.first { $0.hasPrefix("kubeadm join") }
            return line != nil
        }
        let words = try #require(line).split(separator: " ").map(String.init)
        func value(after flag: String) throws -> String {
            try #require(words.firstIndex(of: flag).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil })
        }
        return Invitation(
            token: try value(after: "--token"), endpoint: words[2],
            pin: try value(after: "--discovery-token-ca-cert-hash"))
    }

    /// - Parameters:
    ///   - isFirst: whether the token is the one that the faults are about.
    ///   - hasEnded: whether that has come to its end.
    private func told(_ invitation: Invitation, isFirst: Bool, hasEnded: Bool = false) throws -> [String] {
        // What cannot succeed is not waited for; everything else must not end by this on a slow machine.
        var (discovery, bootstrap) = ("3m", "3m")
        if isFirst, case .ends(let phase) = faults.token, let end = JoinFaults.phases.firstIndex(of: phase) {
            func isBeyond(_ phase: String) -> Bool {
                !hasEnded && end > JoinFaults.phases.firstIndex(of: phase) ?? 0
            }
            if !isBeyond("discovery") { discovery = "20s" }
            if !isBeyond("tls-bootstrap") { bootstrap = "20s" }
        }
        let path = try session.scratch.write(
            """
            apiVersion: kubeadm.k8s.io/v1beta4
            kind: JoinConfiguration
            skipPhases: [preflight]
            nodeRegistration: {criSocket: "unix:///run/none.sock"}
            discovery:
              bootstrapToken:
                token: \(invitation.token)
                apiServerEndpoint: \(invitation.endpoint)
                caCertHashes: ["\(invitation.pin)"]
            timeouts: {discovery: \(discovery), tlsBootstrap: \(bootstrap), kubeletHealthCheck: \(bootstrap)}
            """)
        return ["--config", path]
    }
}
