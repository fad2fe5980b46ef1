import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Listening
import ServiceLifecycle
import Synchronization
import Testing

@testable import FleetExporter

@Suite("Whether it may be asked", .timeLimit(.minutes(20)))
struct ReadinessTests {
    @Test("It is ready once everything is listed, whoever was probed by then, and says how many were")
    func readiness() async throws {
        try await ExporterFixture.run { _, folder in
            // Each is probed somewhen in the first hour.
            try Data("{probe_interval: 1h, datastore_interval: 1h}".utf8).write(
                to: URL(filePath: "\(folder)/exporter.yml"))
        } _: { fixture in
            try await fixture.eventually("an empty fleet") { $0.contains("kamaji_exporter_watch_synced") }
            #expect(try await fixture.readiness() == Readiness(200, "ready: 0 of 0 tenants probed, 0 of 0 datastores"))
            // Each in its hour: all four in the first minutes are not seen.
            for number in 0..<4 { try await fixture.addTenant("tenant-\(number)", endpoint: "127.0.0.1:1") }
            try await fixture.addDeadDatastore("gone")
            let end = ContinuousClock.now + .seconds(240)
            var said = Readiness(0, "")
            while !said.text.hasSuffix(" of 4 tenants probed, 1 of 1 datastores"), ContinuousClock.now < end {
                said = try await fixture.readiness()
                #expect(said.status == 200)
                try await Task.sleep(for: .milliseconds(100))
            }
            let probed = try #require(said.text.firstMatch(of: /ready: ([0-9]+) of 4/).flatMap { Int($0.1) })
            #expect(probed < 4, "\(said)")
        }
    }

    @Test("Until then it says what is missing, why, and what is there")
    func missing() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.addTenant("prod")
            var settings = FleetExporter.Settings()
            (settings.host, settings.port) = ("127.0.0.1", 0)
            try await fixture.reading(through: SecretsRefused(transport: fixture.transport)).serving(settings) {
                partial in
                let wanted =
                    "secrets not listed yet (this account may not list it); "
                    + "listed are 0 datastores, 0 deployments, 1 tenantcontrolplanes"
                let end = ContinuousClock.now + .seconds(240)
                var said = Readiness(0, "")
                while said.text != "not ready: \(wanted)", ContinuousClock.now < end {
                    said = try await partial.readiness()
                    #expect(said.status == 503)
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(said.text == "not ready: \(wanted)")
                for path in ["/metrics", "/sd"] {
                    let answer = try await partial.get(path)
                    #expect(answer.status == 503 && String(decoding: answer.body, as: UTF8.self) == "\(wanted)\n")
                }
            }
        }
    }

    @Test("Nobody is asked before it is known whom to trust")
    func patience() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.addTenant("prod")
            var settings = FleetExporter.Settings()
            (settings.host, settings.port) = ("127.0.0.1", 0)
            settings.configurationFile = "\(fixture.folder)/exporter.yml"
            let door = SecretsRefused(transport: fixture.transport)
            try await fixture.reading(through: door).serving(settings) { late in
                let end = ContinuousClock.now + .seconds(240)
                // Each a longer pause after the last: the tenant would be due by then.
                while door.refusals < 4, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
                door.open()
                while try await late.readiness().status != 200, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(50))
                }
                let identity = "{tcp_namespace=\"default\",tcp_name=\"prod\",check=\"readyz\"}"
                let page = try await late.eventually("a probe") { $0.contains("kamaji_probe_success\(identity)") }
                #expect(page.contains("kamaji_probe_success\(identity) 1"))
                #expect(page.contains("kamaji_probe_failures_total\(identity) 0"))
            }
        }
    }

    @Test("A port that is taken is named, with the flag that chooses another")
    func taken() async throws {
        try await ExporterFixture.run { fixture in
            let port = try #require(fixture.url.split(separator: ":").last.flatMap { Int($0) })
            var settings = FleetExporter.Settings()
            (settings.host, settings.port) = ("127.0.0.1", port)
            let second = try FleetExporter(
                settings, api: fixture.api, transport: fixture.transport, version: "test", log: fixture.log)
            let group = ServiceGroup(configuration: .init(services: [second], logger: fixture.log))
            let failure = await #expect(throws: ListenFailure.self) { try await group.run() }
            #expect(
                failure?.description
                    == "cannot listen on 127.0.0.1:\(port), another program listens there: stop that one, or choose "
                    + "another with --web.listen-address")
        }
    }

    @Test("Runbooks are where alerts send their reader")
    func runbooks() async throws {
        let rules = try String(
            contentsOf: RealPrometheus.repository.appending(path: "deploy/prometheus/kamaji.rules.yml"), encoding: .utf8
        )
        let links = rules.matches(of: /runbook_url: http:\/\/kamaji-exporter:9823(\S+)#(\S+)/).map {
            (path: String($0.output.1), anchor: String($0.output.2))
        }
        #expect(links.count > 20)
        try await ExporterFixture.run { fixture in
            let answer = try await fixture.get("/runbooks")
            #expect(answer.status == 200 && answer.headers["content-type"] == "text/html; charset=utf-8")
            let page = String(decoding: answer.body, as: UTF8.self)
            for link in links {
                #expect(link.path == "/runbooks" && page.contains("<h2 id=\"\(link.anchor)\">"), "\(link)")
            }
            #expect(page.contains("<code>kamaji_probe_failed_check</code>") && !page.contains("`"))
        }
    }

    @Test("What stands in a runbook is text, whatever it holds")
    func markup() {
        let page = RunbookPage.page("# A\n\n## Ab Cd\n<b> & `<i>`\n- one\n- two\nend")
        #expect(page.contains("<h1>A</h1>\n<h2 id=\"ab-cd\">Ab Cd</h2>\n<p>&lt;b&gt; &amp; <code>&lt;i&gt;</code></p>"))
        #expect(page.contains("<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<p>end</p>"))
    }
}

private struct Readiness: Equatable {
    let status: Int
    let text: String

    init(_ status: Int, _ text: String) { (self.status, self.text) = (status, text) }
}

extension ExporterFixture {
    fileprivate func readiness() async throws -> Readiness {
        let answer = try await get("/-/ready")
        return Readiness(
            answer.status, String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .newlines))
    }

    /// The same fleet, for an exporter whose requests to the admin API go through this.
    fileprivate func reading(through transport: some HTTPTransport) -> ExporterFixture {
        ExporterFixture(
            api: KubeClient(connection: api.connection, transport: transport, fieldManager: "test", log: log),
            transport: self.transport, tenantAuthority: tenantAuthority, endpoint: endpoint, url: url,
            folder: folder, log: log)
    }
}

/// Answers for Secrets as an API server does whose roles do not grant them.
private final class SecretsRefused: HTTPTransport {
    private let transport: CurlTransport
    private let state = Mutex((isOpen: false, refusals: 0))

    init(transport: CurlTransport) { self.transport = transport }

    var refusals: Int { state.withLock { $0.refusals } }

    /// Grants them from now on.
    func open() { state.withLock { $0.isOpen = true } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let isRefused =
            request.url.contains("/api/v1/secrets")
            && state.withLock { state in
                if !state.isOpen { state.refusals += 1 }
                return !state.isOpen
            }
        guard isRefused else { return try await transport.send(request) }
        let status: JSON = [
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        ]
        return HTTPResponse(status: 403, headers: [:], body: status.encoded())
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        try await transport.stream(request)
    }
}
