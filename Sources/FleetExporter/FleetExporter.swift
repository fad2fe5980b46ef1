import FoundationEssentials
import HTTPTransport
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import KubeClient
import Listening
import Logging
import NIOCore
import Probing
import Prometheus
import ServiceLifecycle

/// The exporter, whole: watches, probes, and the server of what they found.
package struct FleetExporter: Service {
    package struct Settings: Sendable {
        /// Empty is every address.
        package var host = ""
        package var port = 9823
        package var webConfigurationFile: String?
        package var configurationFile: String?
        /// Where availability is remembered; nil forgets it with the process.
        package var historyFile: String?
        package var profile = MetricProfile.standard
        package var isCompatible = true
        /// Tenants that a DataStore is meant for where it names no number itself.
        package var tenantLimit: Int?
        package var acceptsReload = false
        /// Series that a metric may have; see `kamaji_exporter_series_dropped_total`.
        package var familyLimit = 200_000
        /// Whether pages are made of what is kept written out.
        package var isCached = true
        package var historyInterval = Duration.seconds(60)
        /// Open at once; more wait until one of them ends.
        package var connections = 256
        /// How long an answer may take to be read.
        package var writePatience = TimeAmount.seconds(60)

        package init() {}
    }

    private let settings: Settings
    private let watches: FleetWatches
    private let prober: FleetProber
    private let picture: FleetPicture
    private let health: WatchHealth
    private let web: WatchedFile<WebMaterial>
    private let configuration: WatchedFile<ExporterConfiguration>
    private let endpoints: ExporterEndpoints
    private let metrics: SelfMetrics
    private let history: HistoryFile?
    private let log: Logger
    private let onRunning: @Sendable (Int) -> Void

    /// Reads both configurations; blocks for as long as that takes.
    /// - Parameters:
    ///   - revision: the commit that the program was built from, where that is known.
    ///   - onRunning: told the port that is listened on.
    package init(
        _ settings: Settings, api: KubeClient, transport: any HTTPTransport, version: String,
        revision: String? = nil, log: Logger,
        onRunning: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        let now: @Sendable () -> Double = { Date().timeIntervalSince1970 }
        self.settings = settings
        self.log = log
        self.onRunning = onRunning
        let (webFile, configurationFile) = (settings.webConfigurationFile, settings.configurationFile)
        web = try WatchedFile { try WebMaterial.read(webFile) }
        configuration = try WatchedFile { try Self.read(configurationFile) }
        history = try settings.historyFile.map { try HistoryFile($0) }
        let given = configuration.value
        let page = MetricPage(
            Catalogue.definitions(settings.profile, compatible: settings.isCompatible),
            familyLimit: settings.familyLimit)
        picture = FleetPicture(
            page,
            settings: .init(
                rotationDeadline: given.rotationDeadline, isCompatible: settings.isCompatible,
                tenantLimit: settings.tenantLimit),
            now: now)
        health = WatchHealth(required: FleetWatches.required, now: now) { [log] notice in
            let resource: Logger.Metadata = ["resource": "\(notice.resource)"]
            if let failure = notice.failure {
                log.warning("not watched: \(failure)", metadata: resource)
            } else {
                log.notice("watched again", metadata: resource)
            }
        }
        prober = FleetProber(
            picture: picture, transport: transport, api: api, settings: given.prober, now: now)
        metrics = SelfMetrics(version: version, revision: revision, now: now())
        watches = FleetWatches(
            api: api, picture: picture, health: health, tenantShown: prober.show, tenantGone: prober.remove,
            storeShown: prober.show(store:), storeGone: prober.remove(store:))
        let (prober, picture, configuration, metrics) = (prober, picture, configuration, metrics)
        let reload: @Sendable () -> String? = {
            Self.reload(configuration, prober, picture, metrics, log: log, now: now())
        }
        endpoints = ExporterEndpoints(
            picture: picture, prober: prober, health: health, metrics: metrics, web: web,
            probe: TargetProbe(picture: picture, prober: prober, transport: transport),
            reload: settings.acceptsReload ? reload : nil, version: version,
            isCached: settings.isCached, now: now)
    }

    private static func read(_ path: String?) throws -> (ExporterConfiguration, paths: [String]) {
        guard let path else { return (ExporterConfiguration(), []) }
        let text = String(decoding: try TextFile.read(path), as: UTF8.self)
        do {
            return (try ExporterConfiguration(yaml: text), [path])
        } catch {
            throw WebConfigurationError("\(path): \(error)")
        }
    }

    /// Reads the configuration again; tells why it could not be, in which case the former one stays.
    package func reload() -> String? {
        Self.reload(configuration, prober, picture, metrics, log: log, now: Date().timeIntervalSince1970)
    }

    private static func reload(
        _ configuration: WatchedFile<ExporterConfiguration>, _ prober: FleetProber, _ picture: FleetPicture,
        _ metrics: SelfMetrics, log: Logger, now: Double
    ) -> String? {
        let given = configuration.reload()
        let complaint = configuration.complaint
        metrics.configuration(isCurrent: complaint == nil, now: now)
        if let complaint {
            log.error("the configuration stays as it was", metadata: ["error": "\(complaint)"])
        } else {
            prober.apply(given.prober)
            picture.apply(rotationDeadline: given.rotationDeadline)
            log.info("configuration read")
        }
        return complaint
    }

    /// Until graceful shutdown or cancellation. What was measured until then is written down.
    package func run() async throws {
        let server = try application()
        if let history {
            picture.restore(try await history.load(since: Self.oldestHour))
        }
        let result: Result<Void, any Error>
        do { result = .success(try await work(server)) } catch { result = .failure(error) }
        // A task of its own: this one may be cancelled by now, and then nothing would be written any more.
        await Task.detached {
            await save()
            await history?.close()
        }.value
        try result.get()
    }

    private func work(_ server: some Service) async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watches.run() }
                group.addTask { await prober.run() }
                group.addTask { await tidy() }
                group.addTask { await remember() }
                group.addTask { try await serve(server) }
                // Whichever ends, ends the exporter.
                defer { group.cancelAll() }
                do {
                    try await group.next()
                } catch is CancellationError {
                    return
                }
            }
        }
    }

    private func serve(_ server: some Service) async throws {
        do {
            try await server.run()
        } catch {
            throw ListenFailure(error, host: host, port: settings.port, flag: "--web.listen-address") ?? error
        }
    }

    /// Opens the page once everything was seen, then compresses what changed.
    private func tidy() async {
        var isOpen = false
        while !Task.isCancelled {
            if !isOpen, health.isSynced {
                picture.beginWriting()
                isOpen = true
                log.info("everything is listed", metadata: ["series": "\(picture.page.seriesCount)"])
            }
            if isOpen, settings.isCached { picture.page.compress() }
            try? await Task.sleep(for: isOpen ? .seconds(1) : .milliseconds(50))
        }
    }

    /// Hours since 1970, of the first that is remembered.
    private static var oldestHour: Int64 {
        Int64(Date().timeIntervalSince1970 / 3600) - Int64(AvailabilityLedger.length)
    }

    /// Tells service levels, and writes down what they are made of, once in a minute; throws away what is too old once in
    /// an hour.
    private func remember() async {
        var oldest = Self.oldestHour
        while !Task.isCancelled {
            if picture.isWriting {
                picture.writeServiceLevels(objective: configuration.value.availabilityObjective)
                await save()
                if Self.oldestHour > oldest, await written({ try await history?.prune(before: Self.oldestHour) }) {
                    oldest = Self.oldestHour
                }
            }
            try? await Task.sleep(for: picture.isWriting ? settings.historyInterval : .milliseconds(100))
        }
    }

    /// What cannot be written now is written with the rest the next time.
    private func save() async {
        let changes = picture.unsavedHistory
        if await written({ try await history?.save(changes) }) { picture.confirm(changes) }
    }

    private func written(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch {
            metrics.historyFailed()
            log.error("the history was not written", metadata: ["error": "\(error)"])
            return false
        }
    }

    private var host: String { settings.host.isEmpty ? EveryAddress.host : settings.host }

    private func application() throws -> some ApplicationProtocol {
        let (log, onRunning) = (log, onRunning)
        let silent = Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }
        let patience = settings.writePatience
        let cap = ConnectionCap(settings.connections)
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [SlowReaderHandler(patience)], idleTimeout: .seconds(180))
        let server: HTTPServerBuilder =
            if let tls = try web.tlsConfiguration() {
                try .tls(.http1(configuration: http), tlsConfiguration: tls)
            } else {
                .http1(configuration: http)
            }
        return Application(
            router: endpoints.router, server: server,
            configuration: .init(
                address: .hostname(host, port: settings.port), serverName: nil,
                availableConnectionsDelegate: cap),
            onServerRunning: { channel in
                // Fails only when the channel is closed already, and then nobody comes.
                try? await cap.open(channel)
                let port = channel.localAddress?.port ?? 0
                log.info("listening", metadata: ["port": "\(port)"])
                onRunning(port)
            },
            logger: silent)
    }
}
