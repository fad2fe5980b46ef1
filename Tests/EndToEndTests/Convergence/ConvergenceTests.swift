import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Reconciliation
import Subprocess
import SystemPackage
import TenantAPI
import Testing

@testable import kamaji_manager

/// The manager at the worst moments: whatever interrupts it, the fleet ends as its users asked.
@Suite("A fleet converges", .serialized)
struct ConvergenceTests {
    static let kills = 50

    @Test("whenever the manager is killed")
    func killed() async throws {
        let seed = FleetScript.seed
        try await AdminCluster.run { cluster in
            var script = FleetScript(seed: seed)
            let observer = Observer(cluster)
            let watching = Task { try await observer.run() }
            defer { watching.cancel() }
            for _ in 0..<Self.kills {
                let moment = script.number(in: 1...60)
                let deeds = script.number(in: 1...4)
                let before = await observer.seen
                try await ManagerProcess.run(cluster.kubeconfig) { _ in
                    for _ in 0..<deeds { try await script.act(on: cluster) }
                    // So many events later, or when nothing happens any more.
                    await observer.wait(until: before + moment)
                }
            }
            let wanted = script.wanted
            #expect(script.written > 0, "no tenant wrote anything, with seed \(seed)")
            try await ManagerProcess.run(cluster.kubeconfig) { _ in
                try await Self.expectConvergence(FleetVerdict(cluster: cluster, wanted: wanted), seed)
            }
            let reissued = await observer.history.reissued
            #expect(reissued.isEmpty, "issued more than once, with seed \(seed)")
            let count = await observer.history.count
            #expect(count >= FleetScript.size * 10, "the observer saw too little to judge, with seed \(seed)")
        }
    }

    @Test("whatever goes wrong between it and its API server")
    func shaken() async throws {
        let seed = FleetScript.seed
        try await AdminCluster.run { cluster in
            var script = FleetScript(seed: seed)
            let observer = Observer(cluster)
            let watching = Task { try await observer.run() }
            defer { watching.cancel() }
            let base = CurlTransport()
            defer { base.shutdown() }
            let faulty = FaultyTransport(base, seed: seed)
            var log = Logger(label: "shaken")
            log.logLevel = .critical
            let connection = try ClusterConnection.load(path: cluster.kubeconfig, environment: [:])
            let api = KubeClient(
                connection: connection, transport: faulty, fieldManager: "kamaji-manager", log: log,
                sleep: { _ in try await Task.sleep(for: .milliseconds(2)) })
            let manager = TenantManager(
                api: api, transport: base, settings: TenantSettings(), instance: "test", metrics: ManagerMetrics(),
                log: log)
            let reconciling = Task { try await manager.run() }
            defer { reconciling.cancel() }
            for _ in 0..<120 { try await script.act(on: cluster) }
            let wanted = script.wanted
            #expect(script.written > 0, "no tenant wrote anything, with seed \(seed)")
            try await Self.expectConvergence(FleetVerdict(cluster: cluster, wanted: wanted), seed)
            let counts = faulty.counts
            for fault in FaultyTransport.Fault.allCases {
                #expect(counts[fault] ?? 0 > 0, "\(fault) never happened, with seed \(seed)")
            }
            let reissued = await observer.history.reissued
            #expect(reissued.isEmpty, "issued more than once, with seed \(seed)")
        }
    }

    private static func expectConvergence(_ verdict: FleetVerdict, _ seed: UInt64) async throws {
        var faults: [String] = []
        // A limit that only a fleet which never converges reaches.
        for _ in 0..<600 {
            faults = try await verdict.faults()
            if faults.isEmpty { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(faults.isEmpty, "with seed \(seed)")
    }
}

/// Watches the tenants' Secrets through a connection of its own.
actor Observer {
    let history = SecretHistory()
    private let cluster: AdminCluster
    private(set) var seen = 0

    init(_ cluster: AdminCluster) { self.cluster = cluster }

    func run() async throws {
        try await cluster.api.watch(.secrets, namespace: FleetScript.namespace) { event in
            await self.note(event)
        }
    }

    private func note(_ event: WatchEvent) async {
        seen += 1
        switch event {
        case .relisted(let objects, _): for object in objects { await history.note(object) }
        case .changed(let object): await history.note(object)
        case .deleted: break
        }
    }

    /// Returns when that many events were seen, or none came for a while.
    func wait(until count: Int) async {
        var quiet = 0
        var last = seen
        while seen < count, quiet < 300 {
            try? await Task.sleep(for: .milliseconds(5))
            quiet = seen == last ? quiet + 1 : 0
            last = seen
        }
    }
}

/// `kamaji-manager run`, for as long as `body` takes; then it is killed, without a chance to say goodbye.
enum ManagerProcess {
    static var program: String {
        // Beside the bundle of tests that this is part of.
        Bundle.main.bundleURL.appending(path: "kamaji-manager").path
    }

    static func run(
        _ kubeconfig: String, _ body: (Execution<NoInput, DiscardedOutput, DiscardedOutput>) async throws -> Void
    ) async throws {
        _ = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: [
                "run", "--kubeconfig", kubeconfig, "--leader-elect=false", "--metrics-bind-address=127.0.0.1:0",
                "--health-probe-bind-address=127.0.0.1:0",
            ],
            input: .none, output: .discarded, error: .discarded
        ) { execution in
            do {
                try await body(execution)
            } catch {
                try execution.send(signal: .kill)
                throw error
            }
            try execution.send(signal: .kill)
        }
    }
}
