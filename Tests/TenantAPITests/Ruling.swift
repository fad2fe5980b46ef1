import KubeObjects

/// What an API server that serves our CRDs should say to an object: it takes it, or refuses it in these words.
struct Ruling: Sendable, CustomStringConvertible {
    let description: String
    /// The object that is stored before; nil for a creation.
    let stored: JSON?
    let object: JSON
    /// Part of what the refusal says; nil when the object is taken.
    let refusal: String?

    /// - Parameters:
    ///   - stored: what the stored object has beside `base`, as a merge patch; nil for a creation.
    ///   - change: what the object has beside `base`, as a merge patch.
    init(_ description: String, _ base: String, stored: String? = nil, _ change: String, refusal: String? = nil) {
        self.description = description
        self.stored = stored.map { Self.merged(base, $0) }
        object = Self.merged(base, change)
        self.refusal = refusal
    }

    private static func merged(_ base: String, _ change: String) -> JSON {
        MergePatch.apply(parsed(change), to: parsed(base))
    }

    /// A table with a mistake in it stops the tests at once.
    static func parsed(_ yaml: String) -> JSON {
        do {
            return try YAML.parse(yaml).first ?? [:]
        } catch {
            preconditionFailure("\(error) in: \(yaml)")
        }
    }

    /// The least that a tenant can say.
    static let tenant = """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: TenantControlPlane
        metadata: {name: green, namespace: default}
        spec:
          controlPlane: {service: {serviceType: ClusterIP}}
          kubernetes: {version: v1.35.7}
        """

    static let etcd = """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: DataStore
        metadata: {name: bronze}
        spec:
          driver: etcd
          endpoints: ["etcd-0.etcd:2379"]
          tlsConfig:
            certificateAuthority:
              certificate: {secretReference: {name: etcd-certs, namespace: kamaji-system, keyPath: ca.crt}}
              privateKey: {secretReference: {name: etcd-certs, namespace: kamaji-system, keyPath: ca.key}}
            clientCertificate:
              certificate: {content: Y2VydGlmaWNhdGU=}
              privateKey: {secretReference: {name: etcd-root, namespace: kamaji-system, keyPath: tls.key}}
        """

    static let postgreSQL = """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: DataStore
        metadata: {name: silver}
        spec:
          driver: PostgreSQL
          endpoints: ["postgres.system.svc:5432"]
          basicAuth:
            username: {content: cm9vdA==}
            password: {secretReference: {name: pg, namespace: system, keyPath: password}}
        """

    static let generator = """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: KubeconfigGenerator
        metadata: {name: auditors}
        spec: {user: {stringValue: auditor}}
        """

    static let all = tenantCreations + tenantPorts + tenantWorkloads + tenantUpdates + dataStores + generators
}
