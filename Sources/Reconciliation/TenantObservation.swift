import Blueprint
import KubeClient
import KubeObjects
import TenantAPI

/// The tenant's objects as they are in the admin cluster.
struct TenantObservation: Sendable {
    /// Secrets with their data, the ConfigMaps, the Service, the Deployment and what else is there, by component.
    var objects: [Component: KubeObject] = [:]

    var secrets: [Component: KubeObject] { objects.filter { $0.key.type == .secrets } }

    /// Objects of an earlier tenant of the same name, which the cluster has not collected yet.
    func leftovers(beside tenant: TenantControlPlane) -> [(ResourceType, KubeObject)] {
        objects.compactMap { component, object in
            let owners = object.ownerReferences.filter { $0.kind == ResourceType.tenantControlPlanes.kind }
            guard !owners.isEmpty, !owners.contains(where: { $0.uid == tenant.object.uid }) else { return nil }
            return (component.type, object)
        }
    }

    /// Whether the Deployment's number of replicas is left to the autoscaler that wrote it last. Nothing says whether
    /// that autoscaler is still there, so another number in the tenant than at the last pass counts as its owner's wish,
    /// and sleep always does; an autoscaler that lives goes on from there.
    func replicasAreForeign(asked: Int) -> Bool {
        guard asked > 0, let deployment = objects[.deployment],
            deployment.isScaled(by: "kube-controller-manager")
        else { return false }
        return deployment.annotations[Keys.replicas].map { $0 == "\(asked)" } ?? true
    }
}

extension KubeObject {
    /// Whether `manager`, or anybody when it is nil, set the number of replicas through the scale subresource, as
    /// autoscalers and `kubectl scale` do.
    func isScaled(by manager: String? = nil) -> Bool {
        (self[path: "metadata", "managedFields"]?.array ?? []).contains { entry in
            entry["subresource"]?.string == "scale" && entry[path: "fieldsV1", "f:spec", "f:replicas"] != nil
                && (manager == nil || entry["manager"]?.string == manager)
        }
    }
}

extension TenantReconciler {
    /// Reads what is there, each object by its name: a list by label has the API server go through every Secret of the
    /// namespace, a thousand tenants' as well as this one's. Of a tenant of which nothing is known only the three
    /// Secrets are read that a user may have brought along.
    func observe(_ tenant: TenantControlPlane) async throws -> TenantObservation {
        let isNew = tenant.object["status"] == nil && !versions.knowsAnything(of: tenant.key)
        let wanted = Component.allCases.filter { component in
            switch component {
            case .ingress: !isNew && tenant.spec.controlPlane.ingress != nil
            case .route, .konnectivityRoute:
                !isNew && tenant.spec.controlPlane.gateway != nil && gateways.servesRoutes
            case .service, .deployment: !isNew
            default: component.isRoot || !isNew && (component.type == .secrets || component.type == .configMaps)
            }
        }
        let found = try await withThrowingTaskGroup(of: (Component, KubeObject?).self) { group in
            for component in wanted {
                let key = ObjectKey(namespace: tenant.namespace, name: component.objectName(of: tenant.name))
                group.addTask { (component, try await api.find(component.type, key)) }
            }
            return try await group.reduce(into: [Component: KubeObject]()) { $0[$1.0] = $1.1 }
        }
        return TenantObservation(objects: found)
    }
}
