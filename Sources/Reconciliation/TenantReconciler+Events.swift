import Blueprint
import KubeClient
import KubeObjects
import TenantAPI

extension TenantReconciler {
    /// Tells `kubectl get events` what a pass came to: a new phase, or what stands in the way. What repeats is counted
    /// by the recorder.
    func tell(_ before: KubeObject, _ after: KubeObject, _ progress: TenantProgress) {
        if let (_, reason, message) = progress.failure {
            events.record(.warning, on: after, reason: reason, action: "Reconcile", note: message)
        }
        if let refusal = progress.refusal {
            events.record(
                .warning, on: after, reason: "UpgradeRefused", action: "Upgrade", note: refusal.message)
        }
        let phase = Self.phase(after)
        guard !phase.isEmpty, phase != Self.phase(before) else { return }
        events.record(
            phase == TenantPhase.notReady.rawValue ? .warning : .normal, on: after, reason: phase, action: "Reconcile",
            note: "the control plane is \(phase)")
    }

    /// Tells why a tenant that somebody deleted stays.
    func tellPaused(_ tenant: KubeObject) {
        events.record(
            .warning, on: tenant, reason: "DeletionPaused", action: "Delete",
            note: "the tenant is paused: remove annotation \(Keys.paused), and it goes with its data")
    }

    /// Tells which credentials a pass issued, and why, in one event.
    func tell(_ tenant: TenantControlPlane, issued: [(component: Component, reason: String)]) {
        guard !issued.isEmpty else { return }
        events.record(
            .normal, on: tenant.object, reason: "CredentialsIssued", action: "Issue", note: Self.note(issued: issued))
    }

    /// Those that have one reason stand before it, reasons in the order of their first.
    static func note(issued: [(component: Component, reason: String)]) -> String {
        var groups: [(reason: String, components: [String])] = []
        for (component, reason) in issued {
            if let index = groups.firstIndex(where: { $0.reason == reason }) {
                groups[index].components.append(component.rawValue)
            } else {
                groups.append((reason, [component.rawValue]))
            }
        }
        return "issued "
            + groups.map { "\($0.components.joined(separator: ", ")) (\($0.reason))" }.joined(separator: "; ")
    }

    /// Tells of annotations that ask for nothing, though somebody seems to have meant them to.
    func tellStrayWishes(_ tenant: TenantControlPlane, _ observation: TenantObservation) {
        for object in observation.objects.values.sorted(by: { $0.name < $1.name }) {
            for note in object.strayWishes {
                events.record(.warning, on: tenant.object, reason: "RotationNotAsked", action: "Rotate", note: note)
            }
        }
    }

    private static func phase(_ object: KubeObject) -> String {
        object[path: "status", "kubernetesResources", "version", "status"]?.string ?? ""
    }
}
