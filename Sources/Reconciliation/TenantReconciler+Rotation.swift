import Blueprint
import KubeClient
import KubeObjects
import Logging
import TenantAPI

extension TenantReconciler {
    /// Whom the rotations of this tenant's roots have reached. Looks only while one is under way.
    func rotationReach(
        of tenant: TenantControlPlane, _ exposure: Exposure, _ facts: DatastoreFacts, _ observation: TenantObservation
    ) async -> RotationReach {
        var reach = RotationReach()
        let secrets = observation.secrets.mapValues(\.secretData)
        guard secrets.contains(where: { $0.key.isRotating($0.value) }) else { return reach }
        if tenant.isRolledOut(observation.objects[.deployment], with: secrets) {
            reach.isRolledOut = await areAllNew(tenant, secrets)
        }
        if let trust = secrets[.certificateAuthority]?[AuthorityFiles.cluster.bundle] {
            reach.isKnownInside = tenant.isKnownInside(trust, exposure, facts)
        }
        return reach
    }

    /// Whether no pod is left that started with other Secrets. Where pods cannot be read the rotation waits, and nothing
    /// else of the tenant does.
    private func areAllNew(_ tenant: TenantControlPlane, _ secrets: Credentials) async -> Bool {
        do {
            let pods = try await api.list(
                .pods, namespace: tenant.namespace, labelSelector: LabelSelector(equals: [Keys.name: tenant.name]))
            return tenant.isRolledOut(pods.items, with: secrets)
        } catch {
            events.record(
                .warning, on: tenant.object, reason: "RotationBlocked", action: "Rotate",
                note: "cannot tell which pods still run with the old Secrets, for pods cannot be listed: \(error)")
            return false
        }
    }

    /// When a rotation wants another look that nothing else leads to; nil when a watch will.
    func rotationWait(_ tenant: TenantControlPlane, _ progress: TenantProgress) -> WorkOutcome? {
        let moving = progress.rotations.filter(\.isSpreading)
        guard !moving.isEmpty else { return nil }
        // The pass that told those inside has done its part; the next one goes on.
        if case .applied = progress.interior,
            moving.contains(where: { !$0.facts.isKnownInside && $0.facts.isRolledOut })
        {
            return .again(after: Self.startPeriod)
        }
        let secrets = progress.credentials
        if moving.contains(where: { !$0.facts.isRolledOut }), tenant.isRolledOut(progress.deployment, with: secrets) {
            // Pods are on their way out, and no watch of ours sees them.
            return .poll(upTo: Self.longestPoll)
        }
        return nil
    }

    /// Tells how the rotation of each root went on.
    func tell(_ tenant: TenantControlPlane, steps: [(component: Component, step: RotationStep)]) {
        for (component, step) in steps {
            let secret = component.objectName(of: tenant.name)
            let (reason, note): (String, String) =
                switch step {
                case .stay: ("", "")
                case .begin(let why): ("RotationBegun", "\(secret): \(why); its next one is trusted from now on")
                case .promote: ("RotationPromoted", "\(secret): the new one signs, and the old one is still trusted")
                case .drop: ("RotationFinished", "\(secret): the old one is trusted no more")
                }
            guard !reason.isEmpty else { continue }
            log.info(
                "root rotated",
                metadata: ["tenant": "\(tenant.key)", "component": "\(component.rawValue)", "to": "\(reason)"])
            events.record(.normal, on: tenant.object, reason: reason, action: "Rotate", note: note)
        }
    }
}

extension ManagedObject {
    /// With what is to be read on the Secret of a root about its rotation.
    func marked(_ marks: RootMarks?) -> ManagedObject {
        guard let marks else { return self }
        var object = object
        object.annotations.merge(marks.annotations) { _, ours in ours }
        return ManagedObject(component: component, object: object)
    }
}
