import ArgumentParser
import Blueprint
import Reconciliation

/// What upstream's manager is told about tenants, under upstream's names.
struct ReconcileOptions: ParsableArguments {
    @Option(help: "DataStore of tenants that name none.")
    var datastore: String?

    @Option(help: "Image of kine, which stands between an API server and a database that is not etcd.")
    var kineImage = "rancher/kine:v0.11.10-amd64"

    @Option(help: "Certificates and kubeconfigs are renewed when they end within this time; at least 24h.")
    var certificateExpirationDeadline = GoDuration(hours: 24)

    @Option(
        help:
            "How long an authority or service-account key is trusted after another took its place: without it a year, as long as a kubelet's certificate lives."
    )
    var certificateAuthorityOverlap = GoDuration(hours: 8760)

    @Option(help: "Tenants that are worked on at the same time.")
    var maxConcurrentTcpReconciles = 32

    @Option(
        help: "Control planes that start at the same time; the others are queued. 0: one for each CPU of the cluster.")
    var maxStartingControlPlanes = 0

    func validate() throws {
        guard certificateExpirationDeadline.duration >= .seconds(24 * 3600) else {
            throw ValidationError(
                "--certificate-expiration-deadline is \(certificateExpirationDeadline): certificate expiration deadline "
                    + "must be at least 24 hours")
        }
        guard certificateAuthorityOverlap.duration >= .zero else {
            throw ValidationError(
                "--certificate-authority-overlap is \(certificateAuthorityOverlap): give a duration such as 8760h")
        }
        guard !kineImage.isEmpty else { throw ValidationError("expecting a value for --kine-image arg") }
        guard (1...1024).contains(maxConcurrentTcpReconciles) else {
            throw ValidationError(
                "--max-concurrent-tcp-reconciles is \(maxConcurrentTcpReconciles): give a number from 1 to 1024")
        }
        guard maxStartingControlPlanes >= 0 else {
            throw ValidationError(
                "--max-starting-control-planes is \(maxStartingControlPlanes): give 0 or how many may start at a time")
        }
    }

    var settings: TenantSettings {
        var settings = TenantSettings()
        settings.defaultDatastore = datastore.flatMap { $0.isEmpty ? nil : $0 }
        settings.blueprint = .init(kineImage: kineImage)
        settings.renewBefore = certificateExpirationDeadline.duration
        settings.rootOverlap = certificateAuthorityOverlap.duration
        settings.workers = maxConcurrentTcpReconciles
        settings.startingLimit = maxStartingControlPlanes == 0 ? nil : maxStartingControlPlanes
        return settings
    }
}

/// Flags that upstream's charts pass and that nothing here needs any more: taken, so that a changed image is enough.
struct UpstreamOptions: ParsableArguments {
    @Option(help: .hidden) var tmpDirectory: String?
    @Option(help: .hidden) var webhookServiceName: String?
    @Option(help: .hidden) var webhookCaPath: String?
    @Option(name: .customLong("serviceaccount-name"), help: .hidden) var serviceAccountName: String?
    @Option(help: .hidden) var migrateImage: String?
    @Option(help: .hidden) var pprofBindAddress: String?
    @Option(help: .hidden) var controllerReconcileTimeout: GoDuration?
    @Option(help: .hidden) var cacheResyncPeriod: GoDuration?
    @Option(help: .hidden) var disableTelemetry: Bool?
    @Option(help: .hidden) var zapDevel: Bool?
    @Option(help: .hidden) var zapEncoder: String?
    @Option(help: .hidden) var zapLogLevel: String?
    @Option(help: .hidden) var zapStacktraceLevel: String?
    @Option(help: .hidden) var zapTimeEncoding: String?

    /// Names of those that were passed.
    var passed: [String] {
        let all: [(String, Bool)] = [
            ("--tmp-directory", tmpDirectory != nil), ("--webhook-service-name", webhookServiceName != nil),
            ("--webhook-ca-path", webhookCaPath != nil), ("--serviceaccount-name", serviceAccountName != nil),
            ("--migrate-image", migrateImage != nil), ("--pprof-bind-address", pprofBindAddress != nil),
            ("--controller-reconcile-timeout", controllerReconcileTimeout != nil),
            ("--cache-resync-period", cacheResyncPeriod != nil), ("--disable-telemetry", disableTelemetry != nil),
            ("--zap-devel", zapDevel != nil), ("--zap-encoder", zapEncoder != nil),
            ("--zap-log-level", zapLogLevel != nil), ("--zap-stacktrace-level", zapStacktraceLevel != nil),
            ("--zap-time-encoding", zapTimeEncoding != nil),
        ]
        return all.filter(\.1).map(\.0)
    }
}
