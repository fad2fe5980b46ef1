import Foundation
import KubeClient
import KubeObjects
import Testing

extension EndToEnd {
    /// A node that is one, beside a control plane of upstream's programs.
    @Suite(.needsWorker)
    struct WorkerTests {
        private func manifest(_ network: WorkerNetwork, node: String) -> String {
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: dev}
            spec:
              controlPlane:
                deployment: {replicas: 1}
                service: {serviceType: ClusterIP}
              networkProfile: {address: \(network.gateway), allowAddressAsExternalIP: true}
              addons: {coreDNS: {}, kubeProxy: {}, konnectivity: {}}
              kubernetes:
                version: v1.36.2
                kubelet:
            \(Worker.kubeletPatches(node))
            """
        }

        private func condition(_ type: String, _ session: Session) async throws -> String {
            try await session.value("tcp/dev", ".status.conditions[?(@.type==\"\(type)\")].reason")
        }

        @Test func `a machine joins with the printed command, and its pods are reached while the authority changes`()
            async throws
        {
            let node = "worker-\(UInt16.random(in: 0...UInt16.max))"
            try await WorkerNetwork.run { network in
                try await StandaloneFixture.run(Engine.upstream.arguments) { cluster in
                    let session = try await cluster.session()
                    try await session.must("apply -f FILE", file: manifest(network, node: node))
                    try await session.waitForPhase("Ready", of: "dev")
                    let printed = try await cluster.manager(["token", "create", "dev", "-n", session.namespace])
                    let line = try #require(printed.lines.first { $0.hasPrefix("kubeadm join") }, "\(printed)")
                    let command = line.split(separator: " ").map(String.init)
                    try await Worker.run(node, on: network, joining: command, in: session.scratch) { _ in
                        let tenant = try await cluster.enter("dev", session)
                        try await expectReached(node, session, tenant, network)
                        try await rotate(session, tenant)
                    }
                }
            }
        }

        /// Everything of the node's that goes from the tenant to it.
        private func expectReached(
            _ node: String, _ session: Session, _ tenant: Session, _ network: WorkerNetwork
        ) async throws {
            try await tenant.must("wait node/\(node) --for=condition=Ready --timeout=120s")
            try await eventually("somebody has signed the kubelet's serving certificate") {
                try await tenant.items("csr").contains {
                    $0[path: "spec", "signerName"] == "kubernetes.io/kubelet-serving"
                        && $0[path: "status", "certificate"] != nil
                }
            }
            try await eventually("a node answers through the tunnel") {
                try await condition("TunnelReady", session) == "Answered"
            }
            try await session.must("wait tcp/dev --for=condition=Ready --timeout=60s")
            #expect(try await tenant.value("endpoints/kubernetes", ".subsets[0].addresses[0].ip") == network.gateway)
            try await eventually("pods may be made") { try await tenant("get serviceaccount default").isSuccess }
            try await tenant.must("apply -f FILE", file: Self.pod)
            try await tenant.must("wait pod/talker --for=condition=Ready --timeout=120s")
            #expect(try await tenant.must("logs talker") == "hello\n")
            #expect(try await tenant.must("exec talker -- echo inside") == "inside\n")
        }

        private static let pod = """
            apiVersion: v1
            kind: Pod
            metadata: {name: talker}
            spec:
              containers:
              - name: main
                image: busybox:1
                imagePullPolicy: IfNotPresent
                command: [sh, -c, "echo hello; exec sleep 2147483647"]
            """

        /// The authority is followed by another one under clients who do not stop.
        private func rotate(_ session: Session, _ tenant: Session) async throws {
            let (calls, streams) = (CallLoop("get and create"), CallLoop("exec"))
            let text = try await session.secret("dev-admin-kubeconfig")["super-admin.conf"] ?? ""
            let connection = try ClusterConnection(Kubeconfig(yaml: text))
            try await tenant.must("create configmap kept --from-literal=a=b")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await calls.run(connection, namespace: "default", repeats: false) }
                group.addTask {
                    await streams.run { number in
                        let answer = try await tenant("exec talker -- echo \(number)")
                        guard answer.output == "\(number)\n" else { throw Failure("\(answer)") }
                    }
                }
                try await eventually("both are at work") { calls.calls > 2 && streams.calls > 2 }
                try await session.must("annotate --overwrite secret dev-ca certs.kamaji.clastix.io/rotate=")
                try await eventually("the new authority signs and the old one is trusted", within: .seconds(300)) {
                    try await condition("CertificatesValid", session) == "PreviousTrusted"
                }
                let served = (calls.calls, streams.calls)
                try await eventually("both are served under the new authority") {
                    calls.calls > served.0 + 3 && streams.calls > served.1 + 3
                }
                calls.end()
                streams.end()
                try await group.waitForAll()
            }
            #expect(calls.failures.isEmpty, "\(calls.failures)")
            // Agents look for a new pod once a second, and reach it only when clients do.
            let unexplained = streams.failures.filter { !$0.contains("No agent available") }
            #expect(unexplained.isEmpty, "\(unexplained)")
            print("worker: \(calls.calls) rounds of get and create, \(calls.failures.count) failed;")
            print("worker: \(streams.calls) of exec, \(streams.failures.count) before the agent was there")
            try await eventually("a node answers through the tunnel") {
                try await condition("TunnelReady", session) == "Answered"
            }
        }
    }
}
