import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// `status.conditions`: what stands between the tenant and Ready, in the order in which it is overcome.
    func writeConditions(_ progress: TenantProgress, into status: inout StatusWriter) {
        let generation = object.generation
        let known = Set((status.previous["conditions"]?.array ?? []).compactMap { $0["type"]?.string })
        func set(_ condition: TenantCondition, _ isTrue: Bool?, _ reason: String, _ message: String) {
            // A pass that failed before it got there knows nothing new.
            if isTrue == nil, progress.failure != nil, known.contains(condition.rawValue) { return }
            status.setCondition(
                condition.rawValue, isTrue, reason: reason, message: message, generation: generation)
        }
        let failure = progress.failure

        if let failure, failure.condition == .datastoreReady {
            set(.datastoreReady, false, failure.reason, failure.message)
        } else if progress.isProvisioned {
            set(.datastoreReady, true, "Provisioned", "the tenant's user and its grants are in place")
        } else {
            set(.datastoreReady, nil, "Pending", "not provisioned yet")
        }

        if let failure, failure.condition == .certificatesValid {
            set(.certificatesValid, false, failure.reason, failure.message)
        } else if progress.credentials[.apiServerCertificate] != nil {
            set(.certificatesValid, true, "Issued", "every certificate and kubeconfig is in place")
        } else {
            set(.certificatesValid, nil, "Pending", progress.waiting?.message ?? "not issued yet")
        }

        let available: (Bool?, String, String)
        if let failure, failure.condition == .controlPlaneAvailable {
            available = (false, failure.reason, failure.message)
        } else if let waiting = progress.waiting {
            available = (false, waiting.reason, waiting.message)
        } else if spec.controlPlane.deployment.replicas == 0 {
            available = (false, "Sleeping", "spec.controlPlane.deployment.replicas is 0")
        } else if let deployment = progress.deployment {
            let ready = deployment[path: "status", "readyReplicas"]?.integer ?? 0
            let wanted = spec.controlPlane.deployment.replicas
            available = (
                ready > 0, ready > 0 ? "ReplicasReady" : "ReplicasNotReady", "\(ready) of \(wanted) replicas are ready"
            )
        } else {
            available = (nil, "Pending", "not deployed yet")
        }
        set(.controlPlaneAvailable, available.0, available.1, available.2)

        if let failure, failure.condition == .tenantBootstrapped {
            set(.tenantBootstrapped, false, failure.reason, failure.message)
        } else if progress.isBootstrapped {
            set(.tenantBootstrapped, true, "Applied", "administrators may use the tenant")
        } else {
            set(.tenantBootstrapped, nil, "Pending", "waits for the API server of the tenant")
        }

        let phase = status.json[path: "kubernetesResources", "version", "status"]?.string ?? ""
        if let failure {
            set(.ready, false, failure.reason, failure.message)
        } else if phase == TenantPhase.ready.rawValue || phase == TenantPhase.writeLimited.rawValue {
            set(.ready, true, phase, "the control plane serves \(spec.kubernetes.version)")
        } else {
            set(.ready, false, phase.isEmpty ? "Provisioning" : phase, available.2)
        }
    }
}
