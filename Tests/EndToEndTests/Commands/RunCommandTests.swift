import Foundation
import HTTPTransport
import KubeObjects
import Testing

extension EndToEnd {
    /// `kamaji-manager run`, as it runs in a cluster, against the API of a standalone one.
    @Suite struct RunCommandTests {
        /// A running manager, and where it serves what.
        struct Replica: Sendable {
            let program: RunningProgram
            let identity: String
            let namespace: String

            /// Its lines on standard error, each of which has to be a JSON object.
            var lines: [JSON] {
                get throws { try program.errors.lines.map { try JSON(parsing: Array($0.utf8)) } }
            }

            func port(_ what: String) async throws -> Int {
                let line = try await program.errors.line { $0.contains("listening") && $0.contains("\"\(what)\"") }
                let port = try JSON(parsing: Array(line.utf8))["port"]
                return try #require(port?.string.flatMap { Int($0) }, "\(line)")
            }

            func get(_ what: String, _ path: String) async throws -> HTTPResponse {
                let transport = CurlTransport()
                defer { transport.shutdown() }
                return try await transport.send(
                    HTTPRequest("GET", "http://127.0.0.1:\(try await port(what))\(path)"))
            }
        }

        private func run<Result: Sendable>(
            _ identity: String, _ session: Session, _ more: [String] = [], _ body: (Replica) async throws -> Result
        ) async throws -> (result: Result, ending: Outcome) {
            let outcome = try await RunningProgram.run(
                Programs.manager,
                [
                    "run", "--kubeconfig", session.kubeconfig, "--pod-namespace", session.namespace,
                    "--metrics-bind-address", "127.0.0.1:0", "--health-probe-bind-address", "127.0.0.1:0",
                    "--log-format", "json", "--datastore", "default",
                ] + more,
                environment: ["POD_NAME": identity, "HOME": session.scratch.path]
            ) { try await body(Replica(program: $0, identity: identity, namespace: session.namespace)) }
            #expect(outcome.ending.code == 0, "\(outcome.ending)")
            return outcome
        }

        private static let lease = "lease/kamaji.clastix.io"

        @Test func `it serves health, readiness and metrics, and ends on SIGTERM`() async throws {
            let session = try await StandaloneFixture.current.session()
            let (_, ending) = try await run(
                "probed", session, ["--leader-elect", "--zap-log-level=debug"]
            ) { replica in
                #expect(try await replica.get("health", "/healthz").status == 200)
                try await eventually("it is ready") { try await replica.get("health", "/readyz").status == 200 }
                _ = try await replica.program.errors.line(containing: "\"leading\"")
                try await session.must("apply -f FILE", file: Manifests.tenant("seen"))
                try await session.waitForPhase("Sleeping", of: "seen")
                try await eventually("a pass is counted") {
                    let page = try await replica.get("metrics", "/metrics")
                    return String(decoding: page.body, as: UTF8.self).contains("kamaji_handler_time_seconds_count{")
                }
                let page = try await replica.get("metrics", "/metrics")
                #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                let text = String(decoding: page.body, as: UTF8.self)
                let metrics = MetricsComplaints(text)
                #expect(metrics.complaints.isEmpty, "\(metrics.complaints)\n\(text)")
                #expect(metrics.types["kamaji_handler_time_seconds"] == "histogram")
                #expect(metrics.types["kamaji_reconcile_errors_total"] == "counter")
                #expect((metrics.samples["process_resident_memory_bytes"] ?? 0) > 1_000_000)
                if let promtool = Programs.find("promtool") {
                    let judged = try await Programs.run(promtool, ["check", "metrics"], input: text)
                    #expect(judged.isSuccess, "\(judged)")
                }
                #expect(try await replica.get("health", "/nonsense").status == 404)
            }
            #expect(ending.output.isEmpty)
            #expect(ending.errors.contains(#""--zap-log-level""#), "a flag without effect is announced")
            let holder = try await session.value(Self.lease, ".spec.holderIdentity")
            #expect(holder.isEmpty, "the lease was not given back: \(holder)")
        }

        @Test func `a second replica waits for the lease, and takes it when the first ends`() async throws {
            let session = try await StandaloneFixture.current.session()
            let holder = ".spec.holderIdentity"
            _ = try await run("first", session) { first in
                _ = try await first.program.errors.line(containing: "\"leading\"")
                #expect(try await session.value(Self.lease, holder) == "first")
                _ = try await run("second", session) { second in
                    try await eventually("the second is ready") {
                        try await second.get("health", "/readyz").status == 200
                    }
                    _ = try await second.program.errors.line(containing: "waiting for the lease")
                    #expect(try await session.value(Self.lease, holder) == "first")
                    #expect(!second.program.errors.text.contains("\"leading\""))
                    first.program.send(SIGTERM)
                    _ = try await second.program.errors.line(containing: "\"leading\"")
                    #expect(try await session.value(Self.lease, holder) == "second")
                }
            }
            #expect(try await session.value(Self.lease, holder).isEmpty)
            #expect(try await session.value(Self.lease, ".spec.leaseTransitions") == "1")
        }

        @Test func `JSON logs are an object a line and hold no secret`() async throws {
            let session = try await StandaloneFixture.current.session()
            let (_, ending) = try await run(
                "logging", session, ["--leader-elect=false", "--log-level", "trace"]
            ) { replica in
                _ = try await replica.program.errors.line(containing: "\"reconciling\"")
                try await session.must("apply -f FILE", file: Manifests.richTenant("quiet"))
                try await session.waitForPhase("Sleeping", of: "quiet")
                try await session.must("apply -f FILE", file: Manifests.generator("readers", in: session.namespace))
                try await session.must("wait --for=create secret/quiet-readers --timeout=120s")
                try await session.must("delete secret quiet-api-server-certificate")
                try await session.must("wait --for=create secret/quiet-api-server-certificate --timeout=120s")
            }
            let lines = ending.errors.split(separator: "\n")
            #expect(lines.count > 3)
            for line in lines {
                let object = try? JSON(parsing: Array(line.utf8))
                #expect(
                    object?["ts"]?.string != nil && object?["level"]?.string != nil && object?["msg"]?.string != nil,
                    "\(line)")
            }
            var secrets: Set<String> = []
            for secret in try await session.items("secrets") {
                for (key, value) in secret["data"]?.object ?? [:] {
                    let text = String(decoding: value.string.flatMap(Base64.decode) ?? [], as: UTF8.self)
                    // Public parts, and names, may be told.
                    if key.hasSuffix(".key") || key.hasSuffix(".conf") || key.contains("PASSWORD")
                        || key == "value"
                    {
                        secrets.formUnion(text.split(separator: "\n").map(String.init).filter { $0.count > 30 })
                    }
                }
            }
            #expect(secrets.count > 20)
            let cluster = try StandaloneFixture.current
            for (name, log) in [("run", ending.errors), ("standalone", cluster.program.errors.text)] {
                #expect(!log.contains("PRIVATE KEY"), "\(name)")
                #expect(!log.contains("eyJ"), "a token in the log of \(name)")
                #expect(!secrets.contains { log.contains($0) }, "a secret in the log of \(name)")
            }
        }

        @Test func `without definitions or without a server it says what to do`() async throws {
            let session = try await StandaloneFixture.current.session()
            let text = try String(contentsOfFile: session.kubeconfig, encoding: .utf8)
            let dead = try session.scratch.write(text.replacing(/127\.0\.0\.1:[0-9]+/, with: "127.0.0.1:1"))
            let outcome = try await Programs.run(
                Programs.manager,
                [
                    "run", "--kubeconfig", dead, "--metrics-bind-address", "0", "--health-probe-bind-address", "0",
                    "--leader-elect=false",
                ])
            #expect(outcome.code != 0 && outcome.errors.contains("127.0.0.1"), "\(outcome)")
            #expect(!outcome.errors.contains("Fatal error"), "\(outcome)")
        }
    }
}
