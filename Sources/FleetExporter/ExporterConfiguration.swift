import KubeObjects
import Probing

/// What `--config.file` says; everything in it can be changed while the exporter runs, by SIGHUP.
package struct ExporterConfiguration: Sendable, Hashable {
    package var prober = FleetProber.Settings()
    /// Seconds before its end at which the manager renews a certificate (its `--certificate-expiration-deadline`).
    package var rotationDeadline = 86_400.0
    /// Share of the time in which an API server should be ready.
    package var availabilityObjective = 0.999

    package init() {}

    /// Unknown keys are errors: a setting that has no effect is worse than one that is refused.
    package init(yaml: String) throws(WebConfigurationError) {
        let document: JSON
        do {
            document = try YAML.parse(yaml).first ?? [:]
        } catch {
            throw WebConfigurationError("\(error)")
        }
        if document.isNull { return }
        guard let fields = document.object else { throw WebConfigurationError("the file must be a mapping") }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "probe_interval": prober.interval = try Self.duration(key, value)
            case "probe_timeout": prober.timeout = try Self.duration(key, value)
            case "probe_measuring_interval": prober.measuringInterval = try Self.duration(key, value)
            case "datastore_interval": prober.storeInterval = try Self.duration(key, value)
            case "datastore_usage_interval": prober.usageInterval = try Self.duration(key, value)
            case "tenant_interval": prober.inspectionInterval = try Self.duration(key, value)
            case "tenant_inspection":
                guard let inspects = value.bool else { throw WebConfigurationError("\(key) must be true or false") }
                prober.inspects = inspects
            case "certificate_rotation_deadline": rotationDeadline = try Self.duration(key, value).inSeconds
            case "probe_concurrency":
                guard let count = value.integer, (2...4096).contains(count) else {
                    throw WebConfigurationError("\(key) must be a number from 2 to 4096")
                }
                prober.slots = Int(count)
            case "availability_objective":
                guard let share = value.number, share > 0, share < 1 else {
                    throw WebConfigurationError("\(key) must lie between 0 and 1, such as 0.999")
                }
                availabilityObjective = share
            default:
                throw WebConfigurationError("\(key) is not known here; docs/exporter.md lists the settings")
            }
        }
        guard prober.timeout <= prober.interval else {
            throw WebConfigurationError("probe_timeout must not be longer than probe_interval")
        }
    }

    /// `500ms`, `30s`, `5m`, `24h`.
    private static func duration(_ key: String, _ value: JSON) throws(WebConfigurationError) -> Duration {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        guard let text = value.string, let (unit, seconds) = units.first(where: { text.hasSuffix($0.0) }),
            let count = Double(text.dropLast(unit.count)), count > 0, count * seconds <= 31_536_000
        else { throw WebConfigurationError("\(key) must be a time such as 30s or 5m") }
        return .milliseconds(Int64(count * seconds * 1000))
    }
}
