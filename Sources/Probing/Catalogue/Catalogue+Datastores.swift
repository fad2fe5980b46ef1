import Prometheus

/// From DataStores, and from asking each of their endpoints.
extension Catalogue {
    package static let datastoreInfo = datastore(
        "kamaji_ds_info", .info,
        "Which kind of store it is, from spec.driver; its version where it tells (cached).",
        ["driver", "server_version"])
    package static let datastoreReady = datastore(
        "kamaji_ds_ready", .gauge,
        "1 while the manager finds it ready, from status.ready.")
    package static let datastoreCondition = datastore(
        "kamaji_ds_condition", .gauge,
        "1 for the status of now of each of status.conditions.", ["condition", "status"])
    package static let datastoreUp = datastore(
        "kamaji_ds_up", .gauge,
        "1 if any endpoint answered in the last round.")
    package static let endpointUp = endpoint(
        "kamaji_ds_endpoint_up", .gauge,
        "1 if the endpoint answered in the last round: etcd its Status call, others TCP and, where asked for, TLS.")
    package static let endpointDuration = endpoint(
        "kamaji_ds_endpoint_duration_seconds", .gauge,
        "How long that took.")
    package static let endpointFailure = endpoint(
        "kamaji_ds_endpoint_failure_info", .info,
        "Why the endpoint is not up, while so; host_not_allowed and host_blocked where it is, and refuses the exporter's host.",
        ["reason"])
    package static let datastoreLastSuccess = datastore(
        "kamaji_ds_last_success_timestamp_seconds", .gauge,
        "When an endpoint last answered; absent before the first time.")
    package static let datastoreTenants = datastore(
        "kamaji_ds_tenants", .gauge,
        "Tenants that use it, from status.usedBy.")
    package static let datastoreTenantsLimit = datastore(
        "kamaji_ds_tenants_limit", .gauge,
        "Tenants that it is meant for, from the annotation kamaji.clastix.io/tenants-limit, else from --ds.tenants-limit."
    )
    package static let datastoreUsed = datastore(
        "kamaji_ds_used_bytes", .gauge,
        "Bytes on disk: of etcd the largest member's database.")
    package static let datastoreCapacity = datastore(
        "kamaji_ds_capacity_bytes", .gauge,
        "Bytes that it may grow to: of etcd the smallest member's quota.")
    package static let datastoreReclaimable = datastore(
        "kamaji_ds_reclaimable_bytes", .gauge,
        "Bytes that defragmentation would give back: of etcd the largest member's.")
    package static let datastoreOrphans = datastore(
        "kamaji_ds_orphan_schemas", .gauge,
        "Schemas that hold data and belong to no tenant (cached).")
    package static let datastoreOrphanBytes = datastore(
        "kamaji_ds_orphan_bytes", .gauge,
        "Bytes of the keys and values in those schemas (cached): of etcd alone, and of more than 20,000 keys in a schema estimated from the first."
    )
    package static let tenantKeys = tenant(
        "kamaji_tcp_storage_keys", .gauge,
        "Keys under the tenant's prefix (cached, counted in rotation).", ["datastore_name"])
    package static let tenantBytes = tenant(
        "kamaji_tcp_storage_bytes", .gauge,
        "Bytes of the tenant's objects, as its own API server estimates them from release 1.34 on (cached).",
        ["datastore_name"])
    package static let tenantRevision = tenant(
        "kamaji_tcp_storage_revision", .gauge,
        "The newest revision that the tenant's API server named (cached): it counts writes, on etcd those of all tenants of the store.",
        ["datastore_name"])
    package static let tenantKeysSampled = tenant(
        "kamaji_tcp_storage_sample_timestamp_seconds", .gauge,
        "When the tenant's keys were counted.", ["datastore_name"])

    static let datastores: [CatalogueEntry] = [
        lean(datastoreInfo), lean(datastoreReady), standard(datastoreCondition), lean(datastoreUp), lean(endpointUp),
        lean(endpointDuration), lean(datastoreLastSuccess), sparse(endpointFailure), lean(datastoreTenants),
        standard(datastoreTenantsLimit), lean(datastoreUsed), lean(datastoreCapacity), standard(datastoreReclaimable),
        lean(datastoreOrphans), standard(datastoreOrphanBytes), lean(tenantKeys), lean(tenantBytes),
        standard(tenantRevision), standard(tenantKeysSampled),
    ]
}
