import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// From two replicas up, nodes of the admin cluster are drained one replica at a time. A single replica gets none: it
    /// would keep its node from ever being drained.
    func disruptionBudget() -> ManagedObject? {
        guard spec.controlPlane.deployment.replicas >= 2 else { return nil }
        var object = managed(.disruptionBudget)
        object["spec"] = ["maxUnavailable": 1, "selector": ["matchLabels": [Keys.name: .string(name)]]]
        return ManagedObject(component: .disruptionBudget, object: object)
    }
}
