import Prometheus

/// What the exporter says of itself.
extension Catalogue {
    package static let buildInfo = fleet(
        "kamaji_exporter_build_info", .info,
        "Which exporter this is; revision is the commit it was built from, unknown where the builder did not say.",
        ["version", "revision", "swift_version", "os", "arch"])
    package static let collectorDuration = fleet(
        "kamaji_exporter_collector_duration_seconds", .gauge,
        "How long the last round of a collector took.", ["collector"])
    package static let collectorSuccess = fleet(
        "kamaji_exporter_collector_success", .gauge,
        "1 if the last round could be carried out, whatever it found.", ["collector"])
    package static let collectorLastSuccess = fleet(
        "kamaji_exporter_collector_last_success_timestamp_seconds", .gauge,
        "When a round was last carried out.", ["collector"])
    package static let collectorOverruns = fleet(
        "kamaji_exporter_collector_overruns_total", .counter,
        "Probes that were due while the last one of the same target was still under way.", ["collector"])
    package static let collectorErrors = fleet(
        "kamaji_exporter_errors_total", .counter,
        "Questions that were not answered well, of all targets of a collector, by their cause.", ["collector", "cause"])
    package static let credentialErrors = fleet(
        "kamaji_exporter_credential_errors_total", .counter,
        "How often a credential to ask with was not there or could not be read.", ["kind"])
    package static let snapshotAge = fleet(
        "kamaji_exporter_snapshot_age_seconds", .gauge,
        "How long the watch that has been silent for longest has not heard of its API server: what is told of its objects is so old."
    )
    package static let seriesDropped = fleet(
        "kamaji_exporter_series_dropped_total", .counter,
        "Series that were left out because their family was full, counted each time they were written.", ["family"])
    package static let watchSynced = fleet(
        "kamaji_exporter_watch_synced", .gauge,
        "1 once everything of the kind was listed.", ["resource"])
    package static let watchObjects = fleet(
        "kamaji_exporter_watch_objects", .gauge,
        "Objects that are known.", ["resource"])
    package static let watchRelists = fleet(
        "kamaji_exporter_watch_relists_total", .counter,
        "How often everything was listed again after the first time: the API server had forgotten the place (expired) or refused to go on (refused).",
        ["resource", "reason"])
    package static let watchLastContact = fleet(
        "kamaji_exporter_watch_last_contact_timestamp_seconds", .gauge,
        "When the watch last heard of its API server.", ["resource"])
    package static let probeQueue = fleet(
        "kamaji_exporter_probe_queue_depth", .gauge,
        "Probes that are due and wait for a slot.", ["lane"])
    package static let probeInflight = fleet(
        "kamaji_exporter_probe_inflight", .gauge,
        "Probes under way.", ["lane"])
    package static let probeLag = fleet(
        "kamaji_exporter_probe_lag_seconds", .gauge,
        "How much too late the last probe began.", ["lane"])
    package static let exporterSeries = fleet(
        "kamaji_exporter_series", .gauge,
        "Series that are kept written out, by what they are about.", ["group"])
    package static let renderDuration = fleet(
        "kamaji_exporter_render_duration_seconds", .gauge,
        "How long the last page took to put together.", ["encoding"])
    package static let responseBytes = fleet(
        "kamaji_exporter_response_bytes", .gauge,
        "How large the last page was.", ["encoding"])
    package static let httpRequests = fleet(
        "kamaji_exporter_http_requests_total", .counter,
        "Requests answered.", ["handler", "code"])
    package static let httpInflight = fleet(
        "kamaji_exporter_http_requests_inflight", .gauge,
        "Requests being answered.", ["handler"])
    package static let webConfigReload = fleet(
        "kamaji_exporter_web_config_last_reload_successful", .gauge,
        "1 if the web configuration is the one that its file holds; also 0 where it holds what takes a restart.")
    package static let configReload = fleet(
        "kamaji_exporter_config_last_reload_successful", .gauge,
        "1 if the configuration is the one that its file holds.")
    package static let configReloadTime = fleet(
        "kamaji_exporter_config_last_reload_success_timestamp_seconds", .gauge,
        "When the configuration was last read.")
    package static let historyFailures = fleet(
        "kamaji_exporter_history_failures_total", .counter,
        "How often what --history.file remembers could not be written; it is tried again a minute later.")
    package static let processCPU = fleet(
        "process_cpu_seconds_total", .counter,
        "User and system CPU time spent.")
    package static let processMemory = fleet(
        "process_resident_memory_bytes", .gauge,
        "Resident memory.")
    package static let processVirtual = fleet(
        "process_virtual_memory_bytes", .gauge,
        "Virtual memory.")
    package static let processFiles = fleet(
        "process_open_fds", .gauge,
        "Open file descriptors.")
    package static let processFilesLimit = fleet(
        "process_max_fds", .gauge,
        "File descriptors that may be open.")
    package static let processThreads = fleet(
        "process_threads", .gauge,
        "Threads.")
    package static let processStart = fleet(
        "process_start_time_seconds", .gauge,
        "When the process started.")

    static let exporter: [CatalogueEntry] = [
        lean(buildInfo), lean(collectorDuration), lean(collectorSuccess), lean(collectorLastSuccess),
        lean(collectorOverruns), lean(collectorErrors), lean(credentialErrors), lean(snapshotAge), lean(seriesDropped),
        lean(watchSynced), lean(watchObjects), lean(watchRelists), lean(watchLastContact),
        lean(probeQueue), lean(probeInflight), lean(probeLag), lean(exporterSeries), lean(renderDuration),
        lean(responseBytes), lean(httpRequests), lean(httpInflight), lean(webConfigReload), lean(configReload),
        lean(configReloadTime), lean(historyFailures), lean(processCPU), lean(processMemory), lean(processVirtual),
        lean(processFiles),
        lean(processFilesLimit), lean(processThreads), lean(processStart),
    ]
}
