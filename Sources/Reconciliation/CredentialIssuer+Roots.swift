import Blueprint
import FoundationEssentials
import KubeObjects
import PKI

/// Whom the last step of a rotation has reached.
package struct RotationReach: Sendable, Hashable {
    /// Whether every pod runs with just what is stored.
    package var isRolledOut = false
    /// Whether what is inside the tenant names all that is to be trusted.
    package var isKnownInside = false

    package init() {}
}

extension CredentialIssuer {
    func authority(
        _ component: Component, _ files: AuthorityFiles, name: String, into result: inout Result
    ) throws(PKIError) -> AuthorityMaterial {
        let data = existing[component]?.secretData
        var marks = RootMarks(existing[component])
        let verdict = judge.authority(
            data, certificate: files.certificate, key: files.key, rotate: marks.asksForRotation)
        let material: AuthorityMaterial
        if case .issue(let reason) = verdict {
            material = AuthorityMaterial(signer: try newAuthority(name), files: files)
            result.issued.append((component, reason))
            marks = marks.after(.begin(reason: reason), now: judge.now)
        } else {
            let before = try AuthorityMaterial(data ?? [:], files: files)
            var facts = facts(verdict, before.stage, &marks)
            if case .previous(let previous, _) = before.companion, let promoted = marks.promotedAt {
                facts.overlapEnd = judge.overlapEnd(promoted: promoted, expiry: previous.notAfter)
            }
            facts.isKnownInside = component != .certificateAuthority || reach.isKnownInside
            let step = RotationStep(before.stage, facts)
            switch step {
            case .stay: material = before
            case .begin(let reason):
                material = before.trusting(try newAuthority(name))
                result.issued.append((component, reason))
            case .promote: material = try before.promoted(now: judge.now)
            case .drop: material = before.alone
            }
            marks = marks.after(step, now: judge.now)
            var expiry: Date?
            if case .previous(let previous, _) = material.companion { expiry = previous.notAfter }
            note(component, step, material.stage, facts, marks, expiry: expiry, into: &result)
        }
        if material.stage == .settled { result.note(judge.renewal(ofAuthority: material.signer.certificate)) }
        result.marks[component] = marks
        result.credentials[component] = material.data
        return material
    }

    private func newAuthority(_ name: String) throws(PKIError) -> CertificateAuthority {
        try CertificateAuthority.selfSigned(
            CertificateProfiles.authority(name), key: .generate(tenant.keyAlgorithm), now: judge.now)
    }

    func serviceAccountKey(into result: inout Result) throws(PKIError) {
        let component = Component.serviceAccountKey
        let data = existing[component]?.secretData
        var marks = RootMarks(existing[component])
        let verdict = judge.keyPair(
            data, publicKey: "sa.pub", privateKey: "sa.key", rotate: marks.asksForRotation)
        if case .issue(let reason) = verdict {
            result.credentials[component] = SigningKeyMaterial(signer: try .generate(tenant.keyAlgorithm)).data
            result.issued.append((component, reason))
            marks = marks.after(.begin(reason: reason), now: judge.now)
        } else {
            let before = try SigningKeyMaterial(data ?? [:])
            var facts = facts(verdict, before.stage, &marks)
            facts.overlapEnd = marks.promotedAt.map { judge.overlapEnd(promoted: $0) }
            let step = RotationStep(before.stage, facts)
            let material: SigningKeyMaterial
            switch step {
            case .stay: material = before
            case .begin(let reason):
                material = before.trusting(try .generate(tenant.keyAlgorithm))
                result.issued.append((component, reason))
            case .promote: material = try before.promoted()
            case .drop: material = before.alone
            }
            marks = marks.after(step, now: judge.now)
            note(component, step, material.stage, facts, marks, expiry: nil, into: &result)
            result.credentials[component] = step == .stay ? data : material.data
        }
        result.marks[component] = marks
    }

    private func facts(
        _ verdict: CredentialDecision, _ stage: RotationStage, _ marks: inout RootMarks
    ) -> RotationFacts {
        var facts = RotationFacts(now: judge.now)
        if case .rotate(let reason) = verdict { facts.reason = reason }
        facts.isFinishAsked = marks.asksToFinish
        facts.isRolledOut = reach.isRolledOut
        // Somebody took the time away: the overlap is counted from now, rather than ended.
        if stage == .overlapping, marks.promotedAt == nil { marks.promotedAt = judge.now }
        return facts
    }

    private func note(
        _ component: Component, _ step: RotationStep, _ stage: RotationStage, _ facts: RotationFacts,
        _ marks: RootMarks, expiry: Date?, into result: inout Result
    ) {
        var facts = facts
        if step != .stay {
            result.steps.append((component, step))
            // What was just made has reached nobody yet.
            facts.isRolledOut = false
            if component == .certificateAuthority { facts.isKnownInside = false }
        }
        if stage == .overlapping, let promoted = marks.promotedAt {
            let end = judge.overlapEnd(promoted: promoted, expiry: expiry)
            facts.overlapEnd = end
            // Later than now: pods that are still on their way wake the tenant by themselves.
            if end > judge.now { result.note(end) }
        }
        result.rotations.append(RootRotation(component, stage, facts))
    }
}
