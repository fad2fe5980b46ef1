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

    /// Whether an autoscaler owns the Deployment's number of replicas.
    var replicasAreForeign: Bool { objects[.deployment]?.isScaled(by: "kube-controller-manager") ?? false }
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
    /// Reads what is there. A tenant of which nothing is known needs only the three Secrets that a user may have brought
    /// along; everything else is found by its label, in one request a kind.
    func observe(_ tenant: TenantControlPlane) async throws -> TenantObservation {
        var wanted: [Component] = [.service, .deployment]
        if tenant.spec.controlPlane.ingress != nil { wanted.append(.ingress) }
        if tenant.spec.controlPlane.gateway != nil, settings.servesTLSRoutes { wanted += [.route, .konnectivityRoute] }
        let adoptable = Component.allCases.filter(\.isRoot)
        let isNew = tenant.object["status"] == nil && !versions.knowsAnything(of: tenant.key)

        var observation = TenantObservation()
        if !isNew {
            let labelled = LabelSelector(equals: [Keys.name: tenant.name, Keys.project: Keys.projectValue])
            async let secrets = api.list(.secrets, namespace: tenant.namespace, labelSelector: labelled)
            async let configMaps = api.list(.configMaps, namespace: tenant.namespace, labelSelector: labelled)
            let found = try await secrets.items + configMaps.items
            let byName = Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            for component in Component.allCases {
                guard component.type == .secrets || component.type == .configMaps else { continue }
                observation.objects[component] = byName[component.objectName(of: tenant.name)]
            }
        }
        let singles = adoptable.filter { observation.objects[$0] == nil } + (isNew ? [] : wanted)
        let found = try await withThrowingTaskGroup(of: (Component, KubeObject?).self) { group in
            for component in singles {
                let key = ObjectKey(
                    namespace: tenant.namespace, name: component.objectName(of: tenant.name))
                group.addTask { (component, try await api.find(component.type, key)) }
            }
            return try await group.reduce(into: [Component: KubeObject]()) { $0[$1.0] = $1.1 }
        }
        observation.objects.merge(found) { _, single in single }
        return observation
    }
}
