import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// `kamaji-manager token`, against tenants that run.
    @Suite struct BootstrapTokenTests {
        private static let secretType = "--field-selector type=bootstrap.kubernetes.io/token"

        @Test(arguments: Engine.all) func `a token is made, signs in, is listed, and goes`(engine: Engine) async throws
        {
            try await StandaloneFixture.run(engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
                try await session.waitForPhase("Ready", of: "dev")
                let printed = try await cluster.manager(["kubeconfig", "dev", "-n", session.namespace])
                let tenant = Session(
                    kubectl: session.kubectl, kubeconfig: try session.scratch.write(printed.output),
                    namespace: "kube-system", scratch: session.scratch)
                func token(_ words: String...) async throws -> Outcome {
                    try await cluster.manager(["token"] + words + ["-n", session.namespace])
                }

                let made = try await token("create", "dev", "--ttl", "2h", "--description", "rack 7", "-o", "json")
                #expect(made.isSuccess, "\(made)")
                let json = try JSON(parsing: Array(made.output.utf8))
                let (id, text) = (try #require(json["id"]?.string), try #require(json["token"]?.string))
                #expect(text.hasPrefix("\(id).") && text.count == 23)
                let joining = try #require(json[path: "joinCommands", "kubeadm"]?.string)
                #expect(joining.hasPrefix("kubeadm join ") && joining.contains(" --token \(text) "))
                let secret = try await tenant.secret("bootstrap-token-\(id)")
                #expect(secret["description"] == "rack 7" && secret["usage-bootstrap-signing"] == "true")

                // The token, the address and the pin of the printed line are what a machine gets in with.
                let words = joining.split(separator: " ").map(String.init)
                let server = "https://\(words[2])"
                let authority = try #require(
                    try await session.secret("dev-ca")["ca.crt"], "the tenant has no authority")
                let bearer = Session(
                    kubectl: session.kubectl, kubeconfig: session.scratch.file("nothing"), namespace: "default",
                    scratch: session.scratch)
                let file = try session.scratch.write(authority, extension: "crt")
                try await eventually("the tenant knows the token") {
                    let answer = try await bearer(
                        "--server \(server) --certificate-authority \(file) --token \(text) auth can-i create csr")
                    return !answer.errors.contains("Unauthorized") && !answer.errors.contains("logged in")
                        && !answer.output.isEmpty
                }

                try await eventually("cluster-info is signed with the token") {
                    try await tenant.must("get configmap cluster-info -n kube-public -o jsonpath={.data}")
                        .contains("jws-kubeconfig-\(id)")
                }

                let listed = try await token("list", "dev")
                #expect(listed.isSuccess && listed.lines.count == 2, "\(listed)")
                #expect(listed.output.contains("\(id).****") && listed.output.contains("rack 7"), "\(listed)")
                #expect(listed.output.contains("1h59m") || listed.output.contains("2h0m"), "\(listed)")
                #expect(!listed.output.contains(String(text.suffix(16))), "the secret half is shown")
                let shown = try await token("list", "dev", "--show-secrets", "--output", "json")
                #expect(try JSON(parsing: Array(shown.output.utf8))[0]?["token"]?.string == text, "\(shown)")

                let forever = try await token("create", "dev", "--ttl", "0", "--no-print-join-command")
                #expect(forever.isSuccess && forever.lines.count == 1 && forever.output.count == 24, "\(forever)")
                #expect(try await tenant.secret("bootstrap-token-\(forever.output.prefix(6))")["expiration"] == nil)
                let lines = try await token("create", "dev")
                #expect(lines.lines.filter { $0.hasPrefix("kubeadm join ") }.count == 1, "\(lines)")
                let agents = lines.lines.filter { $0.hasPrefix("kamaji-agent join ") }
                #expect(agents.count == 2 && agents.count { $0.contains(" join kamaji1:") } == 1, "\(lines)")

                if let kubeadm = Programs.upstream.map({ "\($0)/kubeadm" }), engine == .upstream,
                    FileManager.default.isExecutableFile(atPath: kubeadm)
                {
                    let seen = try await Programs.run(
                        kubeadm, ["token", "list", "--kubeconfig", tenant.kubeconfig], environment: tenant.environment)
                    #expect(seen.isSuccess && seen.output.contains(text), "\(seen)")
                    #expect(seen.output.contains("authentication,signing") && seen.output.contains("rack 7"), "\(seen)")
                }

                let gone = try await token("delete", "dev", id)
                #expect(gone.isSuccess, "\(gone)")
                #expect(try await !tenant("get secret bootstrap-token-\(id)").isSuccess)
                let again = try await token("delete", "dev", id)
                #expect(again.code != 0 && again.errors.contains("has no token \(id)"), "\(again)")
                let left = try await tenant.must("get secrets \(Self.secretType) -o name")
                #expect(left.split(separator: "\n").count == 2, "\(left)")

                let inside = session.scratch.file("dev.conf")
                let own = try await cluster.manager(["kubeconfig", "dev", "-n", session.namespace])
                try Data(own.output.utf8).write(to: URL(filePath: inside))
                let elsewhere = try await cluster.manager(["kubeconfig", "dev", "--kubeconfig", inside])
                #expect(
                    elsewhere.code == 1 && elsewhere.errors.contains("serves no TenantControlPlanes"), "\(elsewhere)")

                try await session.must("scale tcp dev --replicas=0")
                try await session.waitForPhase("Sleeping", of: "dev")
                let away = try await cluster.manager(["token", "list", "dev", "--kubeconfig", inside])
                #expect(away.code == 1 && away.errors.contains("the admin cluster is not reached at"), "\(away)")
                let asleep = try await token("create", "dev")
                #expect(asleep.code != 0 && asleep.errors.contains("sleeps: wake it"), "\(asleep)")
            }
        }

        @Test func `it says why there is no token`() async throws {
            let cluster = try StandaloneFixture.current
            let session = try await cluster.session()
            for verb in [["create", "nobody"], ["list", "nobody"], ["delete", "nobody", "abcdef"]] {
                let missing = try await cluster.manager(["token"] + verb + ["-n", session.namespace])
                #expect(missing.code != 0 && missing.output.isEmpty, "\(missing)")
                #expect(
                    missing.errors.contains("there is no TenantControlPlane \(session.namespace)/nobody"), "\(missing)")
            }
            try await session.must(
                "apply -f FILE", file: Manifests.tenant("waiting", more: "  dataStore: not-made-yet"))
            try await session.must("wait tcp/waiting --for=condition=DatastoreReady=False --timeout=120s")
            let waiting = try await cluster.manager(["token", "create", "waiting", "-n", session.namespace])
            #expect(waiting.code != 0 && waiting.errors.contains("kubectl describe tcp -n"), "\(waiting)")
            for (words, answer) in [
                (["create", "dev", "--ttl", "tomorrow"], "ttl"), (["create", "dev", "--ttl", "5ms"], "ttl"),
                (["delete", "dev", "abcdef.0123456789abcdef"], "is no token id"),
            ] {
                let refused = try await cluster.manager(["token"] + words)
                #expect(refused.code != 0 && refused.errors.contains(answer), "\(refused)")
                #expect(!refused.errors.contains("0123456789abcdef"), "the secret is repeated")
            }
        }
    }
}
