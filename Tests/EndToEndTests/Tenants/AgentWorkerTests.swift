import Foundation
import KubeObjects
import PKI
import Testing

extension EndToEnd {
    /// A node that kamaji-agent made of a machine with upstream's kubelet, beside a control plane of upstream's programs.
    @Suite(.needsWorker)
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

        /// The daemon is told to reload again and again, and what a reset would do is written down. Upgrades run with the
        /// flags that a file names. The kubelet is restarted where the agent would do it, if there were a systemd.
        private func meanwhile(_ folder: String) -> String {
            """
            kill -HUP $daemon
            "\(Programs.agent)" reset --dry-run --no-systemd >"\(folder)/reset.new" 2>&1
            mv "\(folder)/reset.new" "\(folder)/reset"
            if [ -e /var/lib/kubelet/pki/kubelet-server-current.pem ]; then
                had=yes
            elif [ -n "${had:-}" ]; then
                had=
                kill $(pidof kubelet) || true
            fi
            if [ -e "\(folder)/upgrade" ]; then
                read -r flags <"\(folder)/upgrade"
                if "\(Programs.agent)" upgrade --no-systemd $flags 2>&1; then echo "ended with 0"; else echo "ended with $?"; fi |
                    while read -r line; do
                        echo "$line"
                        case $line in *"restart the kubelet now"*) kill $(pidof kubelet) ;; esac
                    done >"\(folder)/upgrade.log"
                rm "\(folder)/upgrade"
            fi
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
                            try await upgrade(node, folder, session, tenant)
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

        /// Runs an upgrade on the machine and gives what it printed; its last line is with what it ended.
        private func upgrade(_ flags: String, _ folder: String) async throws -> String {
            try "\(flags)\n".write(toFile: "\(folder)/upgrade", atomically: true, encoding: .utf8)
            try await eventually("upgrade \(flags) has ended", within: .seconds(600)) {
                !FileManager.default.fileExists(atPath: "\(folder)/upgrade")
            }
            return try String(contentsOfFile: "\(folder)/upgrade.log", encoding: .utf8)
        }

        /// The tenant's configuration for kubelets changes; a pod is on the node whose budget at first allows no eviction.
        private func upgrade(
            _ node: String, _ folder: String, _ session: Session, _ tenant: Session
        ) async throws {
            try await tenant.must("apply -f FILE", file: Self.guardedPod)
            try await tenant.must("rollout status deployment/web --timeout=300s")
            let patch =
                "[{\"op\":\"add\",\"path\":\"/spec/kubernetes/kubelet/configurationJSONPatches/-\",\"value\":"
                + "{\"op\":\"add\",\"path\":\"/maxPods\",\"value\":51}}]"
            try await session.must("patch tcp dev --type json -p \(patch)")
            try await eventually("the tenant tells kubelets of 51 pods", within: .seconds(300)) {
                try await tenant.value("cm/kubelet-config -n kube-system", ".data.kubelet").contains("maxPods: 51")
            }
            let path = "node/\(node)"
            let held = try await upgrade("--drain --drain-timeout 12", folder)
            #expect(held.hasSuffix("ended with 1\n") && held.contains("disruption budget web"), "\(held)")
            #expect(try await tenant.value(path, ".spec.unschedulable") == "", "it was uncordoned")
            #expect(try await tenant.value(path, ".status.capacity.pods") != "51")

            try await tenant.must("delete pdb web")
            let before = try await tenant.value("pods -l app=web", ".items[0].metadata.uid")
            let done = try await upgrade("--drain", folder)
            #expect(done.hasSuffix("ended with 0\n") && done.contains("1 pod(s) evicted"), "\(done)")
            #expect(try await tenant.value(path, ".status.capacity.pods") == "51")
            #expect(try await tenant.value(path, ".spec.unschedulable") == "")
            try await tenant.must("rollout status deployment/web --timeout=300s")
            #expect(try await tenant.value("pods -l app=web", ".items[0].metadata.uid") != before)
            #expect(try await upgrade("", folder).contains("Nothing was done"))
            try await tenant.must("delete deployment web --wait=false")
        }

        private static let guardedPod = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - {name: web, image: "busybox:1", imagePullPolicy: Never, command: [sleep, "86400"]}
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: web}
            spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
            """

        private func rotate(_ node: String, _ folder: String, _ session: Session, _ tenant: Session) async throws {
            let root = session.scratch.file(node) + "/root"
            func certificates(_ path: String) throws -> [Certificate] {
                // A kubelet's links lead to where it sees its files.
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
                let folder = URL(filePath: path).deletingLastPathComponent()
                let path = target.map { folder.appending(path: URL(filePath: $0).lastPathComponent).path } ?? path
                return try Certificate.chain(pem: Array(try Data(contentsOf: URL(filePath: path))))
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
                "\(root)/var/lib/kubelet/pki/kubelet-client-current.pem",
                "\(root)/var/lib/kubelet/pki/kubelet-server-current.pem", "\(folder)/var/lib/kamaji-agent/agent.crt",
            ] {
                try await eventually("\(path) is of the new authority", within: .seconds(300)) {
                    (try? certificates(path))?.first?.isIssued(by: new) == true
                }
            }
            try await eventually("the agent is content") {
                try await tenant.value("node/\(node)", ".status.conditions[?(@.type==\"KamajiAgentHealthy\")].status")
                    == "True"
            }
        }
    }
}
