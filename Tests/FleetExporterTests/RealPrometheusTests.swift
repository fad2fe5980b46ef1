import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import Testing

@testable import FleetExporter

@Suite(
    "A real Prometheus", .timeLimit(.minutes(20)),
    .enabled(if: RealPrometheus.isInstalled, "Debian's prometheus is not installed"))
struct RealPrometheusTests {
    @Test("It scrapes without a complaint, forgets who left, and alerts on what is broken and on nothing else")
    func scraping() async throws {
        // Who does not answer at once is not down for it: what is broken here refuses.
        let patience = "{probe_interval: 5s, probe_timeout: 5s, datastore_interval: 2s, tenant_interval: 2s}"
        try await ExporterFixture.run(configure: { settings, folder in
            try Data(patience.utf8).write(to: URL(filePath: "\(folder)/exporter.yml"))
        }) { fixture in
            try await fixture.addTenant("alive")
            try await fixture.eventually("the first probe") { $0.contains("check=\"readyz\"} 1") }
            let prometheus = try await RealPrometheus(scraping: fixture.url, folder: fixture.folder)
            try await prometheus.eventually("several scrapes", "sum_over_time(up[15m]) >= 5") { !$0.isEmpty }
            #expect(try await prometheus.values("kamaji_probe_success{check=\"readyz\"}") == [1])
            #expect(try await prometheus.firing() == [])

            try await fixture.addTenant("dead", endpoint: "127.0.0.1:1")
            let expired = try ExporterFixture.issue(
                fixture.tenantAuthority, "client", isServer: false, validity: .seconds(1))
            try await fixture.addSecret(
                "alive", "api-server-kubelet-client-certificate",
                [
                    "apiserver-kubelet-client.crt": expired.certificate.pem,
                    "apiserver-kubelet-client.key": expired.key.pem,
                ])
            try await fixture.addDeadDatastore("gone")
            let expected: Set = ["KamajiTenantAPIDown dead", "KamajiCertExpired alive", "KamajiDatastoreDown gone"]
            let end = ContinuousClock.now + .seconds(240)
            var firing = try await prometheus.firing()
            while !firing.isSuperset(of: expected), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(500))
                firing = try await prometheus.firing()
            }
            // A scrape that was late leaves nothing to be asked for until the next.
            try await prometheus.eventually("the endpoint", "kamaji_ds_endpoint_up{endpoint=\"127.0.0.1:1\"}") {
                $0 == [0]
            }
            #expect(firing.isSuperset(of: expected))
            let known = expected.union([
                "KamajiCertProblem alive", "KamajiCertRotationOverdue alive", "KamajiTenantAPIErrorBudgetBurn dead",
            ])
            #expect(firing.subtracting(known) == [])

            try await fixture.api.delete(.tenantControlPlanes, ObjectKey(namespace: "default", name: "dead"))
            try await prometheus.eventually("the end of a tenant", "{tcp_name=\"dead\",job=\"kamaji-exporter\"}") {
                $0.isEmpty
            }
            try await prometheus.eventually("a scrape after all of it", "up") { $0 == [1] }
            for complaint in ["out-of-order", "out of order", "different value but same timestamp", "level=error"] {
                #expect(!prometheus.log.contains(complaint), "\(complaint): \(prometheus.log)")
            }
        }
    }

    @Test("It finds every tenant by itself, and asks the exporter for each")
    func discovery() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.addTenant("alive")
            try await fixture.addTenant("dead", endpoint: "127.0.0.1:1")
            try await fixture.eventually("both tenants") { $0.contains("\"dead\",check=\"readyz\"} 0") }
            let prometheus = try await RealPrometheus(
                scraping: fixture.url, folder: fixture.folder,
                jobs: """
                    - job_name: tenants
                      http_sd_configs: [{url: "\(fixture.url)/sd/probes", refresh_interval: 1s}]
                      relabel_configs:
                      - {source_labels: [__meta_kamaji_version], target_label: version}
                    """)
            for (name, value) in [("alive", 1.0), ("dead", 0)] {
                try await prometheus.eventually(
                    "the answer of \(name)",
                    "probe_success{job=\"tenants\",instance=\"default/\(name)\",version=~\"v.*\"}"
                ) { $0 == [value] }
            }
            try await prometheus.eventually("scrapes that succeed", "up{job=\"tenants\"}") { $0 == [1, 1] }
        }
    }

    @Test("Its own tool finds nothing wrong with the page, the rules, and what the rules say")
    func tool() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.addTenant("alive")
            let page = try await fixture.eventually("the first probe") { $0.contains("check=\"readyz\"} 1") }
            try Data(page.utf8).write(to: URL(filePath: "\(fixture.folder)/page.txt"))
            let checked = try await RealPrometheus.tool(["check", "metrics"], input: "\(fixture.folder)/page.txt")
            #expect(checked.code == 0, "\(checked.text)")
        }
        let folder = RealPrometheus.repository.appending(path: "deploy/prometheus").path
        let rules = try await RealPrometheus.tool(["check", "rules", "\(folder)/kamaji.rules.yml"])
        #expect(rules.code == 0, "\(rules.text)")
        let tests = try await RealPrometheus.tool(["test", "rules", "\(folder)/kamaji.rules.test.yml"])
        #expect(tests.code == 0, "\(tests.text)")
    }
}

/// Debian's prometheus over one exporter, with our rules, whose waits are left out.
final class RealPrometheus: Sendable {
    static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/prometheus")
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private let pid: Int32
    private let logFile: String
    private let port: String
    private let transport = CurlTransport()

    /// - Parameter jobs: to scrape beside the exporter, as the configuration has them.
    init(scraping url: String, folder: String, jobs: String = "") async throws {
        let rules = try String(
            contentsOf: Self.repository.appending(path: "deploy/prometheus/kamaji.rules.yml"), encoding: .utf8)
        let hurried = rules.replacing(/for: [0-9]+[smh]/, with: "for: 0s").replacing(
            "interval: 30s", with: "interval: 1s"
        )
        .replacing("> 900)", with: "> -1)")
        try Data(hurried.utf8).write(to: URL(filePath: "\(folder)/rules.yml"))
        let target = url.dropFirst("http://".count)
        // As the Prometheus operator makes it of our ServiceMonitor, with its labels for the target.
        let manifest = Self.repository.appending(path: "deploy/manifests/exporter/servicemonitor.yaml")
        let object = try #require(try YAML.parse(try String(contentsOf: manifest, encoding: .utf8)).first)
        let monitor = try #require(object[path: "spec", "endpoints"]?[0])
        let relabeling = monitor["relabelings"]?[0]
        let configuration = """
            global: {scrape_interval: 5s, scrape_timeout: 5s, evaluation_interval: 1s}
            rule_files: [rules.yml]
            scrape_configs:
            - job_name: serviceMonitor/kamaji-system/kamaji-exporter/0
              honor_labels: \(monitor["honorLabels"]?.bool ?? false)
              relabel_configs:
              - {target_label: \(relabeling?["targetLabel"]?.string ?? ""), replacement: \
            \(relabeling?["replacement"]?.string ?? "")}
              static_configs:
              - targets: ["\(target)"]
                labels: {endpoint: metrics, namespace: kamaji-system, pod: exporter-0, service: exporter}
            \(jobs)
            """
        try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/prometheus.yml"))
        logFile = "\(folder)/prometheus.log"
        _ = FileManager.default.createFile(atPath: logFile, contents: nil)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/prometheus")
        process.arguments = [
            "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/prometheus",
            "--web.listen-address=127.0.0.1:0",
        ]
        let output = try FileHandle(forWritingTo: URL(filePath: logFile))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        pid = process.processIdentifier
        var found: String?
        while found == nil {
            try #require(process.isRunning, "prometheus ended")
            try await Task.sleep(for: .milliseconds(100))
            let text = (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? ""
            found = text.firstMatch(of: /Listening on.*address=127\.0\.0\.1:([0-9]+)/).map { String($0.1) }
        }
        port = try #require(found)
    }

    deinit { kill(pid, SIGKILL) }

    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    private func ask(_ path: String) async throws -> JSON {
        let response = try await transport.send(HTTPRequest("GET", "http://127.0.0.1:\(port)\(path)"))
        return try JSON(parsing: response.body)["data"] ?? .null
    }

    func values(_ query: String) async throws -> [Double] {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "_")
        let text = query.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        let results = try await ask("/api/v1/query?query=\(text)")["result"]?.array ?? []
        return results.compactMap { $0["value"]?[1]?.string.flatMap { Double($0) } }
    }

    func eventually(_ what: Comment, _ query: String, _ holds: ([Double]) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < end {
            if let values = try? await values(query), holds(values) { return }
            try await Task.sleep(for: .milliseconds(300))
        }
        Issue.record("\(what) did not come about")
    }

    /// Names of alerts, each with whom it is about.
    func firing() async throws -> Set<String> {
        let alerts = try await ask("/api/v1/alerts")["alerts"]?.array ?? []
        return Set(
            alerts.filter { $0["state"]?.string == "firing" }.map { alert in
                let labels = alert["labels"]
                let whom = labels?["tcp_name"]?.string ?? labels?["datastore_name"]?.string ?? ""
                return "\(labels?["alertname"]?.string ?? "") \(whom)"
            })
    }

    /// On a thread of its own: it takes long, and there are as few others as processors.
    static func tool(_ arguments: [String], input: String? = nil) async throws -> (code: Int32, text: String) {
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread { done.resume(with: Result { try run(arguments, input: input) }) }
        }
    }

    private static func run(_ arguments: [String], input: String?) throws -> (code: Int32, text: String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/promtool")
        process.arguments = arguments
        process.standardInput = try input.map { try FileHandle(forReadingFrom: URL(filePath: $0)) } ?? .nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}

extension ExporterFixture {
    /// An etcd that nobody is.
    @discardableResult
    func addDeadDatastore(_ name: String) async throws -> PrivateKey {
        try await addDatastore(name, endpoints: ["127.0.0.1:1"])
    }

    /// An etcd whose certificates the tenant's authority made.
    /// - Returns: the key to ask it with.
    @discardableResult
    func addDatastore(_ name: String, endpoints: [String]) async throws -> PrivateKey {
        var object = ResourceType.dataStores.object(ObjectKey(namespace: nil, name: name))
        let client = try Self.issue(tenantAuthority, "root", isServer: false)
        func content(_ bytes: [UInt8]) -> JSON { ["content": .string(Base64.encode(bytes))] }
        object["spec"] = [
            "driver": "etcd", "endpoints": .array(endpoints.map { .string($0) }),
            "tlsConfig": [
                "certificateAuthority": [
                    "certificate": content(tenantAuthority.certificate.pem),
                    "privateKey": content(tenantAuthority.key.pem),
                ],
                "clientCertificate": [
                    "certificate": content(client.certificate.pem), "privateKey": content(client.key.pem),
                ],
            ],
        ]
        _ = try await api.create(object, .dataStores)
        return client.key
    }
}
