import KubeObjects
import Testing

extension EndToEnd {
    /// Wrong input is answered with the field's path, and nothing of it is stored.
    @Suite struct RefusalTests {
        @Test(arguments: Kubectl.all, Refusal.all) func `a manifest that is wrong is refused as a whole`(
            kubectl: Kubectl, refusal: Refusal
        ) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            let manifest = Manifests.tenant("wrong").replacing(refusal.found, with: refusal.replacement)
            for how in ["apply", "create"] + (refusal.isUntyped ? [] : ["apply --server-side"]) {
                let outcome = try await session("\(how) -f FILE", file: manifest)
                #expect(outcome.code == 1, "\(how): \(outcome)")
                #expect(
                    outcome.errors.contains(#"The TenantControlPlane "wrong" is invalid: "#), "\(how): \(outcome)")
                for part in refusal.message { #expect(outcome.errors.contains(part), "\(how): \(outcome)") }
            }
            if refusal.isUntyped {
                let outcome = try await session("apply --server-side -f FILE", file: manifest)
                #expect(
                    outcome.errors.contains("failed to create typed patch object (\(session.namespace)/wrong; ")
                        && outcome.errors.contains(": expected numeric (int or float), got string"), "\(outcome)")
            }
            #expect(try await session.must("get tcp -o name").isEmpty)
        }

        @Test(arguments: Kubectl.all) func `the status of a refusal names each field for programs`(kubectl: Kubectl)
            async throws
        {
            let session = try await StandaloneFixture.current.session(kubectl)
            let manifest = Manifests.tenant("wrong").replacing("replicas: 0", with: "replicas: -1")
                .replacing("ClusterIP", with: "ExternalName")
            let outcome = try await session("create -v=8 -f FILE", file: manifest)
            #expect(outcome.errors.contains("422"), "\(outcome)")
            for field in ["spec.controlPlane.deployment.replicas", "spec.controlPlane.service.serviceType"] {
                #expect(outcome.errors.contains(field), "\(outcome)")
            }
        }

        @Test(arguments: Kubectl.all) func `what must not change does not`(kubectl: Kubectl) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            try await session.must("apply -f FILE", file: Manifests.tenant("fixed"))
            try await session.waitForPhase("Sleeping", of: "fixed")
            for (change, path, message) in [
                (
                    #"{"spec":{"networkProfile":{"clusterDomain":"other.local"}}}"#,
                    "spec.networkProfile.clusterDomain",
                    "changing the cluster domain is not supported"
                ),
                (#"{"spec":{"kubernetes":{"version":"v1.33.0"}}}"#, "spec.kubernetes.version", "unable to downgrade"),
                (#"{"spec":{"networkProfile":{"port":0}}}"#, "spec.networkProfile.port", "greater than or equal to 1"),
                (#"{"spec":{"controlPlane":{"service":null}}}"#, "spec.controlPlane.service", "Required value"),
            ] {
                let outcome = try await session("patch tcp fixed --type=merge -p \(change)")
                #expect(outcome.code == 1 && outcome.errors.contains("is invalid"), "\(outcome)")
                #expect(outcome.errors.contains(path) && outcome.errors.contains(message), "\(outcome)")
            }
            #expect(try await session.value("tcp/fixed", ".metadata.generation") == "1")
            let store = try await session(#"patch datastore default --type=merge -p {"spec":{"driver":"etcd"}}"#)
            #expect(!store.isSuccess && store.errors.contains("Datastore driver is immutable"), "\(store)")
        }

        @Test func `a node port that the cluster does not have is told in the tenant's own field`() async throws {
            let session = try await StandaloneFixture.current.session()
            let manifest = Manifests.tenant("exposed").replacing("ClusterIP", with: "NodePort")
            try await session.must("apply -f FILE", file: manifest)
            let reason = #".status.conditions[?(@.type=="ControlPlaneAvailable")].reason"#
            try await session.must("wait tcp/exposed --for=jsonpath={\(reason)}=NodePortRefused --timeout=60s")
            let message = try await session.value(
                "tcp/exposed", #".status.conditions[?(@.type=="ControlPlaneAvailable")].message"#)
            #expect(message.contains("spec.networkProfile.port") && message.contains("30000-32767"), "\(message)")
            try await session.must(
                #"patch tcp exposed --type=merge -p {"spec":{"networkProfile":{"port":31987,"address":"127.0.0.1"}}}"#)
            try await session.waitForPhase("Sleeping", of: "exposed")
        }

        @Test(arguments: Kubectl.all) func `unknown and doubled fields are refused, warned of or dropped, as is asked`(
            kubectl: Kubectl
        ) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            let unknown = Manifests.tenant("u").replacing("replicas: 0", with: "replicas: 0\n      replicsa: 3")
            let strict = try await session("apply --validate=strict -f FILE", file: unknown)
            #expect(
                !strict.isSuccess
                    && strict.errors.contains(
                        #"strict decoding error: unknown field "spec.controlPlane.deployment.replicsa""#),
                "\(strict)")
            #expect(try await session.must("get tcp -o name").isEmpty)
            let warned = try await session("apply --validate=warn -f FILE", file: unknown)
            #expect(
                warned.isSuccess && warned.errors.contains(#"Warning: unknown field "spec.controlPlane"#), "\(warned)")
            #expect(try await session.value("tcp/u", ".spec.controlPlane.deployment.replicsa").isEmpty)
        }

        @Test(arguments: Kubectl.all) func `what is not there is not found, and names are kept apart`(kubectl: Kubectl)
            async throws
        {
            let session = try await StandaloneFixture.current.session(kubectl)
            let missing = try await session("get tcp nobody")
            #expect(
                missing.errors.contains(
                    #"(NotFound): tenantcontrolplanes.kamaji.clastix.io "nobody" not found"#), "\(missing)")
            try await session.must("create -f FILE", file: Manifests.tenant("twice"))
            let again = try await session("create -f FILE", file: Manifests.tenant("twice"))
            #expect(again.errors.contains("(AlreadyExists)"), "\(again)")
            let name = try await session("create -f FILE", file: Manifests.tenant("9lives"))
            #expect(!name.isSuccess && name.errors.contains("must be a DNS-1035 label"), "\(name)")
            #expect(name.errors.contains("metadata.name: Invalid value"), "\(name)")
            let nowhere = Session(
                kubectl: kubectl, kubeconfig: session.kubeconfig, namespace: "nowhere", scratch: session.scratch)
            let outcome = try await nowhere("create -f FILE", file: Manifests.tenant("t"))
            #expect(outcome.errors.contains(#"namespaces "nowhere" not found"#), "\(outcome)")
        }

        @Test(arguments: Kubectl.all) func `a kind that is not served is told from one that is`(kubectl: Kubectl)
            async throws
        {
            let session = try await StandaloneFixture.current.session(kubectl)
            for apiVersion in ["kamaji.clastix.io/v1alpha1", "example.io/v1"] {
                let manifest = "apiVersion: \(apiVersion)\nkind: Nonsense\nmetadata: {name: none}\n"
                for how in ["apply", "create", "apply --server-side"] {
                    let outcome = try await session("\(how) -f FILE", file: manifest)
                    #expect(
                        outcome.code == 1
                            && outcome.errors.contains(#"no matches for kind "Nonsense" in version "\#(apiVersion)""#),
                        "\(how): \(outcome)")
                }
            }
        }

        @Test(arguments: Kubectl.all) func `a workload that nobody will run comes with a warning`(kubectl: Kubectl)
            async throws
        {
            let session = try await StandaloneFixture.current.session(kubectl)
            let manifest = """
                apiVersion: apps/v1
                kind: KIND
                metadata: {name: web}
                spec:
                  replicas: 0
                  selector: {matchLabels: {app: web}}
                  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: none}]}}
                """
            let set = try await session(
                "apply -f FILE",
                file: manifest.replacing("KIND", with: "StatefulSet").replacing("  replicas: 0\n", with: ""))
            #expect(set.isSuccess && set.errors.contains("Warning: the standalone cluster has no controller"), "\(set)")
            let deployment = try await session("apply -f FILE", file: manifest.replacing("KIND", with: "Deployment"))
            #expect(deployment.isSuccess && !deployment.errors.contains("Warning"), "\(deployment)")
        }
    }
}
