import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
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
            try await second.prune(before: 6)
            #expect(Set(try await second.load(since: 0).keys) == ["a"])
            let kept = try await second.load(since: 11)
            #expect(
                kept == ["a": RememberedTenant(hours: [.init(number: 11, watched: 120, ready: 30)], provisioning: 7.5)])
            await second.close()
        }
    }

    @Test("A file that another process holds for a moment is waited for, at the start and in writing")
    func patience() async throws {
        try await withFolder { folder in
            let path = "\(folder)/history.sqlite"
            let file = try HistoryFile(path)
            let lock = try WriteLock(path)
            async let saved: Void = file.save(["a": RememberedTenant(hours: [.init(number: 1, watched: 2, ready: 1)])])
            async let second = Task.detached { try HistoryFile(path) }.value
            try await Task.sleep(for: .milliseconds(500))
            lock.end()
            try await saved
            #expect(try await second.load(since: 0)["a"]?.hours.count == 1)
            try await second.close()
            await file.close()
        }
    }

    @Test("A history that cannot be written is told, and written once it can be")
    func locked() async throws {
        try await withFolder { folder in
            let path = "\(folder)/history.sqlite"
            try await ExporterFixture.run { settings, _ in
                settings.historyFile = path
                settings.historyInterval = .milliseconds(200)
            } _: { fixture in
                try await fixture.eventually("a beginning") {
                    $0.contains("kamaji_exporter_history_failures_total 0\n")
                }
                let lock = try WriteLock(path)
                try await fixture.addTenant("alive")
                try await fixture.eventually("a failure") {
                    $0.contains("kamaji_exporter_history_failures_total ")
                        && !$0.contains("kamaji_exporter_history_failures_total 0\n")
                }
                #expect(try await fixture.get("/-/healthy").status == 200)
                lock.end()
                let end = ContinuousClock.now + .seconds(240)
                var hours = 0
                while hours == 0, ContinuousClock.now < end {
                    let file = try HistoryFile(path)
                    hours = try await file.load(since: 0).values.reduce(0) { $0 + $1.hours.count }
                    await file.close()
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(hours > 0)
            }
        }
    }

    @Test("A place where no file can be is said at the start")
    func nowhere() throws {
        let error = #expect(throws: WebConfigurationError.self) { try HistoryFile("/nonexistent/history.sqlite") }
        #expect(error?.description.contains("/nonexistent/history.sqlite") == true)
    }

    @Test("What was measured until the end is written down, and told again after a restart")
    func restart() async throws {
        try await withFolder { folder in
            let path = "\(folder)/history.sqlite"
            let level = "kamaji_slo_availability_ratio{tcp_namespace=\"default\",tcp_name=\"alive\",window=\"30d\"} "
            let provisioning = "kamaji_tcp_provisioning_duration_seconds{tcp_namespace=\"default\",tcp_name=\"alive\"}"
            try await ExporterFixture.run { settings, _ in
                settings.historyFile = path
                // Nothing is written between the beginning, when there is nothing, and the end.
                settings.historyInterval = .seconds(86_400)
            } _: { fixture in
                try await fixture.addTenant("alive")
                let text = try await fixture.eventually("some probes") {
                    $0.contains("attempts_total{tcp_namespace=\"default\",tcp_name=\"alive\",check=\"readyz\"} 3")
                }
                #expect(!text.contains("kamaji_slo_availability_ratio{"))
            }
            // Of another fleet, whose tenant bears the uid of the former one's in its history.
            let file = try HistoryFile(path)
            let all = try await file.load(since: 0)
            let hours = all.values.flatMap(\.hours)
            // On a machine that is busy a probe may have come too late.
            let ratio = hours.reduce(0) { $0 + Double($1.ready) } / hours.reduce(0) { $0 + Double($1.watched) }
            #expect(all.count == 1 && ratio > 0)
            await file.close()

            try await ExporterFixture.run { fixture in
                try await fixture.addTenant("alive")
                let uid = try await fixture.api.get(
                    .tenantControlPlanes, ObjectKey(namespace: "default", name: "alive")
                ).uid
                let renamed = try HistoryFile(path)
                try await renamed.save([uid: RememberedTenant(hours: all.values.flatMap(\.hours), provisioning: 7.5)])
                await renamed.close()
                var settings = FleetExporter.Settings()
                settings.host = "127.0.0.1"
                settings.port = 0
                settings.historyFile = path
                // So long that nothing can be measured anew.
                settings.configurationFile = "\(fixture.folder)/slow.yml"
                try Data("{probe_interval: 2h}".utf8).write(to: URL(filePath: "\(fixture.folder)/slow.yml"))
                for _ in 0..<2 {
                    try await fixture.serving(settings) { again in
                        let text = try await again.eventually("what was remembered") { $0.contains(level) }
                        let line = text.split(separator: "\n").first { $0.hasPrefix(level) }
                        let told = line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
                        #expect(abs(told - ratio) < 0.001, "\(told), and \(ratio) was remembered")
                        #expect(text.contains("\(provisioning) 7.5"))
                    }
                }
            }
        }
    }

    @Test("Also an exporter whose task is cancelled writes down what it measured")
    func cancelled() async throws {
        try await withFolder { folder in
            let path = "\(folder)/history.sqlite"
            try await ExporterFixture.run { fixture in
                try await fixture.addTenant("alive")
                var settings = FleetExporter.Settings()
                settings.host = "127.0.0.1"
                settings.port = 0
                settings.historyFile = path
                settings.historyInterval = .seconds(86_400)
                settings.configurationFile = "\(fixture.folder)/exporter.yml"
                let (ports, port) = AsyncStream.makeStream(of: Int.self)
                let exporter = try FleetExporter(
                    settings, api: fixture.api, transport: fixture.transport, version: "test",
                    log: fixture.log, onRunning: { port.yield($0) })
                let task = Task { try await exporter.run() }
                let bound = try #require(await ports.first { _ in true })
                let other = ExporterFixture(
                    api: fixture.api, transport: fixture.transport, tenantAuthority: fixture.tenantAuthority,
                    endpoint: fixture.endpoint, url: "http://127.0.0.1:\(bound)", folder: fixture.folder,
                    log: fixture.log)
                try await other.eventually("some probes") {
                    $0.contains("attempts_total{tcp_namespace=\"default\",tcp_name=\"alive\",check=\"readyz\"} 3")
                }
                task.cancel()
                _ = await task.result
            }
            let file = try HistoryFile(path)
            #expect(try await file.load(since: 0).values.contains { $0.hours.contains { $0.ready > 0 } })
            await file.close()
        }
    }
}

/// Another program that writes to the file, until it is told to end.
private final class WriteLock: Sendable {
    private let input = Pipe()
    private let pid: Int32

    init(_ path: String) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        let program = """
            import sqlite3, sys
            file = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
            file.execute("BEGIN EXCLUSIVE")
            print("held", flush=True)
            sys.stdin.read()
            file.execute("ROLLBACK")
            """
        process.arguments = ["-c", program, path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        pid = process.processIdentifier
        try #require(!output.fileHandleForReading.availableData.isEmpty, "the file cannot be locked")
    }

    func end() { try? input.fileHandleForWriting.close() }

    deinit { kill(pid, SIGKILL) }
}
