import Foundation
import Probing
import Testing

@testable import FleetExporter

@Suite("History that survives a restart", .timeLimit(.minutes(20)))
struct HistoryTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        var template = Array("\(NSTemporaryDirectory())/history-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("What was written is read again, the newest of each hour, and what is too old is thrown away")
    func file() async throws {
        try await withFolder { folder in
            let path = "\(folder)/history.sqlite"
            let first = try HistoryFile(path)
            try await first.save([
                "a": RememberedTenant(
                    hours: [.init(number: 10, watched: 60, ready: 60), .init(number: 11, watched: 60, ready: 0)],
                    provisioning: 7.5),
                "o'; DROP TABLE availability": RememberedTenant(hours: [.init(number: 5, watched: 1, ready: 1)]),
            ])
            try await first.save(["a": RememberedTenant(hours: [.init(number: 11, watched: 120, ready: 30)])])
            await first.close()
            let second = try HistoryFile(path)
            let all = try await second.load(since: 0)
            #expect(all.count == 2 && all["o'; DROP TABLE availability"]?.hours.count == 1)
            let kept = try await second.load(since: 11)
            #expect(
                kept == ["a": RememberedTenant(hours: [.init(number: 11, watched: 120, ready: 30)], provisioning: 7.5)])
            await second.close()
        }
    }

    @Test("A place where no file can be is said at the start")
    func nowhere() throws {
        let error = #expect(throws: WebConfigurationError.self) { try HistoryFile("/nonexistent/history.sqlite") }
        #expect(error?.description.contains("/nonexistent/history.sqlite") == true)
    }

    @Test("A fleet's service level is told, and written down when the exporter ends")
    func fleet() async throws {
        try await withFolder { folder in
            try await ExporterFixture.run { settings, _ in
                settings.historyFile = "\(folder)/history.sqlite"
                settings.historyInterval = .milliseconds(200)
            } _: { fixture in
                try await fixture.addTenant("alive")
                try await fixture.eventually("a service level") {
                    $0.contains(
                        "kamaji_slo_availability_ratio{tcp_namespace=\"default\",tcp_name=\"alive\",window=\"30d\"} 1")
                        && $0.contains("kamaji_slo_error_budget_remaining_ratio{")
                }
            }
            let file = try HistoryFile("\(folder)/history.sqlite")
            let all = try await file.load(since: 0)
            #expect(all.values.contains { $0.hours.contains { $0.ready > 0 && $0.ready == $0.watched } })
            await file.close()
        }
    }
}
