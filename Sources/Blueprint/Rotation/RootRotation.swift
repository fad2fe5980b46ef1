import FoundationEssentials
import KubeObjects
import TenantAPI

/// How the rotation of one root stands, for the status.
package struct RootRotation: Sendable, Hashable {
    package let component: Component
    package let stage: RotationStage
    package let facts: RotationFacts

    package init(_ component: Component, _ stage: RotationStage, _ facts: RotationFacts) {
        self.component = component
        self.stage = stage
        self.facts = facts
    }

    /// Whether something is still on its way to everybody, other than time.
    package var isSpreading: Bool { stage == .trusting || stage == .overlapping && !facts.isRolledOut }

    private var isAuthority: Bool { AuthorityFiles.of(component) != nil }

    /// For a condition: what is so, what is waited for, and how it can be ended.
    func message(of tenant: String) -> String {
        guard let reason = facts.reason, stage != .settled else { return standing(of: tenant) }
        return standing(of: tenant) + ". Another rotation is wanted (\(reason)), and begins when this one is over"
    }

    private func standing(of tenant: String) -> String {
        let secret = component.objectName(of: tenant)
        let root = isAuthority ? "authority" : "key"
        switch stage {
        case .settled: return "\(secret): one \(root)"
        case .trusting:
            var waits: [String] = []
            if !facts.isRolledOut { waits.append("until every pod runs with it") }
            if !facts.isKnownInside { waits.append("until what is inside the tenant names it") }
            return "\(secret): the next \(root) is trusted beside the present one; waits "
                + (waits.isEmpty ? "for the next pass" : waits.joined(separator: " and "))
        case .overlapping:
            guard facts.isRolledOut else {
                return "\(secret): the new \(root) signs; waits until every pod runs with what it signed"
            }
            let end = facts.overlapEnd.map(Timestamp.format) ?? "the end of the overlap"
            return "\(secret): the old \(root) is trusted until \(end), or until annotation "
                + "\(Keys.finishRotation)=\"\" asks for its end"
        }
    }
}

extension [RootRotation] {
    /// The tenant's certificates are being exchanged under it.
    var exchangesAuthority: Bool { contains { AuthorityFiles.of($0.component) != nil && $0.isSpreading } }

    /// Reason and message of the condition CertificatesValid while anything rotates; nil when nothing does.
    func condition(of tenant: String) -> (reason: String, message: String)? {
        let moving = filter { $0.stage != .settled }
        guard !moving.isEmpty else { return nil }
        let reason =
            moving.contains { $0.stage == .trusting }
            ? "NextTrusted" : moving.contains(where: \.isSpreading) ? "Reissued" : "PreviousTrusted"
        return (reason, moving.map { $0.message(of: tenant) }.joined(separator: "; "))
    }
}

extension TenantControlPlane {
    /// Whether the Deployment asks for pods with just these Secrets, and has arrived there. Which pods are still on
    /// their way out it does not say.
    package func isRolledOut(_ deployment: KubeObject?, with secrets: [Component: SecretData]) -> Bool {
        guard let deployment, Self.isRolledOut(deployment) else { return false }
        return runs(KubeObject(deployment[path: "spec", "template"] ?? [:]), with: secrets)
    }

    /// Whether all pods that still run do so with just these Secrets, and none is on its way out.
    package func isRolledOut(_ pods: [KubeObject], with secrets: [Component: SecretData]) -> Bool {
        pods.allSatisfy { pod in
            let isOver = ["Succeeded", "Failed"].contains(pod[path: "status", "phase"]?.string ?? "")
            return isOver || !pod.isBeingDeleted && runs(pod, with: secrets)
        }
    }

    private func runs(_ pod: KubeObject, with secrets: [Component: SecretData]) -> Bool {
        let users = spec.controlPlane.deployment.podAdditionalMetadata.labels
        let marks = rolloutMarks(secrets)
        return marks.labels.allSatisfy { users[$0.key] != nil || pod.labels[$0.key] == $0.value }
            && marks.annotations.allSatisfy { pod.annotations[$0.key] == $0.value }
    }

    /// Whether the last pass put into the tenant that this is to be trusted.
    package func isKnownInside(_ trustPEM: [UInt8], _ exposure: Exposure, _ facts: DatastoreFacts) -> Bool {
        guard wasTrue(.tenantBootstrapped), wasTrue(.addonsApplied),
            let recorded = object[path: "status", "kubeadmPhase", "bootstrapToken", "checksum"]?.string
        else { return false }
        let wanted = objectsInside(exposure, facts, authorityPEM: trustPEM)
        return recorded == TenantObject.clusterInfoChecksum(wanted.made)
    }
}

extension Component {
    /// Whether a Secret of this component says that it rotates.
    package func isRotating(_ data: SecretData) -> Bool {
        if let files = AuthorityFiles.of(self) { return data[files.bundle] != nil }
        return self == .serviceAccountKey && SigningKeyMaterial.isRotating(data)
    }
}
