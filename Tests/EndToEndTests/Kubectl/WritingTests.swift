import KubeObjects
import Testing

extension EndToEnd {
    /// Every way in which kubectl changes a tenant.
    @Suite struct WritingTests {
        @Test(arguments: Kubectl.all) func `apply creates once, and diff is quiet until something differs`(
            kubectl: Kubectl
        ) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            let manifest = Manifests.tenant("a")
            let absent = try await session("diff -f FILE", file: manifest)
            #expect(absent.code == 1 && absent.output.contains("+kind: TenantControlPlane"), "\(absent)")
            #expect(
                try await session.must("apply -f FILE", file: manifest)
                    == "tenantcontrolplane.kamaji.clastix.io/a created\n")
            try await session.waitForPhase("Sleeping", of: "a")
            #expect(
                try await session.must("apply -f FILE", file: manifest)
                    == "tenantcontrolplane.kamaji.clastix.io/a unchanged\n")
            // Until the tenant is at rest its status may move between two requests.
            try await eventually("diff is quiet") {
                let equal = try await session("diff -f FILE", file: manifest)
                return equal.isSuccess && equal.output.isEmpty
            }

            let changed = manifest.replacing("v1.35.2", with: "v1.36.0")
            let different = try await session("diff -f FILE", file: changed)
            #expect(different.code == 1, "\(different)")
            #expect(
                different.output.contains("-    version: v1.35.2") && different.output.contains("+    version: v1.36.0")
            )
            #expect(try await session.value("tcp/a", ".spec.kubernetes.version") == "v1.35.2")
            #expect(
                try await session.must("apply -f FILE", file: changed)
                    == "tenantcontrolplane.kamaji.clastix.io/a configured\n")
            try await session.must(
                "wait tcp/a --for=jsonpath={.status.kubernetesResources.version.version}=v1.36.0 --timeout=120s")
        }

        @Test(arguments: Kubectl.all) func `server-side apply keeps owners apart and leaves the manager's fields alone`(
            kubectl: Kubectl
        ) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            let manifest = Manifests.tenant("s")
            #expect(
                try await session.must("apply --server-side -f FILE", file: manifest)
                    == "tenantcontrolplane.kamaji.clastix.io/s serverside-applied\n")
            try await session.waitForPhase("Sleeping", of: "s")
            // Until the tenant is at rest its status may move between two requests.
            try await eventually("the same again changes nothing") {
                let version = try await session.value("tcp/s", ".metadata.resourceVersion")
                try await session.must("apply --server-side -f FILE", file: manifest)
                return try await session.value("tcp/s", ".metadata.resourceVersion") == version
            }
            try await eventually("diff is quiet") {
                let quiet = try await session("diff --server-side -f FILE", file: manifest)
                return quiet.isSuccess && quiet.output.isEmpty
            }

            let other = manifest.replacing("v1.35.2", with: "v1.35.3")
            let refused = try await session("apply --server-side --field-manager=other -f FILE", file: other)
            #expect(!refused.isSuccess && refused.errors.contains(".spec.kubernetes.version"), "\(refused)")
            #expect(refused.errors.contains("conflict with \"kubectl\""), "\(refused)")
            try await session.must(
                "apply --server-side --field-manager=other --force-conflicts -f FILE", file: other)
            #expect(try await session.value("tcp/s", ".spec.kubernetes.version") == "v1.35.3")
            #expect(try await session.value("tcp/s", ".metadata.finalizers") == #"["finalizer.kamaji.clastix.io"]"#)
        }

        @Test(arguments: Kubectl.all) func `scale, patch and edit change what they say`(kubectl: Kubectl) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            try await session.must("apply -f FILE", file: Manifests.tenant("c"))
            // Asleep and not reconciled, so that three replicas need not run.
            try await session.must("annotate tcp c kamaji.clastix.io/paused=")
            let replicas = ".spec.controlPlane.deployment.replicas"
            #expect(
                try await session.must("scale tcp c --replicas=3")
                    == "tenantcontrolplane.kamaji.clastix.io/c scaled\n")
            #expect(try await session.value("tcp/c", replicas) == "3")
            let wrong = try await session("scale tcp c --current-replicas=1 --replicas=2")
            #expect(!wrong.isSuccess && wrong.errors.contains("Expected replicas to be 1, was 3"), "\(wrong)")

            for (patch, expected) in [
                (#"--type=merge -p {"spec":{"controlPlane":{"deployment":{"replicas":4}}}}"#, "4"),
                (#"--type=json -p [{"op":"replace","path":"/spec/controlPlane/deployment/replicas","value":5}]"#, "5"),
                (#"--subresource=scale --type=merge -p {"spec":{"replicas":6}}"#, "6"),
            ] {
                try await session.must("patch tcp c \(patch)")
                #expect(try await session.value("tcp/c", replicas) == expected, "\(patch)")
            }
            let test = #"--type=json -p [{"op":"test","path":"/spec/kubernetes/version","value":"v1.0.0"}]"#
            #expect(try await !session("patch tcp c \(test)").isSuccess)
            let strategic = try await session(#"patch tcp c -p {"metadata":{"labels":{"a":"b"}}}"#)
            #expect(
                !strategic.isSuccess && strategic.errors.contains("strategic-merge-patch+json is not supported"),
                "custom resources have no strategic merge: \(strategic)")

            let untouched = try await session("edit tcp c", environment: ["EDITOR": "true"])
            #expect(untouched.isSuccess && untouched.errors.contains("no changes made"), "\(untouched)")
            let edited = try await session("edit tcp c", environment: ["EDITOR": "sed -i s/v1.35.2/v1.35.9/"])
            #expect(edited.isSuccess && edited.output.contains("edited"), "\(edited)")
            #expect(try await session.value("tcp/c", ".spec.kubernetes.version") == "v1.35.9")
            let generation = try await session.value("tcp/c", ".metadata.generation")
            try await session.must("label tcp c colour=red")
            #expect(try await session.value("tcp/c", ".metadata.generation") == generation)
            #expect(try await session.must("get tcp -l colour=red -o name").hasSuffix("/c\n"))
        }

        @Test(arguments: Kubectl.all) func `get -w sees a tenant come, change and go`(kubectl: Kubectl) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            let arguments = ["-n", session.namespace, "get", "tcp", "-w", "--output-watch-events", "--no-headers"]
            _ = try await RunningProgram.run(kubectl.path, arguments, environment: session.environment) { watch in
                try await session.must("apply -f FILE", file: Manifests.tenant("w"))
                _ = try await watch.output.line { $0.hasPrefix("ADDED") && $0.contains(" w ") }
                _ = try await watch.output.line { $0.hasPrefix("MODIFIED") && $0.contains("Sleeping") }
                try await session.must("delete tcp w --wait --timeout=120s")
                _ = try await watch.output.line { $0.hasPrefix("DELETED") && $0.contains(" w ") }
            }
        }

        @Test(arguments: Kubectl.all) func `delete --wait returns when the tenant and all it had are gone`(
            kubectl: Kubectl
        ) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            try await session.must("apply -f FILE", file: Manifests.richTenant("gone"))
            try await session.waitForPhase("Sleeping", of: "gone")
            let kinds = "deployments,services,secrets,configmaps"
            let before = try await session.must("get \(kinds) -l kamaji.clastix.io/name=gone -o name")
            #expect(before.split(separator: "\n").count >= 15, "\(before)")
            #expect(
                try await session.must("delete tcp gone --wait --timeout=120s")
                    .contains(#"tenantcontrolplane.kamaji.clastix.io "gone" deleted"#))
            #expect(try await !session("get tcp gone").isSuccess)
            try await eventually("the garbage collector has taken what the tenant owned") {
                try await session.must("get \(kinds) -l kamaji.clastix.io/name=gone -o name").isEmpty
            }
        }
    }
}
