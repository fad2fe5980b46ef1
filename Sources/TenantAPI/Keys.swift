/// Names that stand in metadata: annotations, labels and finalizers. What is not marked as ours is upstream's, and its
/// users' manifests, scripts and dashboards say them.
package enum Keys {
    // MARK: Annotations that users set

    /// On any of our kinds and on certificate and kubeconfig Secrets: its presence, whatever the value, pauses us.
    package static let paused = "kamaji.clastix.io/paused"
    /// Ours. On a tenant under deletion, whatever the value: it may go though its data cannot be removed.
    package static let abandonData = "kamaji.clastix.io/abandon-data"
    /// Which key of `<tenant>-admin-kubeconfig` we use ourselves; `super-admin.conf` when absent.
    package static let kubeconfigSecretKey = "kamaji.clastix.io/kubeconfig-secret-key"
    /// Whether a migration empties its target first.
    package static let cleanupPriorMigration = "kamaji.clastix.io/cleanup-prior-migration"
    /// How long a migration may take, as a Go duration.
    package static let migrationTimeout = "kamaji.clastix.io/migration-timeout"
    /// On a Secret: the empty value asks for its rotation; we write the time of rotation over it.
    package static let rotate = "certs.kamaji.clastix.io/rotate"
    /// Ours. On a Secret whose root rotates: the empty value asks to trust the old one no longer; we write the time at
    /// which that was done over it.
    package static let finishRotation = "certs.kamaji.clastix.io/finish"
    /// Which keys a tenant gets from now on: `ECDSA-P256` or `RSA-2048`. Ours, and an annotation so that the kind stays
    /// upstream's.
    package static let keyAlgorithm = "kamaji.clastix.io/key-algorithm"

    /// Ours. On a DataStore: how many tenants it is meant for, as a whole number. Told by the exporter, held to by nobody.
    package static let tenantsLimit = "kamaji.clastix.io/tenants-limit"

    // MARK: Annotations that we set

    /// Ours. On a Secret whose root rotates: since when the new one signs.
    package static let promoted = "certs.kamaji.clastix.io/promoted"
    /// On Secrets and ConfigMaps: md5 of the data.
    package static let checksum = "kamaji.clastix.io/checksum"
    /// Upstream's mark on a tenant whose inner controllers did not start.
    package static let soot = "kamaji.clastix.io/soot"
    /// On the Deployment: md5 of the user's extra arguments of the API server.
    package static let apiServerArguments = "kube-apiserver.kamaji.clastix.io/args"
    /// Ours, on the Deployment: the replicas that the tenant asked for when it was last applied.
    package static let replicas = "kamaji.clastix.io/replicas"
    /// On the pods: checksum of the datastore's credentials.
    package static let storageConfiguration = "storage.kamaji.clastix.io/config"
    /// Ours, on the pods: checksum of the tunnel server's kubeconfig, and with it of its certificate.
    package static let konnectivityKubeconfig = "konnectivity.kamaji.clastix.io/kubeconfig"
    /// On the pods: checksum of the datastore's certificate.
    package static let storageCertificate = "storage.kamaji.clastix.io/certificate"

    // MARK: Labels

    package static let project = "kamaji.clastix.io/project"
    package static let projectValue = "kamaji"
    /// The tenant's name: the one key by which its Deployment and Service select pods.
    package static let name = "kamaji.clastix.io/name"
    /// What the object is to its tenant.
    package static let component = "kamaji.clastix.io/component"
    /// `x509` or `kubeconfig` on Secrets whose content expires.
    package static let certificateLifecycle = "kamaji.clastix.io/certificate_lifecycle_controller"
    /// Prefix of the pod-template labels that roll the pods.
    package static let componentPrefix = "component.kamaji.clastix.io/"
    /// On generated kubeconfigs: the generator's name.
    package static let managedBy = "kamaji.clastix.io/managed-by"
    /// On generated kubeconfigs: the tenant's name.
    package static let managedFor = "kamaji.clastix.io/managed-for"
    /// On migration Jobs.
    package static let tenantName = "tcp.kamaji.clastix.io/name"
    /// On migration Jobs.
    package static let tenantNamespace = "tcp.kamaji.clastix.io/namespace"

    // MARK: Finalizers

    /// On a tenant: its data is still in the datastore.
    package static let tenantFinalizer = "finalizer.kamaji.clastix.io"
    /// On a tenant, upstream's: inner controllers still run.
    package static let sootFinalizer = "finalizer.kamaji.clastix.io/soot"
    /// On `<tenant>-datastore-config`: the credentials are needed until the data is gone.
    package static let datastoreSecretFinalizer = "finalizer.kamaji.clastix.io/datastore-secret"
    /// On a DataStore: tenants use it.
    package static let datastoreFinalizer = "kamaji.clastix.io/TenantControlPlane"

    // MARK: Condition types of a DataStore

    package static let datastoreValidation = "kamaji.clastix.io/DataStoreValidation"
    package static let datastoreAllowedDeletion = "kamaji.clastix.io/DataStoreAllowedDeletion"
}
