import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// Commands that print something and end.
    @Suite struct CommandLineTests {
        @Test func `crds prints what deploy/crds holds`() async throws {
            let scratch = try ScratchDirectory()
            let folder = "\(Programs.repository)/deploy/crds"
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            let kept = try names.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
            let written = try await Programs.run(Programs.manager, ["crds", "--directory", scratch.file("crds")])
            #expect(written.isSuccess && written.output.isEmpty, "\(written)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("crds")).sorted() == names)
            for (name, text) in zip(names, kept) {
                #expect(try String(contentsOfFile: scratch.file("crds/\(name)"), encoding: .utf8) == text, "\(name)")
            }
            let printed = try await Programs.run(Programs.manager, ["crds"])
            #expect(printed.isSuccess)
            let documents = printed.output.components(separatedBy: "---\n").filter { !$0.isEmpty }
            #expect(documents == kept.map { $0.replacingOccurrences(of: "---\n", with: "") })
        }

        @Test(arguments: Kubectl.all) func `kubectl takes the definitions, by either way of applying`(kubectl: Kubectl)
            async throws
        {
            let session = try await StandaloneFixture.current.session(kubectl)
            let printed = try await Programs.run(Programs.manager, ["crds"]).output
            for how in ["apply --server-side --force-conflicts", "apply", "apply --server-side --dry-run=server"] {
                let applied = try await session.must("\(how) -f FILE", file: printed)
                #expect(applied.split(separator: "\n").count == 3, "\(how): \(applied)")
            }
            try await session.must(
                "wait --for=condition=Established crd/tenantcontrolplanes.kamaji.clastix.io --timeout=60s")
        }

        @Test func `kubeconfig prints what the tenant's Secret holds`() async throws {
            let cluster = try StandaloneFixture.current
            let session = try await cluster.session()
            try await session.must("apply -f FILE", file: Manifests.tenant("printed"))
            try await session.waitForPhase("Sleeping", of: "printed")
            let secret = try await session.secret("printed-admin-kubeconfig")
            let byNamespace = try await cluster.manager(["kubeconfig", "printed", "-n", session.namespace])
            #expect(byNamespace.isSuccess && byNamespace.output == secret["admin.conf"], "\(byNamespace.errors)")
            let byState = try await Programs.run(
                Programs.manager,
                ["kubeconfig", "printed", "--namespace", session.namespace, "--state-dir", cluster.state])
            #expect(byState.output == secret["admin.conf"], "\(byState.errors)")
            try await session.must("annotate tcp printed kamaji.clastix.io/kubeconfig-secret-key=super-admin.svc")
            let annotated = try await cluster.manager(["kubeconfig", "printed", "-n", session.namespace])
            #expect(annotated.output == secret["super-admin.svc"])
        }

        @Test func `kubeconfig says what to do where there is none`() async throws {
            let cluster = try StandaloneFixture.current
            let session = try await cluster.session()
            let missing = try await cluster.manager(["kubeconfig", "nobody", "-n", session.namespace])
            #expect(missing.code != 0 && missing.output.isEmpty, "\(missing)")
            #expect(
                missing.errors.contains("there is no TenantControlPlane \(session.namespace)/nobody")
                    && missing.errors.contains("kubectl get tcp -A"), "\(missing)")
            #expect(missing.code == 1 && !missing.errors.contains("Usage:"), "\(missing)")
            try await session.must(
                "apply -f FILE", file: Manifests.tenant("waiting", more: "  dataStore: not-made-yet"))
            try await session.must("wait tcp/waiting --for=condition=DatastoreReady=False --timeout=120s")
            let waiting = try await cluster.manager(["kubeconfig", "waiting", "-n", session.namespace])
            #expect(waiting.code != 0 && waiting.errors.contains("kubectl describe tcp -n"), "\(waiting)")
        }

        @Test func `every command has help, and wrong words an answer`() async throws {
            for command in [
                [], ["standalone"], ["run"], ["kubeconfig"], ["token"], ["token", "create"], ["nodes"], ["crds"],
            ] {
                let help = try await Programs.run(Programs.manager, command + ["--help"])
                #expect(help.isSuccess && help.output.contains("USAGE: kamaji-manager"), "\(help)")
                #expect(help.output.contains("OVERVIEW: ") && help.lines.count > 7, "\(help)")
            }
            let version = try await Programs.run(Programs.manager, ["--version"])
            #expect(version.isSuccess && version.output.hasPrefix("kamaji-manager "), "\(version)")
            for (words, answer) in [
                (["nonsense"], "nonsense"), (["kubeconfig"], "tenant"),
                (["standalone", "--port", "70000"], "0 to 65535"),
                (["standalone", "--bin-dir", "/nonexistent"], "--bin-dir is \"/nonexistent\": there is no such"),
                (["standalone", "--bin-dir", "/proc/self"], "kube-apiserver, kube-controller-manager"),
                (["run", "--max-concurrent-tcp-reconciles", "0"], "1 to 1024"),
                (["run", "--certificate-expiration-deadline", "1h"], "at least 24 hours"),
                (["run", "--kubeconfig", "/nonexistent/config"], "/nonexistent/config"),
                (["standalone", "--engine", "upstream", "--state-dir", "/proc/nowhere"], "/proc/nowhere"),
            ] {
                let outcome = try await Programs.run(Programs.manager, words)
                #expect(outcome.code != 0 && outcome.errors.contains(answer), "\(words): \(outcome)")
                #expect(!outcome.errors.contains("Fatal error"), "\(words): \(outcome)")
            }
        }
    }
}
