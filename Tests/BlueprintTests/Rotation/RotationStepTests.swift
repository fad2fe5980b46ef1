import FoundationEssentials
import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

/// One stage, everything that can be observed of it, and the one set of observations that moves it on.
struct StageCase: Sendable, CustomTestStringConvertible {
    let stage: RotationStage
    let facts: RotationFacts
    let step: RotationStep

    var testDescription: String { "\(stage), \(facts)" }

    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// Every stage with every combination of what is observed.
    static let all: [StageCase] = RotationStage.allCases.flatMap { stage in
        (0..<48).map { number in
            let bits = number % 16
            var facts = RotationFacts(now: now)
            facts.reason = bits & 1 != 0 ? "asked" : nil
            facts.isFinishAsked = bits & 2 != 0
            facts.isRolledOut = bits & 4 != 0
            facts.isKnownInside = bits & 8 != 0
            facts.overlapEnd = [nil, now.addingTimeInterval(1), now][number / 16]
            return StageCase(stage: stage, facts: facts, step: expected(stage, bits, isOver: number / 16 == 2))
        }
    }

    private static func expected(_ stage: RotationStage, _ bits: Int, isOver: Bool) -> RotationStep {
        switch (stage, bits) {
        case (.settled, 1), (.settled, 3), (.settled, 5), (.settled, 7), (.settled, 9), (.settled, 11), (.settled, 13),
            (.settled, 15):
            .begin(reason: "asked")
        case (.trusting, 12), (.trusting, 13), (.trusting, 14), (.trusting, 15): .promote
        case (.overlapping, 6), (.overlapping, 7), (.overlapping, 14), (.overlapping, 15): .drop
        case (.overlapping, 4), (.overlapping, 5), (.overlapping, 12), (.overlapping, 13): isOver ? .drop : .stay
        default: .stay
        }
    }
}

@Suite struct RotationStepTests {
    @Test(arguments: StageCase.all) func `each stage goes on when its own step has reached everybody`(one: StageCase) {
        #expect(RotationStep(one.stage, one.facts) == one.step)
    }

    @Test func `a wish for rotation that is being done is dated, and one that comes too early is kept`() {
        var secret = KubeObject(apiVersion: "v1", kind: "Secret", name: "green-ca")
        secret.annotations = [Keys.rotate: "", Keys.finishRotation: ""]
        let asked = RootMarks(secret)
        let begun = asked.after(.begin(reason: "asked"), now: StageCase.now)
        let stamp = Timestamp.format(StageCase.now)
        // What was left over from an earlier rotation ends none that is yet to begin.
        #expect(begun.annotations == [Keys.rotate: stamp, Keys.finishRotation: stamp])

        secret.annotations = begun.annotations.merging([Keys.rotate: ""]) { _, new in new }
        let again = RootMarks(secret).after(.promote, now: StageCase.now)
        #expect(again.annotations == [Keys.finishRotation: stamp, Keys.promoted: stamp])
        #expect(again.asksForRotation)

        secret.annotations[Keys.finishRotation] = ""
        secret.annotations[Keys.promoted] = stamp
        let dropped = RootMarks(secret).after(.drop, now: StageCase.now)
        #expect(dropped.annotations == [Keys.finishRotation: stamp])
        #expect(RootMarks(secret).promotedAt == StageCase.now)
    }
}

/// What pods read while an authority rotates, and what the tenant says of it.
@Suite struct RotatingPodsTests {
    private static func credentials(_ change: (inout Credentials) -> Void) -> Credentials {
        var credentials = Sample.credentials
        change(&credentials)
        return credentials
    }

    private static let rotating = credentials {
        $0[.certificateAuthority]?["ca-bundle.crt"] = Array("both".utf8)
        $0[.frontProxyAuthority]?["front-proxy-ca-bundle.crt"] = Array("both".utf8)
    }

    private static func items(_ deployment: KubeObject, of secret: String) throws -> [String] {
        let sources = try deployment.volume("etc-kubernetes-pki")[path: "projected", "sources"]?.array ?? []
        let source = sources.first { $0[path: "secret", "name"]?.string == secret }
        return (source?[path: "secret", "items"]?.array ?? []).map {
            "\($0["key"]?.string ?? "") as \($0["path"]?.string ?? "")"
        }
    }

    @Test func `pods trust the bundle and sign with the one authority`() throws {
        let deployment = try Sample.tenant().deployed(credentials: Self.rotating)
        #expect(
            try Self.items(deployment, of: "green-ca") == [
                "ca-bundle.crt as ca.crt", "ca.crt as ca-signer.crt", "ca.key as ca.key",
            ])
        #expect(
            try Self.items(deployment, of: "green-front-proxy-ca-certificate") == [
                "front-proxy-ca-bundle.crt as front-proxy-ca.crt"
            ])
        let manager = try deployment.arguments("kube-controller-manager")
        #expect(manager.contains("--cluster-signing-cert-file=/etc/kubernetes/pki/ca-signer.crt"))
        #expect(manager.contains("--root-ca-file=/etc/kubernetes/pki/ca.crt"))
        for (volume, _) in Volume.certificateBundles {
            #expect(
                try deployment.volume(volume)[path: "secret", "items"] == [["key": "ca-bundle.crt", "path": "ca.crt"]])
        }
    }

    @Test func `the embedded engine signs with the one authority too`() throws {
        let server = try Sample.tenant().deployed(Sample.sqlite, credentials: Self.rotating).arguments("kube-apiserver")
        #expect(server.contains("--cluster-signing-cert-file=/etc/kubernetes/pki/ca-signer.crt"))
        #expect(server.contains("--client-ca-file=/etc/kubernetes/pki/ca.crt"))
    }

    @Test func `without a rotation pods read what signs as what they trust`() throws {
        let deployment = try Sample.tenant().deployed()
        #expect(try Self.items(deployment, of: "green-ca") == ["ca.crt as ca.crt", "ca.key as ca.key"])
        #expect(
            try deployment.arguments("kube-controller-manager")
                .contains("--cluster-signing-cert-file=/etc/kubernetes/pki/ca.crt"))
    }

    @Test func `with a tunnel its kubeconfig starts the pods anew, for its file follows no Secret`() throws {
        let tenant = try Sample.tenant("spec: {addons: {konnectivity: {}}}")
        let before = tenant.deployed().template
        let after = tenant.deployed(
            credentials: Self.credentials { $0[.konnectivityKubeconfig]?["content"] = Array("new".utf8) }
        ).template
        #expect(before.labels == after.labels)
        #expect(
            Array(before.annotations.filter { after.annotations[$0.key] != $0.value }.keys) == [
                "konnectivity.kamaji.clastix.io/kubeconfig"
            ])
    }

    private static let full: JSON = [
        "observedGeneration": 1, "readyReplicas": 1, "updatedReplicas": 1, "replicas": 1,
    ]

    @Test func `pods count once each of them started with just what is stored, and no other is left`() throws {
        let tenant = try Sample.tenant()
        var deployment = tenant.deployed(credentials: Self.rotating)
        deployment["status"] = Self.full
        #expect(tenant.isRolledOut(deployment, with: Self.rotating))
        #expect(!tenant.isRolledOut(deployment, with: Sample.credentials), "the pods are another content's")
        #expect(!tenant.isRolledOut(nil, with: Self.rotating))

        let pod = deployment.template
        var leaving = pod
        leaving[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let old = tenant.deployed().template
        var ended = old
        ended[path: "status", "phase"] = "Failed"
        #expect(tenant.isRolledOut([pod, ended], with: Self.rotating))
        #expect(!tenant.isRolledOut([pod, leaving], with: Self.rotating))
        #expect(!tenant.isRolledOut([pod, old], with: Self.rotating))
    }

    private static func rotation(
        _ component: Component, _ stage: RotationStage, isRolledOut: Bool
    ) -> RootRotation {
        var facts = RotationFacts(now: StageCase.now)
        facts.isRolledOut = isRolledOut
        facts.overlapEnd = StageCase.now
        return RootRotation(component, stage, facts)
    }

    @Test func `a rotation that is wanted during another one is not forgotten, and the status says so`() throws {
        var facts = RotationFacts(now: StageCase.now)
        facts.isRolledOut = true
        facts.overlapEnd = StageCase.now
        let quiet = RootRotation(.certificateAuthority, .overlapping, facts).message(of: "t")
        facts.reason = "asked for by annotation"
        let message = RootRotation(.certificateAuthority, .overlapping, facts).message(of: "t")
        #expect(
            message
                == quiet + ". Another rotation is wanted (asked for by annotation), and begins when this one is over")
    }

    @Test(arguments: [
        (Component.certificateAuthority, RotationStage.settled, false, "Ready", "Issued"),
        (.certificateAuthority, .trusting, false, "CertificateAuthorityRotating", "NextTrusted"),
        (.certificateAuthority, .trusting, true, "CertificateAuthorityRotating", "NextTrusted"),
        (.certificateAuthority, .overlapping, false, "CertificateAuthorityRotating", "Reissued"),
        (.certificateAuthority, .overlapping, true, "Ready", "PreviousTrusted"),
        (.frontProxyAuthority, .trusting, false, "CertificateAuthorityRotating", "NextTrusted"),
        (.serviceAccountKey, .trusting, false, "Ready", "NextTrusted"),
    ])
    func `the status shows each stage, and the tenant stays ready`(
        component: Component, stage: RotationStage, isRolledOut: Bool, phase: String, reason: String
    ) throws {
        let tenant = try Sample.tenant()
        var progress = TenantProgress()
        var deployment = tenant.deployed()
        deployment["status"] = Self.full
        progress.exposure = Sample.exposure
        progress.deployment = deployment
        progress.credentials = Sample.credentials
        progress.interior = .applied(clusterInfo: "")
        progress.isProvisioned = true
        progress.rotations = [Self.rotation(component, stage, isRolledOut: isRolledOut)]
        let status = tenant.status(after: progress, now: StageCase.now)
        #expect(status[path: "kubernetesResources", "version", "status"]?.string == phase)
        let conditions = status["conditions"]?.array ?? []
        let valid = try #require(conditions.first { $0["type"] == "CertificatesValid" })
        #expect(valid["status"] == "True" && valid["reason"]?.string == reason)
        if stage == .overlapping, isRolledOut {
            #expect(valid["message"]?.string?.contains(Timestamp.format(StageCase.now)) == true)
        }
        #expect(conditions.first { $0["type"] == "Ready" }?["status"] == "True")
    }
}
