import Foundation
import KubeObjects
import Prometheus
import Testing

@testable import Probing

@Suite("Rules, dashboards and runbooks that are shipped")
struct ShippedFilesTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static let dashboards = ["fleet", "tenant", "datastore", "tunnel"].map {
        "deploy/grafana/kamaji-\($0).json"
    }

    /// Every metric of ours that an expression may name, histograms by their parts.
    private static let exported: Set<String> = Catalogue.entries.reduce(into: []) { names, entry in
        let name = entry.definition.name
        names.insert(name)
        if entry.definition.kind == .histogram {
            names.formUnion(["_bucket", "_sum", "_count"].map { name + $0 })
        }
    }

    @Test(
        "They name only metrics that are exported",
        arguments: ["deploy/prometheus/kamaji.rules.yml", "deploy/prometheus/kamaji.rules.test.yml"] + dashboards)
    func names(path: String) throws {
        let text = try Self.text(path)
        let named = Set(text.matches(of: /\b(kamaji|process)_[a-z0-9_]+\b/).map { String($0.output.0) })
        #expect(!named.isEmpty)
        #expect(named.subtracting(Self.exported) == [])
    }

    /// Every rule by itself.
    private static func rules() throws -> [String] {
        try text("deploy/prometheus/kamaji.rules.yml").split(separator: /\n  - (?=alert:|record:)/).map(String.init)
    }

    @Test(
        "Every metric that a rule names is served in the lean profile, or another of the same rule stands for it there")
    func lean() throws {
        let lean = Catalogue.definitions(.lean, compatible: false).reduce(into: Set<String>()) { names, metric in
            names.formUnion(["", "_bucket", "_sum", "_count"].map { metric.name + $0 })
        }
        let rich = Catalogue.certificateNotAfter.name
        let poor = Catalogue.certificateEarliest.name
        var count = 0
        for rule in try Self.rules() {
            var named = Set(rule.matches(of: /\bkamaji_[a-z0-9_]+\b/).map { String($0.output) })
            if named.contains(poor) { named.remove(rich) }
            #expect(named.subtracting(lean) == [], "\(rule.prefix(60))")
            count += named.count
        }
        #expect(count > 40)
    }

    @Test("What a rule takes from another rule is there")
    func recorded() throws {
        let text = try Self.text("deploy/prometheus/kamaji.rules.yml")
        let recorded = Set(text.matches(of: /record: (kamaji:[a-z0-9_:]+)/).map { String($0.output.1) })
        let named = Set(text.matches(of: /kamaji:[a-z0-9_]+:[a-z0-9_]+/).map { String($0.output) })
        #expect(named.subtracting(recorded) == [])
    }

    @Test("Every alert has its runbook and unit tests in which it fires and does not, and every runbook its alert")
    func runbooks() throws {
        let rules = try Self.text("deploy/prometheus/kamaji.rules.yml")
        let alerts = Set(rules.matches(of: /alert: ([A-Za-z]+)/).map { String($0.output.1) })
        let runbooks = try Self.text("docs/runbooks.md")
        let sections = Set(runbooks.matches(of: /\n## ([A-Za-z]+)/).map { String($0.output.1) })
        #expect(alerts.count > 20 && alerts == sections)
        let tests = try Self.text("deploy/prometheus/kamaji.rules.test.yml")
        for alert in alerts {
            #expect(tests.contains("alertname: \(alert)\n    exp_alerts:\n"), "\(alert) is never seen to fire")
            #expect(tests.contains("alertname: \(alert)\n    exp_alerts: []\n"), "\(alert) is never seen to keep quiet")
        }
    }

    @Test("Dashboards are JSON of which every panel has a title and asks something", arguments: dashboards)
    func panels(path: String) throws {
        let board = try JSON(parsing: try Self.text(path))
        let panels = try #require(board["panels"]?.array).filter { $0["type"]?.string != "row" }
        #expect(panels.count >= 7 && board["uid"]?.string?.isEmpty == false)
        for panel in panels {
            #expect(panel["title"]?.string?.isEmpty == false)
            #expect(panel["targets"]?.array?.allSatisfy { $0["expr"]?.string?.isEmpty == false } == true)
        }
    }
}
