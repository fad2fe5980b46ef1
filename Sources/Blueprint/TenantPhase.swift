import KubeObjects
import TenantAPI

/// `status.kubernetesResources.version.status`, in upstream's words.
package enum TenantPhase: String, Sendable, Hashable, CaseIterable {
    case unknown = "Unknown"
    case provisioning = "Provisioning"
    case certificateAuthorityRotating = "CertificateAuthorityRotating"
    case upgrading = "Upgrading"
    case migrating = "Migrating"
    case ready = "Ready"
    case notReady = "NotReady"
    case sleeping = "Sleeping"
    case writeLimited = "WriteLimited"
}

extension TenantControlPlane {
    /// Whether an earlier pass has put into the tenant what it needs inside.
    package var wasBootstrapped: Bool {
        (object[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"]?.string == TenantCondition.tenantBootstrapped.rawValue && $0["status"]?.string == "True"
        }
    }

    /// Whether the Deployment has arrived at what its spec says: seen, updated, available, and nothing left over.
    package static func isRolledOut(_ deployment: KubeObject) -> Bool {
        let status = deployment["status"]
        func count(_ field: String) -> Int64 { status?[field]?.integer ?? 0 }
        let wanted = deployment[path: "spec", "replicas"]?.integer ?? 1
        return count("observedGeneration") >= deployment.generation && count("unavailableReplicas") == 0
            && count("updatedReplicas") == wanted && count("readyReplicas") == wanted && count("replicas") == wanted
    }

    /// The phase (parity sheet, 5.6); the first that holds stands. Upstream says Ready before its users may do
    /// anything inside; here that comes first.
    package func phase(deployment: KubeObject?, isBootstrapped: Bool) -> TenantPhase {
        if spec.controlPlane.deployment.replicas == 0 { return .sleeping }
        let recorded = object[path: "status", "kubernetesResources", "version", "version"]?.string ?? ""
        guard let deployment else { return .provisioning }
        if (deployment[path: "status", "readyReplicas"]?.integer ?? 0) == 0 {
            // Upstream calls a tenant that is only just starting NotReady; so do its users' alerts, by mistake.
            return recorded.isEmpty ? .provisioning : .notReady
        }
        if !isBootstrapped { return .provisioning }
        if spec.writePermissions.isLimited { return .writeLimited }
        if Self.isRolledOut(deployment) { return .ready }
        if !recorded.isEmpty, recorded != spec.kubernetes.version { return .upgrading }
        return recorded.isEmpty ? .provisioning : .unknown
    }
}
