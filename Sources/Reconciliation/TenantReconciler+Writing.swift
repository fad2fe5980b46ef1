import Blueprint
import KubeClient
import KubeObjects
import Logging
import TenantAPI

extension TenantReconciler {
    /// Applies one object unless it is already as we want it, and takes note of its version.
    func apply(
        _ wanted: ManagedObject, to tenant: TenantControlPlane, live: KubeObject?
    ) async throws -> KubeObject {
        let id = ManagedID(type: wanted.type, name: wanted.object.name)
        let fingerprint = wanted.object.hashValue
        if let live, versions.lastApplied(id, of: tenant.key) == fingerprint, live.isAsWanted(wanted.object) {
            versions.acknowledge(id, of: tenant.key, version: live.resourceVersion)
            return live
        }
        var object = wanted.object
        if wanted.component.isRoot {
            // Its marks say already what became of the wish.
        } else if let live, live.asksForRotation {
            object.annotations[Keys.rotate] = Timestamp.format(now())
        } else if let rotated = live?.annotations[Keys.rotate] {
            object.annotations[Keys.rotate] = rotated
        }
        let applied = try await api.applyOverruling(object, wanted.type, live: live)
        versions.record(id, of: tenant.key, version: applied.resourceVersion, applied: fingerprint)
        log.debug("applied", metadata: ["tenant": "\(tenant.key)", "object": "\(wanted.type) \(object.name)"])
        return applied
    }

    /// Applies independent objects all at once and notes what the status needs of them.
    func applyAll(
        _ objects: [ManagedObject], to tenant: TenantControlPlane, _ observation: TenantObservation,
        into progress: inout TenantProgress
    ) async throws {
        let applied = try await withThrowingTaskGroup(of: (Component, KubeObject).self) { group in
            for wanted in objects {
                group.addTask {
                    let live = observation.objects[wanted.component]
                    return (wanted.component, try await apply(wanted, to: tenant, live: live))
                }
            }
            return try await group.reduce(into: [Component: KubeObject]()) { $0[$1.0] = $1.1 }
        }
        for (component, object) in applied {
            switch component {
            case .deployment: progress.deployment = object
            case .ingress: progress.ingress = object
            case .route, .konnectivityRoute: progress.routes[component] = object
            case .kubeadmConfiguration, .egressSelector:
                progress.checksums[component] = object.annotations[Keys.checksum]
            case .datastoreConfiguration: progress.credentials[component] = object.secretData
            default: break
            }
        }
    }

    /// Deletes what the spec switched off, as far as anything of it was ever seen.
    func removeAbsent(_ tenant: TenantControlPlane) async throws {
        for component in tenant.absentComponents {
            let name = component.objectName(of: tenant.name)
            guard versions.names(of: tenant.key, type: component.type).contains(name) else { continue }
            let live = try await api.find(component.type, ObjectKey(namespace: tenant.namespace, name: name))
            if let live {
                guard live.ownerReferences.contains(where: { $0.uid == tenant.object.uid }) else { continue }
                try await api.delete(component.type, live.key, uid: live.uid)
            }
            versions.remove(ManagedID(type: component.type, name: name), of: tenant.key)
        }
    }

    /// Puts our finalizer on the tenant. The uid in it keeps the write from making a new tenant of one that is gone.
    func holdTenant(_ tenant: TenantControlPlane) async throws {
        guard !tenant.object.finalizers.contains(Keys.tenantFinalizer) else { return }
        var claim = ResourceType.tenantControlPlanes.object(tenant.key)
        claim[path: "metadata", "uid"] = .string(tenant.object.uid)
        claim.finalizers = [Keys.tenantFinalizer]
        let held = try await api.apply(claim, .tenantControlPlanes)
        acknowledge(tenant, version: held.resourceVersion)
    }

    /// Writes the status when it changed, and gives the tenant as it is then.
    func writeStatus(of tenant: TenantControlPlane, _ progress: TenantProgress) async throws -> KubeObject {
        let status = tenant.status(after: progress, now: now())
        guard status != tenant.object["status"] else { return tenant.object }
        var object = ResourceType.tenantControlPlanes.object(tenant.key)
        object[path: "metadata", "uid"] = .string(tenant.object.uid)
        object["status"] = status
        let written = try await api.apply(object, .tenantControlPlanes, subresource: "status")
        acknowledge(tenant, version: written.resourceVersion)
        return written
    }

    func acknowledge(_ tenant: TenantControlPlane, version: String) {
        versions.acknowledge(
            ManagedID(type: .tenantControlPlanes, name: tenant.name), of: tenant.key, version: version)
    }
}
