import Foundation
import KubeObjects
import Testing

@testable import FleetExporter

@Suite(
    "What dashboards ask", .timeLimit(.minutes(20)),
    .enabled(if: RealPrometheus.isInstalled, "Debian's prometheus is not installed"))
struct DashboardTests {
    private struct Question {
        let panel: String
        let expression: String
    }

    /// Every question of one dashboard, with Grafana's variables filled in.
    private static func questions(_ name: String) throws -> [Question] {
        let file = RealPrometheus.repository.appending(path: "deploy/grafana/kamaji-\(name).json")
        let board = try JSON(parsing: try String(contentsOf: file, encoding: .utf8))
        return (board["panels"]?.array ?? []).flatMap { panel in
            (panel["targets"]?.array ?? []).compactMap { target in
                target["expr"]?.string.map { expression in
                    Question(
                        panel: panel["title"]?.string ?? "",
                        expression: expression.replacing("$__rate_interval", with: "5m").replacing(
                            /\$[a-z_]+/, with: ".*"))
                }
            }
        }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        var template = Array("\(NSTemporaryDirectory())/dashboard-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("Prometheus understands it", arguments: ["fleet", "tenant", "datastore", "tunnel"])
    func syntax(name: String) async throws {
        try await withFolder { folder in
            let questions = try Self.questions(name)
            #expect(questions.count > 7)
            let rules = questions.enumerated().map { index, question -> JSON in
                ["record": .string("q:\(index)"), "expr": .string(question.expression)]
            }
            let file: JSON = ["groups": [["name": "dashboard", "rules": .array(rules)]]]
            try Data(file.encoded()).write(to: URL(filePath: "\(folder)/rules.yml"))
            let checked = try await RealPrometheus.tool(["check", "rules", "\(folder)/rules.yml"])
            #expect(checked.code == 0, "\(checked.text)")
        }
    }

    /// Panels, and what is to be answered to them; a time is in milliseconds.
    private static let cases: [(board: String, panel: String, index: Int, samples: [(labels: String, value: Int)])] = [
        (
            "fleet", "Not ready, and since when", 0,
            [
                ("{tcp_namespace=\"team\",tcp_name=\"down\",check=\"readyz\"}", 60_000),
                ("{tcp_namespace=\"team\",tcp_name=\"never\",check=\"readyz\"}", 0),
            ]
        ),
        ("fleet", "Tunnels broken", 0, [("{}", 2)]),
        (
            "tunnel", "Broken", 0,
            [
                ("{tcp_namespace=\"team\",tcp_name=\"told\"}", 1), ("{tcp_namespace=\"team\",tcp_name=\"dialled\"}", 1),
            ]
        ),
    ]

    @Test("Who refuses us is not down, who is is told with the last time, and a tunnel is broken whoever found it so")
    func answers() async throws {
        try await withFolder { folder in
            let tests = try Self.cases.map { test -> JSON in
                let question = try #require(
                    try Self.questions(test.board).filter { $0.panel == test.panel }.dropFirst(test.index).first)
                let expected = test.samples.map { sample -> JSON in
                    ["labels": .string(sample.labels), "value": JSON(sample.value)]
                }
                return ["expr": .string(question.expression), "eval_time": "10m", "exp_samples": .array(expected)]
            }
            let series = [
                "kamaji_probe_success{NAME=\"down\",check=\"readyz\"}": "0x20",
                "kamaji_probe_last_success_timestamp_seconds{NAME=\"down\",check=\"readyz\"}": "60x20",
                "kamaji_probe_last_failure_info{NAME=\"down\",check=\"readyz\",reason=\"refused\"}": "1x20",
                "kamaji_probe_success{NAME=\"never\",check=\"readyz\"}": "0x20",
                "kamaji_probe_success{NAME=\"shy\",check=\"readyz\"}": "1x20",
                "kamaji_probe_last_success_timestamp_seconds{NAME=\"shy\",check=\"readyz\"}": "500x20",
                "kamaji_probe_last_failure_info{NAME=\"shy\",check=\"readyz\",reason=\"unauthorized\"}": "1x20",
                "kamaji_konnectivity_tunnel_broken{NAME=\"told\"}": "1x20",
                "kamaji_konnectivity_dial_success{NAME=\"dialled\"}": "0x20",
                "kamaji_konnectivity_dial_success{NAME=\"well\"}": "1x20",
            ]
            let input = series.map { name, values -> JSON in
                [
                    "series": .string(name.replacing("NAME", with: "tcp_namespace=\"team\",tcp_name")),
                    "values": .string(values),
                ]
            }
            let file: JSON = [
                "tests": [["interval": "1m", "input_series": .array(input), "promql_expr_test": .array(tests)]]
            ]
            try Data(file.encoded()).write(to: URL(filePath: "\(folder)/test.yml"))
            let tested = try await RealPrometheus.tool(["test", "rules", "\(folder)/test.yml"])
            #expect(tested.code == 0, "\(tested.text)")
        }
    }
}
