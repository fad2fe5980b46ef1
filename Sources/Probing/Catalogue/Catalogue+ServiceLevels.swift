import Prometheus

/// What became of each tenant over the last thirty days, remembered across restarts.
extension Catalogue {
    package static let sloAvailability = tenant(
        "kamaji_slo_availability_ratio", .gauge,
        "Share of the time that was watched in which the API server was ready.", ["window"])
    package static let sloBudget = tenant(
        "kamaji_slo_error_budget_remaining_ratio", .gauge,
        "Share of the error budget of 30 days that is left; below 0 it is overspent.")
    package static let sloDowntime = tenant(
        "kamaji_slo_downtime_seconds", .gauge,
        "Seconds in which the API server was not ready.", ["window"])

    static let serviceLevels: [CatalogueEntry] = [
        standard(sloAvailability), standard(sloBudget), standard(sloDowntime),
    ]
}
