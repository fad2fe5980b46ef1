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
        } else if let (reason, message) = progress.rotations.condition(of: name) {
            set(.certificatesValid, true, reason, message)
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
        } else if let queued = progress.queued {
            available = (
                false, "Queued",
                "other control planes are starting, and \(queued) more were created before this one"
            )
        } else if spec.controlPlane.deployment.replicas == 0 {
            available = (false, "Sleeping", "spec.controlPlane.deployment.replicas is 0")
        } else if let deployment = progress.deployment {
            let ready = deployment[path: "status", "readyReplicas"]?.integer ?? 0
            let wanted = spec.controlPlane.deployment.replicas
            available = (
                ready > 0, ready > 0 ? "ReplicasReady" : "ReplicasNotReady",
                "\(ready) of \(wanted) replicas are ready" + (progress.obstacle.map { "; \($0)" } ?? "")
            )
        } else {
            available = (nil, "Pending", "not deployed yet")
        }
        set(.controlPlaneAvailable, available.0, available.1, available.2)

        writeInteriorConditions(progress, set)
        if spec.addons.konnectivity == nil {
            status.removeCondition(TenantCondition.tunnelReady.rawValue)
        } else {
            writeTunnelCondition(progress, set)
        }

        let phase = status.json[path: "kubernetesResources", "version", "status"]?.string ?? ""
        if let failure {
            set(.ready, false, failure.reason, failure.message)
        } else if TenantPhase(rawValue: phase)?.isServing ?? false {
            let serves = "the control plane serves \(spec.kubernetes.version)"
            if let refusal = progress.refusal {
                set(.ready, true, "UpgradeRefused", refusal.message)
            } else {
                set(.ready, true, phase, serves)
            }
        } else {
            let (reason, message) = obstacle(progress, available: available)
            set(.ready, false, reason ?? (phase.isEmpty ? "Provisioning" : phase), message)
        }
    }

    /// What keeps a tenant from being Ready that nothing went wrong with. A reason of nil is the phase's own name.
    private func obstacle(
        _ progress: TenantProgress, available: (isTrue: Bool?, reason: String, message: String)
    ) -> (reason: String?, message: String) {
        guard available.isTrue == true else { return (nil, available.message) }
        if case .waiting(_, let message) = progress.interior {
            return (nil, ([message] + [progress.obstacle].compactMap { $0 }).joined(separator: "; "))
        }
        if spec.addons.konnectivity != nil, case .silent(let message) = progress.tunnel {
            return ("TunnelSilent", message)
        }
        return (nil, available.message)
    }

    private typealias ConditionSetter = (TenantCondition, Bool?, _ reason: String, _ message: String) -> Void

    private func writeInteriorConditions(_ progress: TenantProgress, _ set: ConditionSetter) {
        let addons = [
            spec.addons.coreDNS.map { _ in "CoreDNS" }, spec.addons.kubeProxy.map { _ in "kube-proxy" },
            spec.addons.konnectivity.map { _ in "the konnectivity agent" },
        ].compactMap { $0 }
        let bootstrapped = "administrators may use the tenant, and nodes may join"
        let applied: (String, String) =
            addons.isEmpty
            ? ("NoneAsked", "spec.addons asks for none") : ("Applied", addons.joined(separator: ", ") + " applied")
        if let failure = progress.failure, failure.condition == .tenantBootstrapped {
            set(.tenantBootstrapped, false, failure.reason, failure.message)
            set(.addonsApplied, nil, "Pending", "waits for what comes before the addons")
        } else if let failure = progress.failure, failure.condition == .addonsApplied {
            set(.tenantBootstrapped, true, "Applied", bootstrapped)
            set(.addonsApplied, false, failure.reason, failure.message)
        } else if case .applied = progress.interior {
            set(.tenantBootstrapped, true, "Applied", bootstrapped)
            set(.addonsApplied, true, applied.0, applied.1)
        } else {
            var (reason, message) = ("Pending", "waits for the API server of the tenant")
            if case .waiting(let why, let text) = progress.interior { (reason, message) = (why, text) }
            // What was applied before is in the tenant's store, whether its servers run or not.
            if !wasTrue(.tenantBootstrapped) { set(.tenantBootstrapped, nil, reason, message) }
            if !wasTrue(.addonsApplied) { set(.addonsApplied, nil, reason, message) }
        }
    }

    private func writeTunnelCondition(_ progress: TenantProgress, _ set: ConditionSetter) {
        switch progress.tunnel {
        case .answered: set(.tunnelReady, true, "Answered", "a node answered through konnectivity")
        case .noAgent: set(.tunnelReady, nil, "NoAgent", "no node is Ready yet that could be dialled")
        case .undialable(let message): set(.tunnelReady, nil, "NoDialableAddress", message)
        case .silent(let message): set(.tunnelReady, false, "NoAnswer", message)
        case nil: if !wasTrue(.tunnelReady), !hadNoAgent { set(.tunnelReady, nil, "Pending", "not dialled yet") }
        }
    }
}
