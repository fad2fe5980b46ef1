import Prometheus

/// From TenantControlPlanes and their Deployments, as the watches show them.
extension Catalogue {
    package static let tenantInfo = tenant(
        "kamaji_tcp_info", .info,
        "Identity and configuration, from the TenantControlPlane.",
        ["uid", "driver", "schema", "exposure_strategy", "service_type"])
    package static let tenantCreated = tenant(
        "kamaji_tcp_created_timestamp_seconds", .gauge,
        "When the TenantControlPlane was created, from metadata.creationTimestamp.")
    package static let tenantDeletion = tenant(
        "kamaji_tcp_deletion_timestamp_seconds", .gauge,
        "When its deletion was asked for, from metadata.deletionTimestamp, while it lasts.")
    package static let tenantPhase = tenant(
        "kamaji_tcp_phase", .gauge,
        "1 for the phase of now, from status.kubernetesResources.version.status.", ["phase"])
    package static let tenantReady = tenant(
        "kamaji_tcp_ready", .gauge,
        "1 while at least one replica is ready and the tenant does not sleep, from status.kubernetesResources.")
    package static let tenantPhaseSince = tenant(
        "kamaji_tcp_phase_since_timestamp_seconds", .gauge,
        "When this exporter first saw the phase of now; later than the truth after a restart of the exporter.")
    package static let tenantReplicasDesired = tenant(
        "kamaji_tcp_replicas_desired", .gauge,
        "Replicas asked for, from spec.controlPlane.deployment.replicas.")
    package static let tenantReplicasReady = tenant(
        "kamaji_tcp_replicas_ready", .gauge,
        "Ready replicas, from the Deployment, or from status.kubernetesResources.deployment before it was seen.")
    package static let tenantReplicasAvailable = tenant(
        "kamaji_tcp_replicas_available", .gauge,
        "Available replicas, from the Deployment.")
    package static let tenantReplicasUpdated = tenant(
        "kamaji_tcp_replicas_updated", .gauge,
        "Replicas of the newest template, from the Deployment.")
    package static let tenantGeneration = tenant(
        "kamaji_tcp_metadata_generation", .gauge,
        "How often the spec changed, from metadata.generation.")
    package static let tenantObservedGeneration = tenant(
        "kamaji_tcp_observed_generation", .gauge,
        "The generation that the manager has carried out, from status.observedGeneration.")
    package static let tenantVersionInfo = tenant(
        "kamaji_tcp_version_info", .info,
        "Versions of Kubernetes: asked for, recorded in the status, and as the API server says (cached).",
        ["spec_version", "status_version", "served_version"])
    package static let tenantUpgradePending = tenant(
        "kamaji_tcp_upgrade_pending", .gauge,
        "1 while the version asked for is not the one that the status records.")
    package static let tenantUpgradeStart = tenant(
        "kamaji_tcp_upgrade_start_timestamp_seconds", .gauge,
        "When this exporter first saw the upgrade that is pending.")
    package static let tenantEndpointInfo = tenant(
        "kamaji_tcp_endpoint_info", .info,
        "Where the API server is reached, from status.controlPlaneEndpoint; absent until it is assigned.",
        ["address", "advertise_address"])
    package static let tenantProvisioning = tenant(
        "kamaji_tcp_provisioning_duration_seconds", .gauge,
        "From creation to first serving; absent where that was more than an hour before this exporter looked.")
    package static let tenantAwaited = tenant(
        "kamaji_tcp_provisioning_pending", .gauge,
        "1 while the tenant is still to serve for the first time, as far as can be told; not while it sleeps.")
    package static let tenantPaused = tenant(
        "kamaji_tcp_paused", .gauge,
        "1 while the annotation kamaji.clastix.io/paused is there.")
    package static let tenantWriteBlocked = tenant(
        "kamaji_tcp_write_blocked", .gauge,
        "1 for each kind of write that spec.writePermissions refuses.", ["operation"])
    package static let tenantAddonEnabled = tenant(
        "kamaji_tcp_addon_enabled", .gauge,
        "1 for each addon that spec.addons asks for.", ["addon"])
    package static let tenantCondition = tenant(
        "kamaji_tcp_condition", .gauge,
        "1 for the status of now of each of status.conditions.", ["condition", "status"])
    package static let tenantDeploymentCondition = tenant(
        "kamaji_tcp_deployment_condition", .gauge,
        "1 for the status of now of each condition of the Deployment.", ["condition", "status"])
    package static let tenantStorageInfo = tenant(
        "kamaji_tcp_storage_info", .info,
        "Which DataStore keeps the tenant: everything, or the resource of a DataStoreOverride.",
        ["datastore_name", "driver", "resource"])
    package static let tenantMigrationStart = tenant(
        "kamaji_tcp_migration_start_timestamp_seconds", .gauge,
        "When this exporter first saw the migration that is under way.")
    package static let tenantNodes = tenant(
        "kamaji_tcp_nodes", .gauge,
        "Nodes in the tenant, from its own API (cached).")
    package static let fleetProvisioning = fleet(
        "kamaji_fleet_provisioning_duration_seconds", .histogram,
        "From creation to first serving, of the tenants whose first serving this exporter saw.")
    package static let fleetUpgrade = fleet(
        "kamaji_fleet_upgrade_duration_seconds", .histogram,
        "From the first sight of an upgrade to its end, of the upgrades whose end this exporter saw.")
    package static let fleetTransitions = fleet(
        "kamaji_fleet_phase_transitions_total", .counter,
        "How often tenants were seen to enter a phase.", ["phase"])

    package static let tenants: [CatalogueEntry] = [
        lean(tenantInfo), lean(tenantCreated), sparse(tenantDeletion), lean(tenantPhase), lean(tenantReady),
        standard(tenantPhaseSince), lean(tenantReplicasDesired), lean(tenantReplicasReady),
        standard(tenantReplicasAvailable), standard(tenantReplicasUpdated), lean(tenantGeneration),
        lean(tenantObservedGeneration), lean(tenantVersionInfo), lean(tenantUpgradePending),
        sparse(tenantUpgradeStart), standard(tenantEndpointInfo), lean(tenantProvisioning), sparse(tenantAwaited),
        sparse(tenantPaused),
        sparse(tenantWriteBlocked), standard(tenantAddonEnabled), standard(tenantCondition),
        standard(tenantDeploymentCondition), lean(tenantStorageInfo), sparse(tenantMigrationStart),
        lean(tenantNodes),
        standard(fleetProvisioning), standard(fleetUpgrade), standard(fleetTransitions),
    ]
}
