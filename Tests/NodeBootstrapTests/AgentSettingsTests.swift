import Foundation
import NodeIdentity
import Synchronization
import Testing

@testable import Konnectivity
@testable import NodeBootstrap

@Suite struct AgentSettingsTests {
    @Test func `everything may be left out, and what is said is taken`() throws {
        #expect(try AgentSettings(yaml: "") == AgentSettings())
        #expect(try AgentSettings(yaml: "# nothing yet\n") == AgentSettings())
        let settings = try AgentSettings(
            yaml: """
                logLevel: debug
                tunnel:
                  servers: [a.example.com:8132, "[fd00::1]:8132"]
                  connectionsPerServer: 2
                  authentication: certificate
                  allow: [192.168.7.0/24, fd07::1]
                """)
        #expect(settings.logLevel == .debug && settings.tunnel.connectionsPerServer == 2)
        #expect(settings.tunnel.servers.map(\.description) == ["a.example.com:8132", "[fd00::1]:8132"])
        #expect(settings.tunnel.authentication == .certificate && settings.tunnel.allowed.count == 2)
    }

    @Test(arguments: [
        ("logLevel: loud", "logLevel"), ("loglevel: info", "loglevel is not known"), ("tunnel: 1", "tunnel"),
        ("tunnel: {servers: a.example.com:8132}", "tunnel.servers"), ("tunnel: {servers: [nowhere]}", "nowhere"),
        ("tunnel: {connectionsPerServer: 0}", "connectionsPerServer is 0"),
        ("tunnel: {connectionsPerServer: many}", "connectionsPerServer"),
        ("tunnel: {authentication: password}", "token, certificate"), ("tunnel: {allow: [everything]}", "everything"),
        ("tunnel: {deny: []}", "tunnel.deny is not known"), ("[1]", "one mapping"), ("a: [", "no YAML"),
    ])
    func `what is wrong is named, with what it can be`(yaml: String, named: String) {
        let error = #expect(throws: AgentSettingsError.self) { try AgentSettings(yaml: yaml) }
        #expect(error?.description.contains(named) == true, "\(String(describing: error))")
    }

    @Test func `the file that the package brings says every default, and is read without its comments`() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../deploy/packages/kamaji-agent/config.yaml")
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(try AgentSettings(yaml: text) == AgentSettings())
        // Settings follow their mark at once, or stand two blanks deeper; sentences are one blank away.
        let settings = text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { $0.dropFirst() }
            .filter { !$0.hasPrefix(" ") || $0.hasPrefix("  ") }.joined(separator: "\n")
        var expected = AgentSettings()
        expected.logLevel = .info
        #expect(try AgentSettings(yaml: settings) == expected)
        for field in ["logLevel", "servers", "connectionsPerServer", "authentication", "allow"] {
            #expect(settings.contains("\(field): "))
        }
    }

    @Test func `settings that cannot be read leave those in force that were`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (files, live) = (HostFiles(root: folder), LiveSettings())
        try live.reload(files, path: "/config.yaml", isRequired: false)
        #expect(throws: AgentSettingsError.self) {
            try live.reload(files, path: "/config.yaml", isRequired: true)
        }
        try files.write(NodeFile("/config.yaml", mode: 0o600, "tunnel: {connectionsPerServer: 3}\n"))
        try live.reload(files, path: "/config.yaml", isRequired: true)
        try files.write(NodeFile("/config.yaml", mode: 0o600, "tunnel: {connectionsPerServer: -3}\n"))
        #expect(throws: AgentSettingsError.self) {
            try live.reload(files, path: "/config.yaml", isRequired: true)
        }
        #expect(live.current.tunnel.connectionsPerServer == 3)
    }
}

@Suite(.timeLimit(.minutes(5))) struct StopBoundTests {
    @Test func `what has not ended by then is ended, and what has is let be`() async {
        let slept = Mutex<Duration?>(nil)
        let ended = Mutex(0)
        await withCheckedContinuation { continuation in
            StopBound(sleep: { duration in slept.withLock { $0 = duration } }) {
                ended.withLock { $0 += 1 }
                continuation.resume()
            }.begin()
        }
        #expect(slept.withLock { $0 } == StopBound.limit && ended.withLock { $0 } == 1)
        // The unit is given five, the tunnel's connections less than the agent as a whole.
        #expect(StopBound.limit < .seconds(5) && TunnelPlan.drainTimeout < StopBound.limit)
        let early = StopBound(sleep: { _ in throw CancellationError() }) { ended.withLock { $0 += 1 } }.begin()
        await early.value
        #expect(ended.withLock { $0 } == 1)
    }
}
