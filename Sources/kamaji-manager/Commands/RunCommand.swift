import ArgumentParser
import FoundationEssentials
import Glibc
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Prometheus
import Reconciliation
import ServiceLifecycle
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Reconcile the tenants of a Kubernetes cluster.",
        discussion: """
            Takes the flags of upstream's `kamaji manager`. The cluster must have the definitions that \
            `kamaji-manager crds` prints. Several replicas may run: one leads, the others wait.
            """,
        aliases: ["manager"])

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var reconcile: ReconcileOptions

    @Option(help: "Whether to wait for the lease before doing anything, so that one of several replicas acts.")
    var leaderElect = true

    @Option(help: "Namespace of the lease. Without it: $POD_NAMESPACE, or the connection's.")
    var podNamespace: String?

    @Option(help: "Where /metrics is served, host:port; 0 serves none.")
    var metricsBindAddress = ListenAddress(port: 8080)

    @Option(help: "Where /healthz and /readyz are served, host:port; 0 serves none.")
    var healthProbeBindAddress = ListenAddress(port: 8081)

    @OptionGroup var logging: LogOptions
    @OptionGroup(visibility: .hidden) var upstream: UpstreamOptions

    func run() async throws {
        let log = logging.bootstrap("kamaji-manager")
        for flag in upstream.passed { log.notice("a flag has no effect any more", metadata: ["flag": "\(flag)"]) }
        let environment = ProcessInfo.processInfo.environment
        let connection = try connection.load()
        let identity = environment["POD_NAME"] ?? "\(ProcessInfo.processInfo.hostName)_\(getpid())"
        let namespace = podNamespace ?? environment["POD_NAMESPACE"] ?? connection.namespace
        let transport = HTTP2Transport()
        let api = KubeClient(connection: connection, transport: transport, fieldManager: "kamaji-manager", log: log)
        let metrics = ManagerMetrics()
        let manager = TenantManager(
            api: api, transport: transport, settings: reconcile.settings, instance: identity, metrics: metrics, log: log
        )
        let readiness = Readiness()
        let service = ManagerService(
            api: api, manager: manager, readiness: readiness,
            election: leaderElect
                ? LeaderElection(
                    client: api, lease: ObjectKey(namespace: namespace, name: "kamaji.clastix.io"), identity: identity,
                    log: log) : nil,
            log: log)
        let endpoints = ManagerEndpoints(
            metrics: { metrics.families(depths: manager.depths) + ProcessUsage.families }, readiness: readiness,
            log: log)
        var services: [any Service] = []
        if metricsBindAddress.isServed { services.append(endpoints.metricsServer(metricsBindAddress)) }
        if healthProbeBindAddress.isServed { services.append(endpoints.healthServer(healthProbeBindAddress)) }
        services.append(service)
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "lifecycle")))
        defer { transport.shutdown() }
        try await group.run()
    }
}
