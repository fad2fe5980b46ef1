import Foundation
import KubeObjects
import PKI
import Testing

extension EndToEnd {
    /// A node that kamaji-agent made of a machine with upstream's kubelet, beside a control plane of upstream's programs.
    @Suite(
        .enabled(
            "a worker needs root, containerd, and upstream's programs: scripts/worker.sh check names what is missing"
        ) {
            try await Worker.obstacle() == nil
        })
    struct AgentWorkerTests {
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
              kubernetes:
                version: v1.36.2
                kubelet:
            \(Worker.kubeletPatches(node))
            """
        }

        /// The daemon is told to reload again and again, and what a reset would do is written down.
        private func meanwhile(_ folder: String) -> String {
            """
            kill -HUP $daemon
            "\(Programs.agent)" reset --dry-run --no-systemd >"\(folder)/reset.new" 2>&1
            mv "\(folder)/reset.new" "\(folder)/reset"
            """
        }

        @Test func `a machine joins with the agent, says that it is well, and follows the tenant's authority`()
            async throws
        {
            let node = "agent-\(UInt16.random(in: 0...UInt16.max))"
            try await WorkerNetwork.run { network in
                try await StandaloneFixture.run(Engine.upstream.arguments) { cluster in
                    let session = try await cluster.session()
                    try await session.must("apply -f FILE", file: manifest(network, node: node))
                    try await session.waitForPhase("Ready", of: "dev")
                    let printed = try await cluster.manager(["token", "create", "dev", "-n", session.namespace])
                    let line = try #require(printed.lines.first { $0.hasPrefix("kubeadm join") }, "\(printed)")
                    let folder = session.scratch.file("agent")
                    let path = try Worker.agentScript(in: folder, meanwhile: meanwhile(folder))
                    let command = [path] + line.split(separator: " ").map(String.init)
                    do {
                        try await Worker.run(node, on: network, joining: command, in: session.scratch) { _ in
                            let tenant = try await cluster.enter("dev", session)
                            try await tenant.must("wait node/\(node) --for=condition=Ready --timeout=120s")
                            try await tenant.must("wait node/\(node) --for=condition=KamajiAgentHealthy --timeout=120s")
                            try await expectNothingForeign(folder)
                            try await rotate(node, folder, session, tenant)
                        }
                    } catch {
                        throw Failure("\(error)\n\(Worker.logs(node, folder, session.scratch))")
                    }
                }
            }
        }

        /// Whatever a real kubelet has made by now is known to be the kubelet's.
        private func expectNothingForeign(_ folder: String) async throws {
            func plan() -> String { (try? String(contentsOfFile: "\(folder)/reset", encoding: .utf8)) ?? "" }
            try await eventually("a reset would take the kubelet's files away") {
                plan().contains("remove /var/lib/kubelet/pki/kubelet-client-current.pem")
            }
            #expect(!plan().contains("left alone"), "\(plan())")
        }

        private func rotate(_ node: String, _ folder: String, _ session: Session, _ tenant: Session) async throws {
            let root = session.scratch.file(node) + "/root"
            func certificates(_ path: String) throws -> [Certificate] {
                try Certificate.chain(pem: Array(try Data(contentsOf: URL(filePath: path))))
            }
            let old = try #require(try certificates("\(root)/etc/kubernetes/pki/ca.crt").first)
            try await session.must("annotate --overwrite secret dev-ca certs.kamaji.clastix.io/rotate=")
            try await eventually("the new authority signs and the old one is trusted", within: .seconds(300)) {
                try await session.value("tcp/dev", ".status.conditions[?(@.type==\"CertificatesValid\")].reason")
                    == "PreviousTrusted"
            }
            try await eventually("the kubelet trusts both, the new one first", within: .seconds(300)) {
                let trusted = try certificates("\(root)/etc/kubernetes/pki/ca.crt")
                return trusted.count == 2 && trusted[0] != old && trusted[1] == old
            }
            let new = try #require(try certificates("\(root)/etc/kubernetes/pki/ca.crt").first)
            let kubeconfig = try Kubeconfig(
                yaml: String(contentsOfFile: "\(root)/etc/kubernetes/kubelet.conf", encoding: .utf8))
            let data = try #require(kubeconfig.cluster("default-cluster")?.certificateAuthorityData)
            #expect(try Certificate.chain(pem: data).first == new)
            for path in [
                "\(root)/var/lib/kubelet/pki/kubelet-client-current.pem", "\(folder)/var/lib/kamaji-agent/agent.crt",
            ] {
                try await eventually("\(path) is of the new authority", within: .seconds(300)) {
                    try certificates(path).first?.isIssued(by: new) == true
                }
            }
            try await eventually("the agent is content") {
                try await tenant.value("node/\(node)", ".status.conditions[?(@.type==\"KamajiAgentHealthy\")].status")
                    == "True"
            }
        }
    }
}
