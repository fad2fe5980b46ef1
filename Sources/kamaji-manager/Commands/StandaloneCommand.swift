import ArgumentParser
import FoundationEssentials
import Glibc
import HTTPTransport
import Logging
import Prometheus
import Reconciliation
import ServiceLifecycle
import StandaloneCluster
import UnixSignals

struct StandaloneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "standalone",
        abstract: "Run a whole admin cluster on this machine, and tenants in it.",
        discussion: """
            Serves a Kubernetes API from one directory, reconciles tenants in it, and runs their control planes as \
            processes: upstream's own where they are found, or the embedded engine. Everything listens on loopback; a \
            tenant does so on an address of this machine too, when its networkProfile names it with \
            allowAddressAsExternalIP. Ctrl-C ends it and all it started; the next start goes on with the same state.
            """)

    @Option(help: "Directory that keeps everything. Without it: /var/lib/kamaji for root, ~/.local/state/kamaji else.")
    var stateDir: String?

    @Option(
        help: "Port of the cluster's API on 127.0.0.1; 0 takes a free one. Without it: the last one, at first 16443.")
    var port: Int?

    @Option(help: "What runs the tenants: upstream or embedded. Without it: upstream where its programs are found.")
    var engine: TenantEngine?

    @Option(
        help:
            "Directory of upstream's programs, searched before $KUBEBUILDER_ASSETS, /usr/local/kubebuilder/bin and PATH."
    )
    var binDir: String?

    @Option(help: "Where /metrics is served, host:port; 0 serves none.")
    var metricsBindAddress = ListenAddress.off

    @Flag(
        help:
            "Serve the cluster and run its pods, but reconcile nothing: for a manager of your own, started with run --kubeconfig."
    )
    var withoutManager = false

    @OptionGroup var reconcile: ReconcileOptions
    @OptionGroup var logging: LogOptions

    func validate() throws {
        if let port, !(0...65535).contains(port) {
            throw ValidationError("--port is \(port): give a number from 0 to 65535")
        }
        if let binDir, let complaint = UpstreamPrograms.complaint(about: binDir) {
            throw ValidationError("--bin-dir is \"\(binDir)\": \(complaint)")
        }
    }

    func run() async throws {
        let log = logging.bootstrap("kamaji-manager")
        let state = try StateDirectory(path: stateDir ?? StateDirectory.standardPath)
        let before = try ClusterSettings.load(state)
        let programs = UpstreamPrograms(directory: binDir, environment: ProcessInfo.processInfo.environment)
        let (network, claim) = try LoopbackNetwork.claim(before?.network)
        defer { withExtendedLifetime(claim) {} }
        let settings = ClusterSettings(
            network: network.index,
            engine: try ClusterSettings.engine(asked: engine, before: before?.engine, programs: programs),
            port: port ?? before?.port ?? 16443)
        try settings.save(state)

        let cluster = try StandaloneServices(
            state: state, settings: settings, network: network, programs: programs, log: log)
        let transport = HTTP2Transport()
        defer { transport.shutdown() }
        let (metrics, depths, readiness) = (ManagerMetrics(), QueueDepths(), Readiness())
        let welcome = { @Sendable (kubeconfig: String) in
            let text = Welcome(
                engine: settings.engine, programs: programs, kubeconfig: kubeconfig, stateDirectory: state.path,
                program: CommandLine.arguments.first ?? "kamaji-manager",
                kubectlDirectory: Welcome.kubectlDirectory(ProcessInfo.processInfo.environment)
            ).text
            _ = text.withCString { write(STDOUT_FILENO, $0, strlen($0)) }
        }
        let farewell = Farewell { text in _ = text.withCString { write(STDOUT_FILENO, $0, strlen($0)) } }
        let manager = StandaloneManager(
            server: cluster.server, etcd: cluster.etcd, material: cluster.material, state: state, transport: transport,
            settings: withoutManager ? nil : reconcile.settings, metrics: metrics, depths: depths,
            readiness: readiness, log: log, started: welcome)
        var services: [any Service] = cluster.services
        if metricsBindAddress.isServed {
            let endpoints = ManagerEndpoints(
                metrics: { metrics.families(depths: depths.current) + ProcessUsage.families }, readiness: readiness,
                log: log)
            services.append(endpoints.metricsServer(metricsBindAddress))
        }
        services.append(manager)
        services.append(farewell)
        // Ends in the opposite order: the manager first, the API that it talks to last.
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "lifecycle")))
        try await group.run()
    }
}

extension TenantEngine: ExpressibleByArgument {}
