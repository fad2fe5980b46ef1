import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

extension TenantControlPlane {
    /// What belongs inside, by kind and key: `ConfigMap kube-system/coredns`.
    func inside(
        _ facts: DatastoreFacts = Sample.etcd, at exposure: Exposure = Sample.exposure
    ) throws -> [String: KubeObject] {
        let objects = objectsInside(exposure, facts, authorityPEM: Array("authority".utf8))
        if let fault = objects.faults.first { throw fault.error }
        return Dictionary(uniqueKeysWithValues: objects.made.map { ("\($0.object.kind) \($0.key)", $0.object) })
    }

    func inside(_ name: String, _ facts: DatastoreFacts = Sample.etcd, at exposure: Exposure = Sample.exposure) throws
        -> KubeObject
    {
        try #require(inside(facts, at: exposure)[name], "there is no \(name) inside")
    }

    /// A key of a ConfigMap, read as YAML.
    func text(
        _ key: String, of map: String, _ facts: DatastoreFacts = Sample.etcd, at exposure: Exposure = Sample.exposure
    )
        throws -> JSON
    {
        let text = try #require(inside("ConfigMap \(map)", facts, at: exposure)[path: "data", key]?.string)
        return try #require(YAML.parse(text).first)
    }
}

extension Sample {
    static let allAddons = "{coreDNS: {}, kubeProxy: {}, konnectivity: {}}"
    static let dualStack = """
        serviceCidrs: [10.96.0.0/16, "fd00:10:96::/112"], podCidrs: [10.244.0.0/16, "fd00:10:244::/56"]
        """

    static func withAddons(_ change: String = "") throws -> TenantControlPlane {
        try tenant("spec: {addons: \(allAddons)\(change.isEmpty ? "" : ", ")\(change)}")
    }
}
