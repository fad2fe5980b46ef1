import Foundation
import Testing

extension EndToEnd {
    /// The packages on a machine with a systemd.
    @Suite(
        .enabled("packages need dpkg-dev, binutils and python3") { BuiltPackages.obstacle == nil },
        .enabled("a machine needs root, debootstrap and systemd-nspawn: scripts/machine.sh check names what is missing")
        {
            try await BootedMachine.obstacle() == nil
        })
    struct PackageTests {
        private let agent = "kamaji-agent.service"

        @Test func `packages are installed, serve, are upgraded, and a purge leaves nothing`() async throws {
            let scratch = try ScratchDirectory()
            let machine = try await BootedMachine(in: scratch)
            let packages = machine.directory + "/root/packages"
            try await BuiltPackages.build(into: "\(packages)/first")
            try await BuiltPackages.build(["kamaji-agent"], version: "9.0.0", into: "\(packages)/next")
            // Ports of this machine's may be others'.
            let (_, code) = try await machine.boot(["--private-network"]) { _ in
                let before = try await machine.tree()
                try await machine.must("dpkg --install /root/packages/first/*.deb")
                try await expectServing(machine)
                try await expectGuarded(machine)
                try await expectUpgraded(machine)
                try await expectExporter(machine)
                try await expectStopped(machine)
                try await machine.must("dpkg --purge kamaji-agent kamaji-exporter")
                let left = try await machine.must(
                    "ls -d /run/kamaji* /var/lib/dpkg/info/kamaji* 2>/dev/null; dpkg-query -W 'kamaji*' 2>/dev/null; "
                        + "systemctl list-unit-files 'kamaji*' --no-legend; getent group kamaji-agent; true")
                #expect(left.isEmpty, "\(left)")
                let differences = BootedMachine.differences(before, try await machine.tree())
                #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
            }
            #expect(code == 0)
        }

        /// As it is after an installation, with nothing joined.
        private func expectServing(_ machine: BootedMachine) async throws {
            let log = try await machine("journalctl --unit \(agent) --output cat").output
            #expect(try await machine.property("ActiveState", of: agent) == "active", "\(log)")
            #expect(try await machine.property("UnitFileState", of: agent) == "enabled")
            try await eventually("the agent says how it stands") {
                try await machine.property("StatusText", of: agent).hasPrefix("not joined")
            }
            let socket = "/run/kamaji-agent/agent.sock"
            #expect(try await machine.must("stat -c '%U:%G %a' \(socket)") == "root:kamaji-agent 660\n")
            try await machine.must("curl -sS --fail --unix-socket \(socket) http://localhost/metrics >/dev/null")

            let pid = try await machine.property("MainPID", of: agent)
            try await machine.must("systemctl reload \(agent)")
            #expect(try await machine.property("ActiveState", of: agent) == "active")
            #expect(try await machine.property("MainPID", of: agent) == pid, "a reload is no restart")

            for package in BuiltPackages.packages {
                #expect(try await machine.must("man --locale=C \(package)").contains("EXIT STATUS"))
                try await machine.must("bash -n /usr/share/bash-completion/completions/\(package)")
            }
        }

        /// An agent that stands still is ended by systemd, and started anew.
        private func expectGuarded(_ machine: BootedMachine) async throws {
            let folder = "/run/systemd/system/\(agent).d"
            try await machine.must(
                """
                mkdir -p \(folder)
                printf '[Service]\\nWatchdogSec=5\\nTimeoutAbortSec=1\\nRestartSec=100ms\\n' >\(folder)/soon.conf
                systemctl daemon-reload
                systemctl restart \(agent)
                """)
            let pid = try await machine.property("MainPID", of: agent)
            try await machine.must("kill -STOP \(pid)")
            try await eventually("systemd has started another agent") {
                let now = try await machine.property("MainPID", of: agent)
                return now != pid && now != "0"
            }
            try await eventually("it is up") { try await machine.property("ActiveState", of: agent) == "active" }
            let log = try await machine.must("journalctl --unit \(agent) --output cat")
            #expect(log.contains("Watchdog timeout"), "\(log.suffix(2000))")
            try await machine.must("rm -r \(folder) && systemctl daemon-reload && systemctl restart \(agent)")
        }

        private func expectUpgraded(_ machine: BootedMachine) async throws {
            let settings = "/etc/default/kamaji-agent"
            try await machine.must("echo KAMAJI_AGENT_FLAGS=--metrics-port=19824 >>\(settings)")
            let edited = try await machine.must("md5sum \(settings)")
            let pid = try await machine.property("MainPID", of: agent)
            try await machine.must("dpkg --install /root/packages/next/*.deb")
            #expect(try await machine.must("dpkg-query -W -f '${Version}' kamaji-agent") == "9.0.0")
            #expect(try await machine.must("md5sum \(settings)") == edited, "the settings are the operator's")
            #expect(try await machine.property("ActiveState", of: agent) == "active")
            #expect(try await machine.property("MainPID", of: agent) != pid, "the old program runs on")
            try await eventually("the new one has its flags") {
                try await machine("curl -sS --fail http://127.0.0.1:19824/metrics").isSuccess
            }
            // What an operator has switched off stays so.
            try await machine.must("systemctl disable --now \(agent)")
            try await machine.must("dpkg --install /root/packages/next/*.deb")
            #expect(try await machine.property("UnitFileState", of: agent) == "disabled")
            #expect(try await machine.property("ActiveState", of: agent) == "inactive")
            try await machine.must("systemctl enable --now \(agent)")
        }

        private func expectExporter(_ machine: BootedMachine) async throws {
            let unit = "kamaji-exporter.service"
            #expect(try await machine.property("UnitFileState", of: unit) == "enabled")
            #expect(try await machine.property("ActiveState", of: unit) == "inactive", "it has no kubeconfig yet")
            #expect(try await machine.property("Result", of: unit) == "success")
            let path = "/etc/kamaji/exporter.kubeconfig"
            try machine.write(Self.deadKubeconfig, to: path, mode: 0o600)
            try await machine.must("systemctl start \(unit)")
            #expect(try await machine.property("ActiveState", of: unit) == "active")
            try await eventually("it answers") {
                try await machine("curl -sS --fail http://127.0.0.1:9823/-/healthy").isSuccess
            }
            let pid = try await machine.property("MainPID", of: unit)
            let user = try await machine.must("stat -c %u /proc/\(pid)").trimmingCharacters(in: .newlines)
            #expect(Int(user).map { (61_184...65_519).contains($0) } ?? false, "\(user) is no user made up by systemd")
            #expect(try await machine.must("ls /var/lib/kamaji-exporter").contains("history.sqlite"))
            try await machine.must("systemctl reload \(unit) && rm \(path)")
            #expect(try await machine.property("MainPID", of: unit) == pid)
        }

        /// Both end by themselves when they are asked to, well before systemd would lose its patience.
        private func expectStopped(_ machine: BootedMachine) async throws {
            for package in BuiltPackages.packages {
                let clock = ContinuousClock()
                let time = try await clock.measure { try await machine.must("systemctl stop \(package)") }
                print("packages: \(package) stopped within \(time)")
                #expect(try await machine.property("ActiveState", of: "\(package).service") == "inactive")
                #expect(try await machine.property("Result", of: "\(package).service") == "success")
            }
        }

        private static let deadKubeconfig = """
            apiVersion: v1
            kind: Config
            current-context: nobody
            contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
            clusters: [{name: nobody, cluster: {server: "https://127.0.0.1:1"}}]
            users: [{name: nobody, user: {token: nothing}}]
            """
    }

    /// What the units let their programs do.
    @Suite struct UnitExposureTests {
        @Test(
            .enabled(if: Programs.find("systemd-analyze") != nil, "systemd-analyze is not here"),
            arguments: [("kamaji-agent", 29), ("kamaji-exporter", 19)])
        func `a unit leaves its program no more than it needs`(unit: String, tenths: Int) async throws {
            let outcome = try await Programs.run(
                "systemd-analyze",
                [
                    "security", "--offline=true", "--threshold=\(tenths)",
                    "\(Programs.repository)/systemd/\(unit).service",
                ])
            #expect(outcome.isSuccess, "\(outcome.lines.last ?? outcome.errors)")
        }
    }
}
