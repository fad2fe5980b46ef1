import ArgumentParser
import FleetExporter
import FoundationEssentials
import HTTPTransport
import KubeClient
import LineLog
import Logging
import Probing
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Watch, probe, and serve /metrics.",
        discussion:
            "Needs to read TenantControlPlanes, DataStores, KubeconfigGenerators, Secrets, Deployments and Pods.")

    @Option(help: "Path of a kubeconfig. Without it: $KUBECONFIG, ~/.kube/config, or the cluster this runs in.")
    var kubeconfig: String?

    @Option(help: "The kubeconfig's context to use instead of its current one.")
    var context: String?

    @Option(
        name: .customLong("web.listen-address"),
        help: "Where to serve, host:port; without a host at every address, port 0 takes a free one.")
    var listenAddress = ":9823"

    @Option(name: .customLong("web.config.file"), help: "TLS, users and headers, as the exporter-toolkit has them.")
    var webConfigFile: String?

    @Option(name: .customLong("config.file"), help: "Intervals and limits; read again on SIGHUP.")
    var configFile: String?

    @Option(name: .customLong("history.file"), help: "SQLite file that keeps availability across restarts.")
    var historyFile: String?

    @Flag(name: .customLong("web.enable-lifecycle"), help: "Whether POST /-/reload reads the configuration again.")
    var enableLifecycle = false

    @Option(help: "How much is served: lean, standard or full.")
    var profile = "standard"

    @Flag(inversion: .prefixedNo, help: "Whether upstream's metric names are served too.")
    var compat = true

    @Option(help: "Series that one metric may have; what is beyond is left out, and counted.")
    var maxSeriesPerFamily = 200_000

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Whether pages are kept written out; without, to measure what that saves.", visibility: .hidden))
    var cache = true

    @Option(
        name: .customLong("ds.tenants-limit"),
        help: "Tenants that a DataStore is meant for, where no annotation kamaji.clastix.io/tenants-limit says so.")
    var tenantsLimit: Int?

    @Option(help: "How lines on standard error look: text for people, json for collectors.")
    var logFormat = "text"

    @Option(help: "The least level that is written: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    /// One to each of so many tenants: a handshake costs more than the questions that follow it. With more tenants than
    /// that each visit makes its own.
    private static let keptConnections = 2048

    func run() async throws {
        let log = try logger()
        let connection = try ClusterConnection.load(
            path: kubeconfig, context: context, environment: ProcessInfo.processInfo.environment)
        let admin = CurlTransport()
        let fleet = CurlTransport(maxConnectionsPerHost: 4, keptConnections: Self.keptConnections)
        defer {
            admin.shutdown()
            fleet.shutdown()
        }
        let api = KubeClient(connection: connection, transport: admin, fieldManager: "kamaji-exporter", log: log)
        let exporter = try FleetExporter(
            settings(), api: api, transport: fleet, version: ExporterVersion.number,
            revision: ExporterVersion.revision, log: log)
        let group = ServiceGroup(
            configuration: .init(
                services: [exporter, ReloadService(exporter: exporter)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "lifecycle")))
        try await group.run()
    }

    private func logger() throws -> Logger {
        guard let format = LineLogHandler.Format(rawValue: logFormat) else {
            throw ValidationError("--log-format is \"\(logFormat)\"; known are text and json")
        }
        guard let level = Logger.Level(rawValue: logLevel.lowercased()) else {
            throw ValidationError("--log-level is \"\(logLevel)\"; known are \(Logger.Level.allCases)")
        }
        LoggingSystem.bootstrap { label in
            var handler = LineLogHandler(label: label, format: format)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "kamaji-exporter")
    }

    private func settings() throws -> FleetExporter.Settings {
        var settings = FleetExporter.Settings()
        guard let colon = listenAddress.lastIndex(of: ":"),
            let port = UInt16(listenAddress[listenAddress.index(after: colon)...])
        else { throw ValidationError("--web.listen-address must be host:port, such as 127.0.0.1:9823") }
        let host = listenAddress[..<colon].trimmingPrefix("[")
        settings.host = String(host.hasSuffix("]") ? host.dropLast() : host)
        settings.port = Int(port)
        guard let profile = MetricProfile(rawValue: profile) else {
            throw ValidationError("--profile is \"\(profile)\"; known are lean, standard and full")
        }
        settings.profile = profile
        settings.isCompatible = compat
        settings.isCached = cache
        settings.webConfigurationFile = webConfigFile
        settings.configurationFile = configFile
        settings.historyFile = historyFile
        settings.acceptsReload = enableLifecycle
        guard maxSeriesPerFamily > 0 else {
            throw ValidationError("--max-series-per-family is \(maxSeriesPerFamily): give a number above 0")
        }
        settings.familyLimit = maxSeriesPerFamily
        if let tenantsLimit, tenantsLimit < 0 {
            throw ValidationError("--ds.tenants-limit is \(tenantsLimit): give 0 or more")
        }
        settings.tenantLimit = tenantsLimit
        return settings
    }
}

/// Reads the configuration again on SIGHUP.
private struct ReloadService: Service {
    let exporter: FleetExporter

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            _ = exporter.reload()
        }
    }
}
