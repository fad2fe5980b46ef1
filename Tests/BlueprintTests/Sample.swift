import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

/// A tenant, its address, its datastore and its Secrets, as far as every test says the same about them.
enum Sample {
    static let tenant = """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: TenantControlPlane
        metadata: {name: green, namespace: tenants, uid: 3f0a6a52-8e0b-4d8e-9a52-0a7c5a1f9d11, generation: 4}
        spec:
          dataStore: bronze
          controlPlane: {deployment: {replicas: 1}, service: {serviceType: ClusterIP}}
          kubernetes: {version: v1.36.0}
        """

    /// The tenant, with `change` laid over it as a merge patch.
    static func tenant(_ change: String = "{}") throws -> TenantControlPlane {
        let base = try #require(try YAML.parse(tenant).first)
        let patch = try #require(try YAML.parse(change).first)
        return try TenantControlPlane(KubeObject(MergePatch.apply(patch, to: base)))
    }

    static let exposure = exposure("10.96.7.7")

    static func exposure(_ host: String, clusterIP: String? = nil) -> Exposure {
        let endpoint = Endpoint(host: host, port: 6443)
        return Exposure(assigned: endpoint, advertised: endpoint, published: endpoint, clusterIP: clusterIP ?? host)
    }

    static let etcd = DatastoreFacts(
        name: "bronze", driver: .etcd, endpoints: ["etcd-0.etcd:2379", "etcd-1.etcd:2379"],
        authorityCertificate: Array("authority".utf8))
    static let postgreSQL = DatastoreFacts(
        name: "silver", driver: .postgreSQL, endpoints: ["postgres.system.svc:5432"],
        authorityCertificate: Array("authority".utf8), clientCertificate: Array("certificate".utf8),
        clientKey: Array("key".utf8))
    static let sqlite = DatastoreFacts(name: "default", driver: .sqlite, endpoints: ["/var/lib/tenants"])

    /// Content for every Secret, each its own.
    static let credentials = Dictionary(
        uniqueKeysWithValues: Component.allCases.filter { $0.type == .secrets }.map {
            ($0, ["content": Array("of \($0.rawValue)".utf8)])
        })
}

extension TenantControlPlane {
    /// The Deployment, where a test cares for little else.
    func deployed(
        _ facts: DatastoreFacts = Sample.etcd, at exposure: Exposure = Sample.exposure,
        credentials: Credentials = Sample.credentials, replicasAreForeign: Bool = false
    ) -> KubeObject {
        deployment(
            exposure, facts, credentials: credentials, settings: BlueprintSettings(kineImage: "kine:1"),
            replicasAreForeign: replicasAreForeign
        ).object
    }

    func everything(_ facts: DatastoreFacts = Sample.etcd, servesTLSRoutes: Bool = true) -> [ManagedObject] {
        objects(
            Sample.exposure, facts, credentials: Sample.credentials, password: "secret", settings: BlueprintSettings(),
            replicasAreForeign: false, servesTLSRoutes: servesTLSRoutes)
    }
}

extension KubeObject {
    var pod: JSON { self[path: "spec", "template", "spec"] ?? [:] }
    var template: KubeObject { KubeObject(self[path: "spec", "template"] ?? [:]) }

    func names(_ list: String) -> [String] { (pod[list]?.array ?? []).compactMap { $0["name"]?.string } }

    func container(_ name: String) throws -> JSON { try entry(name, of: "containers") }
    func volume(_ name: String) throws -> JSON { try entry(name, of: "volumes") }

    func entry(_ name: String, of list: String) throws -> JSON {
        try #require((pod[list]?.array ?? []).first { $0["name"]?.string == name }, "no \(name) in \(list)")
    }

    func arguments(_ container: String) throws -> [String] {
        try #require(try self.container(container)["args"]?.strings)
    }

    /// `path` by `volume` of a container's mounts, `(rw)` behind those that may be written to.
    func mounts(_ container: String) throws -> [String] {
        (try self.container(container)["volumeMounts"]?.array ?? []).map {
            "\($0["name"]?.string ?? "") \($0["mountPath"]?.string ?? "")"
                + ($0["readOnly"]?.bool == true ? "" : " (rw)")
        }
    }
}
