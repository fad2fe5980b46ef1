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

    /// Whether all that was asked for is there and answers. While authorities are exchanged it does: nobody is meant to
    /// notice.
    var isServing: Bool { [.ready, .writeLimited, .certificateAuthorityRotating].contains(self) }
}

extension TenantControlPlane {
    /// Whether the Deployment has arrived at what its spec says: seen, updated, available, and nothing left over.
    package static func isRolledOut(_ deployment: KubeObject) -> Bool {
        let status = deployment["status"]
        func count(_ field: String) -> Int64 { status?[field]?.integer ?? 0 }
        let wanted = deployment[path: "spec", "replicas"]?.integer ?? 1
        return count("observedGeneration") >= deployment.generation && count("unavailableReplicas") == 0
            && count("updatedReplicas") == wanted && count("readyReplicas") == wanted && count("replicas") == wanted
    }

    /// The phase (parity sheet, 5.6); the first that holds stands. It differs from upstream's where that one misleads:
    /// Ready comes once what was asked for is inside and reached, pods that change while others serve leave it Ready,
    /// and limited writes do not hide an upgrade.
    package func phase(
        deployment: KubeObject?, interior: InteriorState, tunnel: TunnelState?, rotations: [RootRotation] = []
    ) -> TenantPhase {
        if spec.controlPlane.deployment.replicas == 0 { return .sleeping }
        guard let deployment else { return .provisioning }
        let isNew = recordedVersion == nil
        if (deployment[path: "status", "readyReplicas"]?.integer ?? 0) == 0 {
            // Upstream calls a tenant that is only just starting NotReady; so do its users' alerts, by mistake.
            return isNew ? .provisioning : .notReady
        }
        let isRolledOut = Self.isRolledOut(deployment)
        if isNew, !isRolledOut { return .provisioning }
        if changesVersion, !isRolledOut { return .upgrading }
        guard isComplete(interior, tunnel: tunnel) else {
            return isNew ? .provisioning : changesVersion ? .upgrading : .notReady
        }
        if rotations.exchangesAuthority { return .certificateAuthorityRotating }
        guard spec.writePermissions.isLimited else { return .ready }
        // A pass that did not get inside has put up no barrier: only one that stood before stands.
        return interior == .unseen && previousPhase != .writeLimited ? .ready : .writeLimited
    }
}
