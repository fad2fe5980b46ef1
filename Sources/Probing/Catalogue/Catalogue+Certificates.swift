import Prometheus

/// From the public halves of Secrets, and from what servers show.
extension Catalogue {
    package static let certificateNotAfter = tenant(
        "kamaji_cert_not_after_timestamp_seconds", .gauge,
        "Last moment of validity of a certificate: stored in a Secret, in a kubeconfig, or as served (cached).",
        ["cert", "origin"])
    package static let certificateEarliest = tenant(
        "kamaji_cert_earliest_not_after_timestamp_seconds", .gauge,
        "The earliest end of validity among the leaf certificates and among the authorities.", ["kind"])
    package static let certificateSources = tenant(
        "kamaji_cert_sources", .gauge,
        "How many certificates are known of the tenant; one less means that one vanished.")
    package static let certificateProblem = tenant(
        "kamaji_cert_problem", .gauge,
        "1 for each thing that is wrong with a certificate or kubeconfig, while it is.", ["cert", "origin", "problem"])
    package static let certificateNotBefore = tenant(
        "kamaji_cert_not_before_timestamp_seconds", .gauge,
        "First moment of validity of a certificate.", ["cert", "origin"])
    package static let certificateInfo = tenant(
        "kamaji_cert_info", .info,
        "What identifies a certificate.",
        ["cert", "origin", "subject_cn", "issuer_cn", "serial", "key_algorithm", "sha256"])
    package static let rotationDeadline = fleet(
        "kamaji_cert_rotation_deadline_seconds", .gauge,
        "How long before its end the manager renews a certificate, as the exporter was told.")
    package static let fleetRotations = fleet(
        "kamaji_fleet_cert_rotations_total", .counter,
        "How often certificates were seen to be replaced.", ["cert"])
    package static let generatorResources = fleet(
        "kamaji_kubeconfiggenerator_resources", .gauge,
        "Kubeconfigs that a KubeconfigGenerator should make, from status.resources.", ["kubeconfiggenerator"])
    package static let generatorAvailable = fleet(
        "kamaji_kubeconfiggenerator_resources_available", .gauge,
        "Kubeconfigs that it made, from status.availableResources.", ["kubeconfiggenerator"])
    package static let generatorErrors = fleet(
        "kamaji_kubeconfiggenerator_errors", .gauge,
        "Kubeconfigs that it could not make, from status.errors.", ["kubeconfiggenerator"])
    package static let datastoreNotAfter = datastore(
        "kamaji_ds_cert_not_after_timestamp_seconds", .gauge,
        "Last moment of validity of a DataStore's certificates: ca and client as stored, served as its endpoint shows (cached).",
        ["cert", "endpoint"])
    package static let datastoreCertificateProblem = datastore(
        "kamaji_ds_cert_problem", .gauge,
        "1 for each thing that is wrong with a DataStore's certificate, while it is.", ["cert", "endpoint", "problem"])

    package static let certificates: [CatalogueEntry] = [
        standard(certificateNotAfter), leanOnly(certificateEarliest), lean(certificateSources),
        sparse(certificateProblem), full(certificateNotBefore), full(certificateInfo), lean(rotationDeadline),
        standard(fleetRotations), standard(generatorResources), standard(generatorAvailable), standard(generatorErrors),
        lean(datastoreNotAfter), sparse(datastoreCertificateProblem),
    ]
}
