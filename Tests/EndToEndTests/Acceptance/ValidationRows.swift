import Foundation
import KubeObjects
import Testing

/// Rows about what the API refuses. With upstream's programs it is a kube-apiserver that is asked: a tenant's own, into
/// which the definitions are put.
extension EndToEnd.AcceptanceTests {
    private func api(_ engine: Engine) async throws -> Session {
        guard engine == .upstream else { return try AcceptanceFixture.on(engine).session }
        let fixture = try await exposed(engine)
        let tenant = try await fixture.cluster.enter("dev", fixture.session)
        let definitions = "\(Programs.repository)/deploy/crds"
        try await tenant.must("apply --server-side -f \(definitions)")
        try await tenant.must("wait crd --all --for=condition=Established --timeout=60s")
        try await eventually("the kind is served") { try await tenant("get tcp").isSuccess }
        return tenant
    }

    private func expectRefusal(
        _ outcome: Outcome, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(!outcome.isSuccess, "\(outcome)", sourceLocation: sourceLocation)
        for word in words { #expect(outcome.errors.contains(word), "\(outcome)", sourceLocation: sourceLocation) }
    }

    private func create(_ name: String, _ version: String, _ api: Session, more: String = "") async throws -> Outcome {
        let manifest = Manifests.tenant(name).replacing("v1.35.2", with: version) + "\n\(more)"
        return try await api("create -f FILE", file: manifest)
    }

    @Test(
        "tcp_validation_preferredkubeletaddresstypes_test: address types twice, or unknown ones, are refused",
        arguments: Engine.all)
    func addressTypes(engine: Engine) async throws {
        let api = try await api(engine)
        for (types, word) in [("[Hostname, Hostname]", "Duplicate value"), ("[Foo]", "Unsupported value")] {
            let more = "    kubelet: {preferredAddressTypes: \(types)}"
            expectRefusal(
                try await create("addressed", "v1.35.7", api, more: more),
                "spec.kubernetes.kubelet.preferredAddressTypes", word)
        }
    }

    @Test("tcp_validation_version_downgrade_test: v1.23.0 does not become v1.22.0", arguments: Engine.all)
    func downgrade(engine: Engine) async throws {
        let api = try await api(engine)
        #expect(try await create("older", "v1.23.0", api).isSuccess)
        expectRefusal(
            try await api(#"patch tcp older --type=merge -p {"spec":{"kubernetes":{"version":"v1.22.0"}}}"#),
            "spec.kubernetes.version", "unable to downgrade")
    }

    @Test("tcp_validation_version_nonlinear_test: v1.23.0 does not become v1.25.0", arguments: Engine.all)
    func nonlinear(engine: Engine) async throws {
        let api = try await api(engine)
        #expect(try await create("leaping", "v1.23.0", api).isSuccess)
        expectRefusal(
            try await api(#"patch tcp leaping --type=merge -p {"spec":{"kubernetes":{"version":"v1.25.0"}}}"#),
            "spec.kubernetes.version", "non-sequential upgrade")
    }

    @Test(
        "tcp_validation_version_unsupport_test: a minor above the ceiling is refused, on creation and later",
        arguments: Engine.all)
    func unsupported(engine: Engine) async throws {
        let api = try await api(engine)
        expectRefusal(
            try await create("newer", "v1.37.0", api), "spec.kubernetes.version", "greater than the supported one")
        #expect(try await create("newest", "v1.36.0", api).isSuccess)
        expectRefusal(
            try await api(#"patch tcp newest --type=merge -p {"spec":{"kubernetes":{"version":"v1.37.0"}}}"#),
            "spec.kubernetes.version", "greater than the supported one")
    }
}
