import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// The life of a state directory.
    @Suite struct StandaloneCommandTests {
        @Test func `a state directory serves one cluster at a time`() async throws {
            try await StandaloneFixture.run { cluster in
                let second = try await Programs.run(
                    Programs.manager, ["standalone", "--state-dir", cluster.state, "--port", "0"])
                #expect(second.code != 0, "\(second)")
                #expect(
                    second.errors.contains(cluster.state) && second.errors.contains("in use by another")
                        && second.errors.contains("stop that one"), "\(second)")
                let session = try await cluster.session()
                try await session.must("get tcp")
                let mode = try FileManager.default.attributesOfItem(atPath: cluster.state)[.posixPermissions] as? Int
                #expect(mode == 0o700)
                let config =
                    try FileManager.default.attributesOfItem(atPath: cluster.kubeconfig)[.posixPermissions] as? Int
                #expect(config == 0o600)
            }
        }

        @Test(.enabled(if: Programs.upstream != nil, "upstream's programs are not here"))
        func `a terminal's Ctrl-C, which reaches whoever it has started too, ends the cluster in order`() async throws {
            let scratch = try ScratchDirectory()
            let (_, ending) = try await RunningProgram.run(
                "/usr/bin/setsid",
                [
                    Programs.manager, "standalone", "--engine", "upstream", "--port", "0", "--state-dir",
                    scratch.file("cluster"),
                ]
            ) { program in
                _ = try await program.output.line(containing: "export KUBECONFIG=")
                kill(-program.pid, SIGINT)
                try await eventually("it has ended") { program.output.isOver }
            }
            #expect(ending.code == 0, "\(ending)")
            #expect(RunningProgram.processes(naming: scratch.file("cluster")) == [])
        }

        @Test func `a port that is in use is named, and the flag that chooses another`() async throws {
            let cluster = try StandaloneFixture.current
            let server = try await cluster.session().must("config view -o jsonpath={.clusters[0].cluster.server}")
            let port = try #require(server.split(separator: ":").last.map(String.init))
            let scratch = try ScratchDirectory()
            let state = ["--state-dir", scratch.file("second")]
            for (arguments, flag) in [
                (["standalone", "--engine", "embedded", "--port", port] + state, "--port"),
                (
                    [
                        "standalone", "--engine", "embedded", "--port", "0", "--metrics-bind-address",
                        "127.0.0.1:\(port)",
                    ]
                        + state, "--metrics-bind-address"
                ),
                (
                    [
                        "run", "--kubeconfig", cluster.kubeconfig, "--metrics-bind-address", "0",
                        "--health-probe-bind-address", "127.0.0.1:\(port)",
                    ], "--health-probe-bind-address"
                ),
            ] {
                let outcome = try await Programs.run(Programs.manager, arguments)
                #expect(outcome.code == 1, "\(arguments): \(outcome)")
                #expect(
                    outcome.errors.contains("cannot listen on 127.0.0.1:\(port), another program listens there")
                        && outcome.errors.contains(flag), "\(arguments): \(outcome)")
                #expect(!outcome.errors.contains("errno"), "\(arguments): \(outcome)")
            }
        }

        @Test func `the banner names a kubectl that PATH does not have, and its end is announced`() async throws {
            let scratch = try ScratchDirectory()
            let kubectl = try Kubectl.any.path
            let folder = kubectl.split(separator: "/").dropLast().map { "/\($0)" }.joined()
            let (_, ending) = try await RunningProgram.run(
                Programs.manager,
                ["standalone", "--engine", "embedded", "--port", "0", "--state-dir", scratch.file("cluster")],
                environment: ["PATH": "/nonexistent", "KUBECTL_NEW": kubectl]
            ) { _ = try await $0.output.line(containing: "Ctrl-C") }
            #expect(ending.output.contains("export PATH=\"$PATH:\(folder)\"\n    export KUBECONFIG="), "\(ending)")
            #expect(ending.output.contains("kubectl --kubeconfig tenant.conf") && !ending.output.contains("kubeadm"))
            #expect(ending.output.contains("Stopping:"), "\(ending)")
        }

        @Test func `two clusters live side by side`() async throws {
            try await StandaloneFixture.run { first in
                try await StandaloneFixture.run { second in
                    for cluster in [first, second] {
                        let session = try await cluster.session()
                        try await session.must("apply -f FILE", file: Manifests.tenant("twin"))
                        try await session.waitForPhase("Sleeping", of: "twin")
                    }
                    let addresses = try await [first, second].asyncMap {
                        try await $0.session().must("get svc -A -o jsonpath={.items[*].spec.clusterIP}")
                    }
                    let given = addresses.flatMap { $0.split(separator: " ") }
                    #expect(Set(given).count == given.count, "\(addresses)")
                }
            }
        }

        @Test func `a restart keeps the tenants and issues nothing anew`() async throws {
            let scratch = try ScratchDirectory()
            let (namespace, before) = try await StandaloneFixture.run(in: scratch) { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.richTenant("kept"))
                try await session.waitForPhase("Sleeping", of: "kept")
                _ = try await cluster.program.errors.line(containing: "credential issued")
                return (session.namespace, try await Self.contents(session))
            }
            #expect(before.count >= 12)
            try await StandaloneFixture.run(in: scratch) { cluster in
                let session = Session(
                    kubectl: try Kubectl.any, kubeconfig: cluster.kubeconfig, namespace: namespace, scratch: scratch)
                // A change shows that the new process has made a whole pass.
                try await session.must(#"patch tcp kept --type=merge -p {"spec":{"kubernetes":{"version":"v1.35.9"}}}"#)
                try await session.must(
                    "wait tcp/kept --for=jsonpath={.status.kubernetesResources.version.version}=v1.35.9 --timeout=120s")
                #expect(try await Self.contents(session) == before)
                #expect(!cluster.program.errors.text.contains("credential issued"))
            }
            try await StandaloneFixture.run(in: scratch, []) { cluster in
                #expect(cluster.program.output.text.contains("embedded engine"), "the engine is remembered")
            }
            let other = try await Programs.run(
                Programs.manager, ["standalone", "--state-dir", scratch.file("cluster"), "--engine", "upstream"])
            #expect(other.code != 0 && other.errors.contains("live in the embedded engine"), "\(other)")
        }

        /// Every Secret's data, by name.
        private static func contents(_ session: Session) async throws -> [String: JSON] {
            let secrets = try await session.items("secrets", "-l kamaji.clastix.io/name=kept")
            return Dictionary(uniqueKeysWithValues: secrets.map { ($0.name, $0["data"] ?? [:]) })
        }

        @Test(.enabled(if: Programs.upstream != nil, "upstream's programs are not here"))
        func `with upstream's programs each tenant has its own client of etcd`() async throws {
            try await StandaloneFixture.run(["--engine", "upstream"]) { cluster in
                #expect(cluster.program.output.text.contains("on a local etcd"))
                let session = try await cluster.session()
                let openssl = OpenSSL(scratch: cluster.scratch)
                for name in ["a", "b"] {
                    try await session.must("apply -f FILE", file: Manifests.tenant(name))
                    try await session.waitForPhase("Sleeping", of: name)
                    let uid = try await session.value("tcp/\(name)", ".metadata.uid")
                    let secret = try await session.secret("\(name)-datastore-certificate")
                    let leaf = try #require(secret["server.crt"])
                    let verified = try await openssl.verify(
                        leaf, authority: try #require(secret["ca.crt"]), purpose: "sslclient")
                    #expect(verified.isSuccess, "\(verified)")
                    #expect(try await openssl.text(leaf).contains("Subject: CN=\(uid)\n"))
                }
                let rows = try await session.must("get tcp --no-headers")
                #expect(rows.split(separator: "\n").allSatisfy { $0.contains(" default ") }, "\(rows)")
                try await session.must("delete tcp a b --wait --timeout=120s")
            }
        }
    }
}

extension Sequence {
    func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
