import KubeObjects
import TenantAPI

/// What objects inside a tenant belong to: switched on and off as a whole.
package enum TenantAddon: String, Sendable, Hashable, CaseIterable {
    /// What `kubeadm init` leaves in a cluster for administrators and joining nodes: always on.
    case bootstrap
    case coreDNS
    case kubeProxy
    case konnectivity
    /// What refuses writes while `spec.writePermissions` asks for it.
    case writePermissions
}

/// One object that should exist inside a tenant. All carry the label `kamaji.clastix.io/project: kamaji`.
package struct TenantObject: Sendable, Hashable {
    package let addon: TenantAddon
    package let type: ResourceType
    package let object: KubeObject

    package var key: ObjectKey { object.key }

    init(_ addon: TenantAddon, _ type: ResourceType, _ object: KubeObject) {
        self.addon = addon
        self.type = type
        self.object = object
    }

    /// The object to apply where somebody in the tenant, an autoscaler say, has taken over the number of replicas.
    package func object(replicasAreForeign: Bool) -> KubeObject {
        var object = object
        if replicasAreForeign { object[path: "spec", "replicas"] = nil }
        return object
    }
}

/// What should be inside a tenant, and why some of it cannot be made. The one does not wait for the other: what is there
/// is kept in order while its owner mends the spec.
package struct TenantObjects: Sendable {
    /// In an order in which they may be applied.
    package private(set) var made: [TenantObject] = []
    package private(set) var faults: [(addon: TenantAddon, error: TenantObjectError)] = []

    fileprivate mutating func add(_ addon: TenantAddon, _ make: () throws(TenantObjectError) -> [TenantObject]) {
        do {
            made += try make()
        } catch {
            faults.append((addon, error))
        }
    }
}

/// Why an object inside a tenant cannot be made, for its owner to read: the field, the value and the way out.
package struct TenantObjectError: Error, Sendable, Hashable, CustomStringConvertible {
    /// From the tenant's root, such as `spec.kubernetes.kubelet.configurationJSONPatches[0]`.
    package let field: String
    package let message: String

    package var description: String { "\(field): \(message)" }
}

extension TenantControlPlane {
    /// What the spec switches on; `bootstrap` is always among it. What is not in it is to be removed where it was made.
    package var addons: Set<TenantAddon> {
        var addons: Set<TenantAddon> = [.bootstrap]
        if spec.addons.coreDNS != nil { addons.insert(.coreDNS) }
        if spec.addons.kubeProxy != nil { addons.insert(.kubeProxy) }
        if spec.addons.konnectivity != nil { addons.insert(.konnectivity) }
        if spec.writePermissions.isLimited { addons.insert(.writePermissions) }
        return addons
    }

    /// Everything that should be inside the tenant.
    ///
    /// - Parameter authorityPEM: what clients are to trust as the tenant's authority: one certificate, or several while
    ///   the authority rotates.
    package func objectsInside(
        _ exposure: Exposure, _ facts: DatastoreFacts, authorityPEM: [UInt8]
    ) -> TenantObjects {
        var objects = TenantObjects()
        objects.add(.bootstrap) {
            bootstrapBindings() + clusterInfo(exposure, authorityPEM: authorityPEM) + kubeadmConfig(exposure, facts)
                + NodeAgents.objects(version: spec.kubernetes.version)
        }
        objects.add(.bootstrap) { () throws(TenantObjectError) in try kubeletConfig() }
        if let konnectivity = spec.addons.konnectivity {
            objects.add(.konnectivity) { konnectivityAgents(konnectivity, exposure) }
        }
        if let addon = spec.addons.kubeProxy { objects.add(.kubeProxy) { kubeProxy(addon, exposure) } }
        if let addon = spec.addons.coreDNS {
            objects.add(.coreDNS) { () throws(TenantObjectError) in try coreDNS(addon) }
        }
        objects.add(.writePermissions) { () throws(TenantObjectError) in try writeLimit() }
        return objects
    }
}
