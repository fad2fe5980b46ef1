import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// A node behind a router that translates addresses and lets nobody in, with upstream's kubelet and without a network
    /// plugin: its tenant reaches it through the agent's tunnel or not at all.
    @Suite(.needsWorker)
    struct TranslatedWorkerTests {
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
              addons: {konnectivity: {server: {port: 8132}}}
              kubernetes:
                version: v1.36.2
                kubelet:
            \(Worker.kubeletPatches(node))
            """
        }

        /// In the machine's own network, for there is no other.
        private func pod(_ node: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: talker}
            spec:
              nodeName: \(node)
              hostNetwork: true
              tolerations: [{operator: Exists}]
              containers:
              - name: main
                image: busybox:1
                imagePullPolicy: IfNotPresent
                command: [sh, -c, "echo hello; exec sleep 2147483647"]
            """
        }

        @Test func `logs and exec reach a node that lets nobody in and has no network plugin`() async throws {
            let node = "translated-\(UInt16.random(in: 0...UInt16.max))"
            try await WorkerNetwork.run { network in
                try await StandaloneFixture.run(Engine.upstream.arguments) { cluster in
                    let session = try await cluster.session()
                    try await session.must("apply -f FILE", file: manifest(network, node: node))
                    try await session.waitForPhase("Ready", of: "dev")
                    let printed = try await cluster.manager(["token", "create", "dev", "-n", session.namespace])
                    let line = try #require(printed.lines.first { $0.contains("join kamaji1:") }, "\(printed)")
                    let folder = session.scratch.file("agent")
                    let path = try Worker.agentScript(
                        in: folder,
                        meanwhile: """
                            "\(Programs.agent)" tunnel status --output json >"\(folder)/tunnel.new"
                            mv "\(folder)/tunnel.new" "\(folder)/tunnel"
                            """)
                    let command = [path] + line.split(separator: " ").map(String.init)
                    let without = ["NAT": "1", "POD_NETWORK": "none"]
                    do {
                        try await Worker.run(
                            node, on: network, joining: command, in: session.scratch, environment: without
                        ) { _ in
                            let tenant = try await cluster.enter("dev", session)
                            try await expectWell(node, tenant)
                            try await expectReached(node, tenant, folder)
                            try await expectClosed(node, tenant, network)
                        }
                    } catch {
                        throw Failure("\(error)\n\(Worker.logs(node, folder, session.scratch))")
                    }
                }
            }
        }

        /// All but the network plugin, which there is none of.
        private func expectWell(_ node: String, _ tenant: Session) async throws {
            try await eventually("the node is not Ready for want of a network plugin alone") {
                let conditions = try await tenant.object("node/\(node)")[path: "status", "conditions"]?.array ?? []
                let ready = conditions.first { $0["type"] == "Ready" }
                let pressures = conditions.filter { $0["type"]?.string?.hasSuffix("Pressure") == true }
                return ready?["status"] == "False"
                    && ready?["message"]?.string?.contains("NetworkPluginNotReady") == true
                    && pressures.count == 3 && pressures.allSatisfy { $0["status"] == "False" }
            }
            try await tenant.must("wait node/\(node) --for=condition=KamajiAgentHealthy --timeout=120s")
            try await eventually("somebody has signed the kubelet's serving certificate") {
                try await tenant.items("csr").contains {
                    $0[path: "spec", "signerName"] == "kubernetes.io/kubelet-serving"
                        && $0[path: "status", "certificate"] != nil
                }
            }
        }

        private func expectReached(_ node: String, _ tenant: Session, _ folder: String) async throws {
            try await eventually("pods may be made") { try await tenant("get serviceaccount default").isSuccess }
            try await tenant.must("apply -f FILE", file: pod(node))
            try await tenant.must("wait pod/talker --for=condition=Ready --timeout=120s")
            #expect(try await tenant.must("logs talker") == "hello\n")
            #expect(try await tenant.must("exec talker -- echo inside") == "inside\n")
            // Upstream's agent is a pod that needs a network plugin: whoever answered, it was not that one.
            let agents = try await tenant.items("pods -n kube-system -l k8s-app=konnectivity-agent")
            #expect(agents.allSatisfy { $0[path: "status", "phase"] != "Running" }, "\(agents.map(\.json))")
            func tunnel() throws -> JSON {
                try JSON(parsing: Array(Data(contentsOf: URL(filePath: "\(folder)/tunnel"))))
            }
            try await eventually("the agent has counted what went through its tunnel") {
                guard let tunnel = try? tunnel() else { return false }
                return tunnel["connected"] == true && (tunnel[path: "bytes", "fromTargets"]?.integer ?? 0) > 6
            }
        }

        /// Neither the node's own address nor its router's leads to the kubelet.
        private func expectClosed(_ node: String, _ tenant: Session, _ network: WorkerNetwork) async throws {
            let address = try await tenant.value(
                "node/\(node)", ".status.addresses[?(@.type==\"InternalIP\")].address")
            #expect(!address.isEmpty && address != network.address)
            for host in [address, network.address] {
                let outcome = try await Programs.run(
                    "curl",
                    ["--noproxy", "*", "--insecure", "--silent", "--max-time", "3", "https://\(host):10250/healthz"])
                // Somewhere beyond this machine anybody may answer for addresses that are nobody's.
                #expect(
                    outcome.output != "ok" && !outcome.output.contains("Unauthorized"),
                    "the kubelet is reached from outside at \(host): \(outcome)")
            }
        }
    }
}
