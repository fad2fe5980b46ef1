import KubeObjects
import TenantAPI

/// What a pass found of what lives inside a tenant.
package enum InteriorState: Sendable, Hashable {
    /// The pass did not get to look: what the last one found stands.
    case unseen
    /// The tenant's API takes nothing just now, as is in order while it starts, sleeps or changes its version.
    case waiting(reason: String, message: String)
    /// Everything that the spec asks for is there. `clusterInfo` is the checksum of what joining nodes read first.
    case applied(clusterInfo: String)
}

/// Whether the tenant's API server reaches its nodes through konnectivity.
package enum TunnelState: Sendable, Hashable {
    /// No node is Ready, so nobody can be dialled.
    case noAgent
    /// Nodes are Ready, and not one has an address under which a node could answer.
    case undialable(message: String)
    /// A node answered through the tunnel.
    case answered
    /// Nodes are Ready, and none of them answers.
    case silent(message: String)
}

extension TenantControlPlane {
    /// Whether an earlier pass found this condition true.
    package func wasTrue(_ condition: TenantCondition) -> Bool {
        (object[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"]?.string == condition.rawValue && $0["status"]?.string == "True"
        }
    }

    /// The version that the tenant was last seen to serve; nil before it ever did.
    package var recordedVersion: String? {
        object[path: "status", "kubernetesResources", "version", "version"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether the spec asks for another version than the tenant was last seen to serve.
    package var changesVersion: Bool { recordedVersion.map { $0 != spec.kubernetes.version } ?? false }

    /// Why nothing can be applied inside at this moment; nil when it can. While the version changes the objects inside
    /// stay those of the old one: its API servers still answer some of the calls.
    package func interiorObstacle(deployment: KubeObject?) -> InteriorState? {
        if spec.controlPlane.deployment.replicas == 0 {
            return .waiting(reason: "Sleeping", message: "spec.controlPlane.deployment.replicas is 0")
        }
        guard let deployment, (deployment[path: "status", "readyReplicas"]?.integer ?? 0) > 0 else {
            return .waiting(reason: "Pending", message: "waits for the API server of the tenant")
        }
        if changesVersion, !Self.isRolledOut(deployment) {
            return .waiting(
                reason: "Upgrading",
                message: "waits until every API server of the tenant serves \(spec.kubernetes.version)")
        }
        return nil
    }

    /// Whether all that the spec asks for inside is there, as far as this pass or the one before it saw.
    func isComplete(_ interior: InteriorState, tunnel: TunnelState?) -> Bool {
        switch interior {
        case .applied: isReached(tunnel)
        case .waiting: false
        case .unseen: wasTrue(.tenantBootstrapped) && wasTrue(.addonsApplied) && isReached(tunnel)
        }
    }

    /// Whether an earlier pass found nobody to dial.
    package var hadNoAgent: Bool {
        (object[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"]?.string == TenantCondition.tunnelReady.rawValue
                && ["NoAgent", "NoDialableAddress"].contains($0["reason"]?.string)
        }
    }

    private func isReached(_ tunnel: TunnelState?) -> Bool {
        guard spec.addons.konnectivity != nil else { return true }
        switch tunnel {
        case .answered, .noAgent, .undialable: return true
        case .silent: return false
        // A new session, of a manager that has just begun, has not looked yet.
        case nil: return wasTrue(.tunnelReady) || hadNoAgent
        }
    }
}
