import Blueprint
import FoundationEssentials
import KubeClient
import KubeObjects
import Logging
import TenantAPI

extension TenantReconciler {
    /// Between two looks at pods that do not become ready, in seconds. Their Deployment tells when they do.
    static let rolloutPeriod: TimeInterval = 20

    /// What stands against a change of version that is about to begin. A tenant that cannot be asked for its nodes is
    /// not kept from changing: the new version may be what makes it answer again.
    func upgradeRefusal(of tenant: TenantControlPlane, _ progress: TenantProgress) async -> UpgradeRefusal? {
        guard tenant.startsUpgrade(beside: progress.deployment) else { return nil }
        var nodes: [KubeObject] = []
        if tenant.spec.controlPlane.deployment.replicas > 0, let service = progress.service,
            let client = try? self.client(of: tenant, progress, service: service)
        {
            do {
                nodes = try await client.list(.nodes, namespace: nil).items
            } catch {
                log.info(
                    "upgrading without a look at the kubelets",
                    metadata: ["tenant": "\(tenant.key)", "error": "\(error)"])
            }
        }
        return tenant.upgradeRefusal(beside: progress.deployment, nodes: nodes)
    }

    /// Whether pods are on their way; what keeps them is noted.
    func isStillRollingOut(_ tenant: TenantControlPlane, _ progress: inout TenantProgress) async throws -> Bool {
        guard tenant.spec.controlPlane.deployment.replicas > 0, let deployment = progress.deployment,
            !TenantControlPlane.isRolledOut(deployment)
        else { return false }
        // Only once they took longer than a look's period: a start that goes well is nobody's news.
        let progressing = (deployment[path: "status", "conditions"]?.array ?? []).first {
            $0["type"]?.string == "Progressing"
        }
        let moved = progressing?["lastUpdateTime"]?.string.flatMap(Timestamp.parse)
        guard let moved, now().timeIntervalSince(moved) >= Self.rolloutPeriod else { return true }
        let ours = LabelSelector(equals: [Keys.name: tenant.name])
        let pods = try await api.list(.pods, namespace: tenant.namespace, labelSelector: ours).items
        progress.obstacle = RolloutReport.obstacle(pods: pods)
        return true
    }
}
