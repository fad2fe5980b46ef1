import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// A machine with the agent's package and a stand-in for the kubelet, from its join to its leaving.
    @Suite(
        .enabled("packages need dpkg-dev, binutils and python3") { BuiltPackages.obstacle == nil },
        .enabled("a machine needs root, debootstrap and systemd-nspawn: scripts/machine.sh check names what is missing")
        {
            try await BootedMachine.obstacle() == nil
        })
    struct JoinedMachineTests {
        @Test func `a machine joins, is Ready again after a reboot, and a reset leaves its files as they were`()
            async throws
        {
            let scratch = try ScratchDirectory()
            let machine = try await BootedMachine(in: scratch)
            let packages = machine.directory + "/root/packages"
            try await BuiltPackages.build(["kamaji-agent"], into: packages)
            try installKubelet(machine)
            try await WorkerNetwork.run { network in
                let cluster = try StandaloneFixture.current
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Self.tenant(network))
                try await session.waitForPhase("Ready", of: "edge")
                let tenant = try await cluster.enter("edge", session)
                let printed = try await cluster.manager(["token", "create", "edge", "-n", session.namespace])
                let line = try #require(printed.lines.first { $0.contains("join kamaji1:") }, "\(printed)")
                let text = try #require(line.split(separator: " ").first { $0.hasPrefix("kamaji1:") })

                let bridge = ["--network-bridge=\(network.device)"]
                let (before, code) = try await machine.boot(bridge) { program in
                    try await machine.connect(network)
                    try await machine.must("dpkg --install /root/packages/*.deb")
                    let before = try await machine.tree()
                    try await join(machine, String(text))
                    try await tenant.must("wait node/\(machine.name) --for=condition=Ready --timeout=120s")
                    try await tenant.must("wait node/\(machine.name) --for=condition=KamajiAgentHealthy --timeout=300s")
                    try await eventually("the daemon looks after the node") {
                        try await machine.property("StatusText", of: "kamaji-agent").hasPrefix(machine.name)
                    }
                    _ = try await machine("systemctl reboot")
                    await program.output.end()
                    return before
                }
                #expect(code == 133, "the machine wants to be booted again")
                let last = try await heartbeat(machine, tenant)
                let requests = try await self.requests(tenant)
                try await machine.boot(bridge) { _ in
                    try await machine.connect(network)
                    try await eventually("the kubelet of the new boot says that it is Ready") {
                        try await heartbeat(machine, tenant) != last
                    }
                    try await tenant.must("wait node/\(machine.name) --for=condition=Ready --timeout=120s")
                    #expect(try await self.requests(tenant) == requests, "a reboot needs no new certificate")
                    try await expectJoined(machine)
                    try await expectUpgraded(machine, session, tenant)

                    try await machine.must("kamaji-agent reset --force")
                    try await machine.must("systemctl stop kamaji-agent")
                    #expect(try await machine("kamaji-agent status").code != 0)
                    #expect(try await machine.property("MainPID", of: "kubelet.service") == "0")
                    // The daemon has a journal before any join, with nothing in it.
                    let differences = BootedMachine.differences(before, try await machine.tree()).filter {
                        !$0.hasPrefix("var/lib/kamaji-agent/journal.db")
                    }
                    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
                }
            }
        }

        private static func tenant(_ network: WorkerNetwork) -> String {
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: edge}
            spec:
              controlPlane:
                deployment: {replicas: 1}
                service: {serviceType: ClusterIP}
              networkProfile: {address: \(network.gateway), allowAddressAsExternalIP: true}
              kubernetes: {version: v1.36.2}
            """
        }

        private func installKubelet(_ machine: BootedMachine) throws {
            let script = "\(Programs.repository)/Tests/NodeBootstrapTests/Support/stand-in-kubelet.sh"
            try machine.write(String(contentsOfFile: script, encoding: .utf8), to: "/usr/bin/kubelet", mode: 0o755)
            try machine.write(
                """
                [Unit]
                Description=A stand-in for the kubelet
                [Service]
                ExecStart=/usr/bin/kubelet
                Restart=always
                RestartSec=1
                [Install]
                WantedBy=multi-user.target

                """, to: "/usr/lib/systemd/system/kubelet.service")
        }

        /// As an operator would, with the string in a file; there is no container runtime that preflight could find.
        private func join(_ machine: BootedMachine, _ text: String) async throws {
            try await machine.must("umask 077 && cat >/run/join <<'END'\n\(text)\nEND")
            try await machine.must(
                "kamaji-agent join --token-file /run/join --skip-phases preflight --cri-socket unix:///run/none.sock")
            try await expectJoined(machine)
        }

        private func expectJoined(_ machine: BootedMachine) async throws {
            #expect(try await machine("kamaji-agent status").code == 0)
            #expect(try await machine.property("ActiveState", of: "kubelet.service") == "active")
            #expect(try await machine.property("UnitFileState", of: "kubelet.service") == "enabled")
        }

        /// The tenant's configuration changes and a kubelet is installed; then comes a configuration that it refuses.
        private func expectUpgraded(_ machine: BootedMachine, _ session: Session, _ tenant: Session) async throws {
            let configuration = "/var/lib/kubelet/config.yaml"
            func have(_ pods: Int) async throws {
                let patch = "[{\"op\":\"add\",\"path\":\"/maxPods\",\"value\":\(pods)}]"
                try await session.must(
                    "patch tcp edge --type merge -p "
                        + "{\"spec\":{\"kubernetes\":{\"kubelet\":{\"configurationJSONPatches\":\(patch)}}}}")
                try await eventually("the tenant tells kubelets of \(pods) pods", within: .seconds(300)) {
                    try await tenant.value("cm/kubelet-config -n kube-system", ".data.kubelet")
                        .contains("maxPods: \(pods)")
                }
            }
            try await have(50)
            try await machine.must("echo v1.37.0 >/run/kubelet-version")
            let newer = try await machine("kamaji-agent upgrade")
            #expect(!newer.isSuccess && newer.output.contains("newer than the tenant"), "\(newer)")
            try await machine.must("echo v1.36.3 >/run/kubelet-version")
            let plan = try await machine.must("kamaji-agent upgrade --dry-run --drain")
            #expect(plan.contains("cordon the Node") && plan.contains("write \(configuration)"), "\(plan)")
            let told = try await machine.must("kamaji-agent upgrade --drain")
            #expect(told.contains("is upgraded: kubelet v1.36.3"), "\(told)")
            try await machine.must("grep -qx 'maxPods: 50' \(configuration)")
            let node = "node/\(machine.name)"
            #expect(try await tenant.value(node, ".status.nodeInfo.kubeletVersion") == "v1.36.3")
            #expect(try await tenant.value(node, ".spec.unschedulable") == "")
            #expect(try await machine.must("kamaji-agent upgrade").contains("Nothing was done"))

            try await have(-1)
            let refused = try await machine("kamaji-agent upgrade")
            #expect(!refused.isSuccess)
            for text in ["must not be a negative number", "the old configuration is back, and the Node is well"] {
                #expect(refused.output.contains(text), "\(refused)")
            }
            try await machine.must("grep -qx 'maxPods: 50' \(configuration)")
            try await expectJoined(machine)
            try await tenant.must("wait \(node) --for=condition=KamajiAgentHealthy --timeout=300s")
        }

        /// How often a kubelet has asked for a certificate.
        private func requests(_ tenant: Session) async throws -> Int {
            try await tenant.items("csr").count {
                $0[path: "spec", "signerName"] == "kubernetes.io/kube-apiserver-client-kubelet"
            }
        }

        private func heartbeat(_ machine: BootedMachine, _ tenant: Session) async throws -> String? {
            let conditions = try await tenant.object("node/\(machine.name)")[path: "status", "conditions"]?.array
            return conditions?.first { $0["type"] == "Ready" }?["lastHeartbeatTime"]?.string
        }
    }
}
