import KubeObjects
import Testing

extension EndToEnd {
    /// A generated kubeconfig in its user's hands.
    @Suite struct GeneratedKubeconfigTests {
        @Test(arguments: Engine.all) func `it opens its tenant, as the user and the groups that were asked for`(
            engine: Engine
        ) async throws {
            try await StandaloneFixture.run(engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.generator("visitors", in: session.namespace))
                try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
                try await session.waitForPhase("Ready", of: "dev")
                try await session.must("wait --for=create secret/dev-visitors --timeout=60s")
                let text = try #require(try await session.secret("dev-visitors")["value"])
                let tenant = Session(
                    kubectl: session.kubectl, kubeconfig: try session.scratch.write(text), namespace: "default",
                    scratch: session.scratch)
                let user = try JSON(parsing: Array(try await tenant.must("auth whoami -o json").utf8))
                #expect(user[path: "status", "userInfo", "username"] == "dev")
                let groups = user[path: "status", "userInfo", "groups"]?.strings ?? []
                #expect(Set(groups) == ["auditors", session.namespace, "system:authenticated"], "\(groups)")
                let refused = try await tenant("get secrets")
                #expect(!refused.isSuccess && refused.errors.contains("forbidden"), "\(refused)")
                #expect(
                    try await session.must("get kubeconfiggenerator visitors -o jsonpath={.status}")
                        == #"{"availableResources":1,"observedGeneration":1,"resources":1}"#)
                let log = cluster.program.errors.text
                #expect(log.contains("kubeconfig generated") && !log.contains("client-key-data"))
            }
        }
    }
}
