import KubeObjects
import TenantAPI

/// What a Secret holds, by key, decoded.
package typealias SecretData = [String: [UInt8]]

extension TenantControlPlane {
    /// The bare object of a component: identity, our labels, and the reference that lets the cluster collect it.
    func managed(
        _ component: Component, labels: [String: String] = [:], annotations: [String: String] = [:]
    ) -> KubeObject {
        var object = component.type.object(ObjectKey(namespace: namespace, name: component.objectName(of: name)))
        var all = [
            Keys.project: Keys.projectValue,
            Keys.name: name,
            Keys.component: component.rawValue,
        ]
        if let lifecycle = component.lifecycle { all[Keys.certificateLifecycle] = lifecycle }
        // What the user asks for stands above ours, as upstream has it.
        object.labels = all.merging(labels) { _, users in users }
        object.annotations = annotations
        object.ownerReferences = [OwnerReference(controller: self.object)]
        return object
    }

    /// A Secret of this tenant, its content's checksum in the annotation that upstream's users read.
    func secret(_ component: Component, _ data: SecretData, type: String = "Opaque") -> ManagedObject {
        var object = managed(component, annotations: [Keys.checksum: Checksum.md5(of: data)])
        object["type"] = .string(type)
        object["data"] = .object(data.mapValues { .string(Base64.encode($0)) })
        return ManagedObject(component: component, object: object)
    }

    func configMap(_ component: Component, _ data: [String: String]) -> ManagedObject {
        let checksum = Checksum.md5(of: data.mapValues { Array($0.utf8) })
        var object = managed(component, annotations: [Keys.checksum: checksum])
        object["data"] = JSON(data)
        return ManagedObject(component: component, object: object)
    }
}

extension KubeObject {
    /// A Secret's decoded data; values that are not base64 are left out.
    package var secretData: SecretData {
        (json["data"]?.object ?? [:]).compactMapValues { $0.string.flatMap(Base64.decode) }
    }
}
