import Prometheus

/// From asking each API server, on a schedule of its own.
extension Catalogue {
    package static let probeSuccess = tenant(
        "kamaji_probe_success", .gauge,
        "1 if the last probe was answered well: livez without etcd, readyz with everything; also where it was refused with 401 or 403.",
        ["check"])
    package static let probeDuration = tenant(
        "kamaji_probe_duration_seconds", .gauge,
        "How long the last probe took.", ["check"])
    package static let probeAttempts = tenant(
        "kamaji_probe_attempts_total", .counter,
        "Probes that ended.", ["check"])
    package static let probeFailures = tenant(
        "kamaji_probe_failures_total", .counter,
        "Probes that were not answered well.", ["check"])
    package static let probeLastRun = tenant(
        "kamaji_probe_last_run_timestamp_seconds", .gauge,
        "When the last probe ended.")
    package static let probePhase = tenant(
        "kamaji_probe_phase_duration_seconds", .gauge,
        "Steps of the last connection that was measured: resolve, connect, tls, request.", ["phase"])
    package static let probeStatus = tenant(
        "kamaji_probe_http_status_code", .gauge,
        "HTTP status of the last probe; 0 where there was no answer.", ["check"])
    package static let probeLastSuccess = tenant(
        "kamaji_probe_last_success_timestamp_seconds", .gauge,
        "When a probe was last answered well; absent before the first time.", ["check"])
    package static let probeTLSInfo = tenant(
        "kamaji_probe_tls_info", .info,
        "What was agreed on in the last handshake that was measured.", ["version", "cipher"])
    package static let probeFailureInfo = tenant(
        "kamaji_probe_last_failure_info", .info,
        "Why the last probe was not answered in full, while so: unauthorized where the server refuses anonymous requests.",
        ["check", "reason"])
    package static let probeFailedCheck = tenant(
        "kamaji_probe_failed_check", .gauge,
        "1 for each check that the API server itself reports as failed, while it does.", ["check", "name"])
    package static let fleetProbeDuration = fleet(
        "kamaji_fleet_probe_duration_seconds", .histogram,
        "How long the probes of all tenants took.", ["check"])

    static let probes: [CatalogueEntry] = [
        lean(probeSuccess), lean(probeDuration), lean(probeAttempts), lean(probeFailures), lean(probeLastRun),
        standard(probePhase), standard(probeStatus), standard(probeLastSuccess), standard(probeTLSInfo),
        sparse(probeFailureInfo), sparse(probeFailedCheck), lean(fleetProbeDuration),
    ]
}
