import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

/// A tenant as every test sees it, with `change` laid over it as a merge patch.
enum Sample {
    static func tenant(_ change: String = "{}") throws -> TenantControlPlane {
        let base = try #require(
            try YAML.parse(
                """
                apiVersion: kamaji.clastix.io/v1alpha1
                kind: TenantControlPlane
                metadata: {name: green, namespace: tenants, uid: 3f0a6a52-8e0b-4d8e-9a52-0a7c5a1f9d11, generation: 4}
                spec:
                  dataStore: bronze
                  controlPlane: {deployment: {replicas: 1}, service: {serviceType: ClusterIP}}
                  kubernetes: {version: v1.36.0}
                """
            ).first)
        let patch = try #require(try YAML.parse(change).first)
        return try TenantControlPlane(KubeObject(MergePatch.apply(patch, to: base)))
    }

    static func exposure(_ host: String = "10.96.7.7") -> Exposure {
        let endpoint = Endpoint(host: host, port: 6443)
        return Exposure(assigned: endpoint, advertised: endpoint, published: endpoint, clusterIP: host)
    }
}

extension KubeObject {
    /// Writes a Secret's data, as the API has it.
    mutating func set(_ data: SecretData) {
        self["data"] = .object([:])
        for (key, bytes) in data { self[path: "data", key] = .string(Base64.encode(bytes)) }
    }
}
