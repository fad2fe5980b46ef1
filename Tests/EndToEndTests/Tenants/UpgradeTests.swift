import Foundation
import KubeClient
import KubeObjects
import Testing

extension EndToEnd {
    /// Another version for a control plane that runs, and is used meanwhile.
    @Suite(.timeLimit(.minutes(15))) struct UpgradeTests {
        private static let served = ".status.kubernetesResources.version.version"

        private func change(_ session: Session, version: String, arguments: String) async throws {
            try await session.must(
                "patch tcp dev --type=merge -p "
                    + #"{"spec":{"kubernetes":{"version":"\#(version)"},"controlPlane":{"deployment":{"extraArgs":{"apiServer":\#(arguments)}}}}}"#
            )
        }

        @Test(
            "a new version comes beside the old one, and where it does not start the old one goes on",
            arguments: Engine.all)
        func upgrades(engine: Engine) async throws {
            try await StandaloneFixture.run(engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
                try await session.must("wait tcp/dev --for=condition=Ready --timeout=300s")
                let inside = try await cluster.enter("dev", session)
                try await inside.must("create namespace work")
                try await inside.must("-n work create configmap kept --from-literal=a=b")
                let text = try await session.secret("dev-admin-kubeconfig")["admin.conf"] ?? ""
                let connection = try ClusterConnection(Kubeconfig(yaml: text))
                let loop = CallLoop("upgrade")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await loop.run(connection, namespace: "work", repeats: engine == .embedded) }
                    try await eventually("somebody is at work") { loop.calls > 2 }
                    try await changes(session, inside, engine)
                    try await fails(session, inside)
                    let before = loop.calls
                    try await eventually("the last version serves") { loop.calls > before + 5 }
                    loop.end()
                    try await group.waitForAll()
                }
                #expect(loop.failures.isEmpty, "\(loop.failures)")
                print("upgrade: \(loop.calls) rounds, \(loop.failures.count) failed")
            }
        }

        private func changes(_ session: Session, _ inside: Session, _ engine: Engine) async throws {
            try await change(session, version: "v1.36.0", arguments: "[]")
            try await session.must("wait tcp/dev --for=jsonpath={\(Self.served)}=v1.36.0 --timeout=300s")
            try await session.waitForPhase("Ready", of: "dev")
            let configuration = try await inside.must(
                "-n kube-system get configmap kubeadm-config -o jsonpath={.data.ClusterConfiguration}")
            #expect(configuration.contains("kubernetesVersion: v1.36.0"), "\(configuration)")
            if engine == .embedded {
                try await eventually("the server says its new version") {
                    try await inside("version -o json").output.contains(#""gitVersion": "v1.36.0+embedded""#)
                }
            }
        }

        /// The new pods do not start: what serves is still the version before, and what is inside is still kept.
        private func fails(_ session: Session, _ inside: Session) async throws {
            try await change(session, version: "v1.36.1", arguments: #"["--http2-max-streams-per-connection=none"]"#)
            try await session.waitForPhase("Upgrading", of: "dev")
            let ready = #".status.conditions[?(@.type=="Ready")]"#
            try await eventually("Ready says which container fails") {
                try await session.value("tcp/dev", "\(ready).message").contains("kube-apiserver")
            }
            #expect(try await session.value("tcp/dev", "\(ready).status") == "False")
            #expect(try await session.value("tcp/dev", Self.served) == "v1.36.0")
            #expect(try await session.value("deploy/dev", ".status.readyReplicas") == "1")

            try await inside.must("delete clusterrolebinding kubeadm:get-nodes")
            try await eventually("what was deleted inside is back") {
                try await inside("get clusterrolebinding kubeadm:get-nodes").isSuccess
            }
            let configuration = try await inside.must(
                "-n kube-system get configmap kubeadm-config -o jsonpath={.data.ClusterConfiguration}")
            #expect(configuration.contains("kubernetesVersion: v1.36.0"), "\(configuration)")

            try await change(session, version: "v1.36.1", arguments: "[]")
            try await session.must("wait tcp/dev --for=jsonpath={\(Self.served)}=v1.36.1 --timeout=300s")
            try await session.waitForPhase("Ready", of: "dev")
        }
    }
}
