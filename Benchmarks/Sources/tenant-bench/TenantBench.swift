import ArgumentParser
import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging

@main
struct TenantBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant-bench",
        abstract: "Measure how fast and at what cost a manager brings tenants into being.",
        discussion: """
            Creates all tenants at once, with no replicas, and watches them until every one reports that all its objects
            are applied; with --running, with one replica, until every one is Ready. Prints one line of JSON.
            """)

    @Option(help: "Tenants to create.")
    var tenants = 100

    @Option(help: "kamaji-manager to be measured.")
    var manager: String

    @Option(help: "Kubeconfig of an API server that has the definitions. Without it: a standalone cluster of its own.")
    var kubeconfig: String?

    @Option(help: "DataStore of the tenants.")
    var datastore = "default"

    @Option(help: "Namespace of the tenants; it is made, and deleted in the end. Without it: one of a new name.")
    var namespace: String?

    @Flag(help: "Give each tenant a replica, and wait until it is Ready and everything inside it is in place.")
    var running = false

    func validate() throws {
        guard (1...10_000).contains(tenants) else {
            throw ValidationError("--tenants is \(tenants): give a number from 1 to 10000")
        }
    }

    func run() async throws {
        if let kubeconfig {
            let starting = running ? tenants : 0
            try await ManagerUnderTest.reconciling(kubeconfig, program: manager, starting: starting) { process in
                try await measure(process, kubeconfig: kubeconfig)
            }
        } else {
            try await ManagerUnderTest.standalone(program: manager) { process, kubeconfig in
                try await measure(process, kubeconfig: kubeconfig)
            }
        }
    }

    private func measure(_ process: ManagerUnderTest, kubeconfig: String) async throws {
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let log = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let api = KubeClient(
            connection: try ClusterConnection.load(path: kubeconfig, environment: [:]), transport: transport,
            fieldManager: "tenant-bench", log: log)
        let fleet = Fleet(
            api: api, size: tenants, namespace: namespace ?? "bench-\(UInt32.random(in: 0...UInt32.max))",
            datastore: datastore, isRunning: running)
        try await fleet.prepare()
        // One tenant first, so that connections and caches are warm, and what is measured is the tenants alone.
        try await fleet.warmUp()
        let before = try ProcessSample(process.id)
        let times = try await fleet.create()
        let after = try ProcessSample(process.id)
        var repairs: [Duration] = []
        if running {
            try await fleet.verify()
            repairs = try await fleet.repairs()
        }
        let report = Report(
            measured: process.what, isRunning: running, server: process.server, times: times, before: before,
            after: after, repairs: repairs)
        print(report.line)
        try await fleet.remove()
    }
}
