import KubeObjects
import Testing

extension EndToEnd {
    /// What stands in the cluster for a tenant, and who may change it.
    @Suite struct ManagedObjectsTests {
        private func tenant(_ name: String, replicas: Int = 0) async throws -> Session {
            let session = try await StandaloneFixture.current.session()
            try await session.must("apply -f FILE", file: Manifests.tenant(name, replicas: replicas))
            if replicas == 0 { try await session.waitForPhase("Sleeping", of: name) }
            return session
        }

        @Test func `every object is labelled, and owned by its tenant`() async throws {
            let session = try await StandaloneFixture.current.session()
            try await session.must("apply -f FILE", file: Manifests.richTenant("owner"))
            try await session.waitForPhase("Sleeping", of: "owner")
            let uid = try await session.value("tcp/owner", ".metadata.uid")
            let found = try await session.items(
                "deployments,services,secrets,configmaps", "-l kamaji.clastix.io/name=owner")
            var components: Set<String> = []
            for object in found {
                #expect(object.labels["kamaji.clastix.io/project"] == "kamaji", "\(object.name)")
                components.insert(object.labels["kamaji.clastix.io/component"] ?? "")
                let owners = object[path: "metadata", "ownerReferences"]?.array ?? []
                #expect(owners.count == 1, "\(object.name): \(owners)")
                #expect(
                    owners.first == [
                        "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane", "name": "owner",
                        "uid": .string(uid), "controller": true, "blockOwnerDeletion": true,
                    ], "\(object.name)")
            }
            #expect(
                components == [
                    "service", "kubeadmconfig", "ca", "front-proxy-ca-certificate", "sa-certificate",
                    "api-server-certificate", "api-server-kubelet-client-certificate", "front-proxy-client-certificate",
                    "admin-kubeconfig", "controller-manager-kubeconfig", "scheduler-kubeconfig", "datastore-config",
                    "konnectivity-egress-selector-configuration", "konnectivity-certificate", "konnectivity-kubeconfig",
                    "deployment",
                ])
            #expect(try await session.value("svc/owner", ".spec.ports[*].port") == "6443 8132 9090")
            #expect(try await session.value("deploy/owner", ".metadata.labels.tier") == "gold")
            #expect(try await session.value("deploy/owner", #".metadata.annotations.example\.io/owner"#) == "blue")
        }

        @Test func `what switches off is taken away`() async throws {
            let session = try await StandaloneFixture.current.session()
            try await session.must("apply -f FILE", file: Manifests.richTenant("less"))
            try await session.waitForPhase("Sleeping", of: "less")
            try await session.must(
                #"patch tcp less --type=json -p [{"op":"remove","path":"/spec/addons/konnectivity"}]"#)
            let tunnel = "secret/less-konnectivity-certificate secret/less-konnectivity-kubeconfig"
            try await session.must("wait --for=delete \(tunnel) --timeout=120s")
            try await session.must(
                "wait --for=delete configmap/less-konnectivity-egress-selector-configuration --timeout=120s")
            try await session.must("wait svc/less --for=jsonpath={.spec.ports[1].port}=9090 --timeout=120s")
            #expect(
                try await session.value("deploy/less", ".spec.template.spec.containers[*].name").split(separator: " ")
                    .count
                    == 3)
        }

        @Test func `a foreign change is put back`() async throws {
            let session = try await tenant("strict")
            for (change, path) in [
                (
                    #"patch svc strict --type=json -p [{"op":"replace","path":"/spec/ports/0/port","value":9999}]"#,
                    "svc/strict .spec.ports[*].port"
                ),
                (
                    #"patch svc strict --type=merge -p {"spec":{"selector":{"app":"evil"}}}"#,
                    "svc/strict .spec.selector"
                ),
                (
                    #"patch svc strict --type=merge -p {"metadata":{"ownerReferences":null}}"#,
                    "svc/strict .metadata.ownerReferences[*].name"
                ),
                ("label svc strict kamaji.clastix.io/project-", "svc/strict .metadata.labels"),
                (
                    #"patch cm strict-kubeadmconfig --type=merge -p {"data":{"ClusterConfiguration":"{}"}}"#,
                    "cm/strict-kubeadmconfig .data"
                ),
                (#"patch cm strict-kubeadmconfig --type=merge -p {"data":null}"#, "cm/strict-kubeadmconfig .data"),
                (
                    #"patch secret strict-scheduler-kubeconfig --type=merge -p {"data":{"scheduler.conf":"ZXZpbA=="}}"#,
                    "tcp/strict .status.kubeconfig.scheduler.secretName"
                ),
                (
                    "set image deploy/strict kube-apiserver=evil:1",
                    "deploy/strict .spec.template.spec.containers[*].image"
                ),
                (
                    #"patch deploy strict --type=json -p [{"op":"replace","path":"/spec/template/spec/containers/0/args","value":["--evil"]}]"#,
                    "deploy/strict .spec.template.spec.containers[*].args"
                ),
                ("scale deploy strict --replicas=4", "deploy/strict .spec.replicas"),
            ] {
                let words = path.split(separator: " ").map(String.init)
                let before = try await session.value(words[0], words[1])
                try await session.must(change)
                try await eventually("\(path) is \(before) again, after \(change)") {
                    try await session.value(words[0], words[1]) == before
                }
            }
            try await eventually("the scheduler's kubeconfig is one again") {
                try await session.secret("strict-scheduler-kubeconfig")["scheduler.conf"]?.contains("kind: Config")
                    ?? false
            }
        }

        @Test func `what is deleted comes back, authorities as they were in kubeconfigs`() async throws {
            let session = try await tenant("phoenix")
            for resource in [
                "svc/phoenix", "deploy/phoenix", "cm/phoenix-kubeadmconfig", "secret/phoenix-api-server-certificate",
                "secret/phoenix-admin-kubeconfig", "secret/phoenix-sa-certificate",
            ] {
                let uid = try await session.value(resource, ".metadata.uid")
                try await session.must("delete \(resource) --wait=false")
                try await eventually("\(resource) is back") {
                    let back = try await session("get \(resource) -o jsonpath={.metadata.uid}")
                    return back.isSuccess && back.output != uid
                }
            }
            try await session.waitForPhase("Sleeping", of: "phoenix")
            let openssl = OpenSSL(scratch: session.scratch)
            try await eventually("the certificate names the Service's new address") {
                let address = try await session.value("svc/phoenix", ".spec.clusterIP")
                let leaf = try await session.secret("phoenix-api-server-certificate")["apiserver.crt"] ?? ""
                return try await openssl.accepts(address, of: leaf)
            }
        }

        @Test func `a user's own annotations, labels and restart stay, through later changes too`() async throws {
            let session = try await tenant("mine")
            let resources = ["svc/mine", "deploy/mine", "secret/mine-ca", "cm/mine-kubeadmconfig"]
            for resource in resources { try await session.must("annotate \(resource) example.io/note=mine") }
            for resource in resources { try await session.must("label \(resource) colour=red") }
            try await session.must("rollout restart deploy/mine")
            let restarted = #".spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt"#
            let stamp = try await session.value("deploy/mine", restarted)
            #expect(!stamp.isEmpty)
            // A change that touches every one of them shows that a whole pass came after.
            try await session.must(
                #"patch tcp mine --type=merge -p {"spec":{"kubernetes":{"version":"v1.35.4"},"networkProfile":{"certSANs":["a.example"]}}}"#
            )
            try await session.must(
                "wait tcp/mine --for=jsonpath={.status.kubernetesResources.version.version}=v1.35.4 --timeout=120s")
            for resource in resources {
                #expect(
                    try await session.value(resource, #".metadata.annotations.example\.io/note"#) == "mine",
                    "\(resource)")
                #expect(try await session.value(resource, ".metadata.labels.colour") == "red", "\(resource)")
            }
            #expect(try await session.value("deploy/mine", restarted) == stamp)
            #expect(
                try await session.value("deploy/mine", ".spec.template.spec.containers[*].image").contains("v1.35.4"))
        }

        @Test func `replicas that an autoscaler owns are left to it, until the tenant asks for other ones`()
            async throws
        {
            let session = try await tenant("scaled", replicas: 1)
            try await session.must("wait --for=create deploy/scaled --timeout=120s")
            try await session.must(
                #"patch deploy scaled --subresource=scale --field-manager=kube-controller-manager --type=merge -p {"spec":{"replicas":2}}"#
            )
            try await session.must(#"patch tcp scaled --type=merge -p {"spec":{"kubernetes":{"version":"v1.35.4"}}}"#)
            try await eventually("the Deployment has the new version") {
                try await session.value("deploy/scaled", ".spec.template.spec.containers[*].image").contains("v1.35.4")
            }
            #expect(try await session.value("deploy/scaled", ".spec.replicas") == "2")
            // The autoscaler may be gone by then: what it wrote once must not keep a tenant from its sleep.
            for replicas in ["0", "3"] {
                try await session.must("scale tcp scaled --replicas=\(replicas)")
                try await eventually("the Deployment has \(replicas)") {
                    try await session.value("deploy/scaled", ".spec.replicas") == replicas
                }
            }
        }

        @Test func `the pause annotation stops reconciliation, and its removal goes on with it`() async throws {
            let session = try await tenant("paused")
            try await session.must("apply -f FILE", file: Manifests.tenant("running"))
            try await session.waitForPhase("Sleeping", of: "running")
            try await session.must("annotate tcp paused kamaji.clastix.io/paused=")
            for tenant in ["paused", "running"] { try await session.must("delete cm \(tenant)-kubeadmconfig") }
            // The one that is not paused comes later in every queue: when it is back, the other's turn was.
            try await session.must("wait --for=create cm/running-kubeadmconfig --timeout=120s")
            #expect(try await !session("get cm paused-kubeadmconfig").isSuccess)
            try await session.must("annotate tcp paused kamaji.clastix.io/paused-")
            try await session.must("wait --for=create cm/paused-kubeadmconfig --timeout=120s")
        }
    }
}
