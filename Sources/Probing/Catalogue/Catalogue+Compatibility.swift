import Prometheus

/// What upstream's manager serves under these names, with its labels and words, from the objects as they are now.
extension Catalogue {
    package static let upstreamBuildInfo = fleet(
        "kamaji_build_info", .gauge,
        "Which program serves these names.", ["version", "commit", "dirty", "repo", "build_time"])
    package static let upstreamTenantInfo = tenant(
        "kamaji_tenant_control_plane_info", .gauge,
        "Configuration of a TenantControlPlane.",
        ["kubernetes_version", "datastore_driver", "address", "exposure_strategy"])
    package static let upstreamTenantStatus = tenant(
        "kamaji_tenant_control_plane_status", .gauge,
        "1 for the status of now of a TenantControlPlane.", ["status", "ready"])
    package static let upstreamTenants = fleet(
        "kamaji_tenant_control_planes_current", .gauge,
        "TenantControlPlanes, by whether they are ready.", ["ready"])
    package static let upstreamDatastoreInfo = datastore(
        "kamaji_datastore_info", .gauge,
        "Configuration of a DataStore.", ["driver"])
    package static let upstreamDatastoreStatus = datastore(
        "kamaji_datastore_status", .gauge,
        "1 for the status of now of a DataStore.", ["status", "ready"])
    package static let upstreamDatastores = datastore(
        "kamaji_datastores_current", .gauge,
        "1 for whether a DataStore is ready, 0 for the contrary.", ["ready", "driver"])
    package static let upstreamCertificates = tenant(
        "kamaji_certificates_current", .gauge,
        "Secrets with certificates or kubeconfigs, by how they are.", ["status", "strategy"])

    static let compatibility: [CatalogueEntry] = [
        lean(upstreamBuildInfo), lean(upstreamTenantInfo), lean(upstreamTenantStatus), lean(upstreamTenants),
        lean(upstreamDatastoreInfo), lean(upstreamDatastoreStatus), lean(upstreamDatastores),
        lean(upstreamCertificates),
    ]
}
