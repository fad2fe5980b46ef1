import Blueprint

/// What the manager's flags say about tenants.
package struct TenantSettings: Sendable {
    /// `--datastore`: where tenants go that name none.
    package var defaultDatastore: String?
    package var blueprint = BlueprintSettings()
    /// `--certificate-expiration-deadline`.
    package var renewBefore: Duration = .seconds(24 * 3600)
    /// `--certificate-authority-overlap`: for how long an authority, or a key of service accounts, is trusted after
    /// another took its place.
    package var rootOverlap: Duration = .seconds(8760 * 3600)
    /// `--max-concurrent-tcp-reconciles`: what a tenant waits for is mostly the API server and the datastore.
    package var workers = 32
    /// `--max-starting-control-planes`; nil is one for each CPU of the admin cluster.
    package var startingLimit: Int?

    package init() {}
}
