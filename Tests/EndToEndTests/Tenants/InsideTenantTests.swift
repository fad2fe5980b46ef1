import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// What lives inside a tenant.
    @Suite struct InsideTenantTests {
        private static let addons = """
              addons:
                coreDNS: {}
                kubeProxy: {}
            \(EndToEnd.hasTunnel ? "    konnectivity: {}" : "")
            """

        private static let ours = "-l kamaji.clastix.io/project=kamaji -o name"
        private static let coreDNS = [
            "clusterrole.rbac.authorization.k8s.io/system:coredns",
            "clusterrolebinding.rbac.authorization.k8s.io/system:coredns", "configmap/coredns",
            "deployment.apps/coredns", "service/kube-dns", "serviceaccount/coredns",
        ]

        /// Every object inside with our label.
        private func inside(_ tenant: Session) async throws -> Set<String> {
            let namespaced = try await tenant.must(
                "get configmaps,serviceaccounts,services,deployments,daemonsets,roles,rolebindings -A \(Self.ours)")
            let clusterWide = try await tenant.must("get clusterroles,clusterrolebindings \(Self.ours)")
            return Set((namespaced + clusterWide).split(separator: "\n").map(String.init))
        }

        private func condition(_ type: String, of tenant: String, _ session: Session) async throws -> String {
            try await session.value("tcp/\(tenant)", ".status.conditions[?(@.type==\"\(type)\")].reason")
        }

        @Test(arguments: Engine.all)
        func `a tenant that says Ready has what was asked for inside, and what is taken away comes back`(
            engine: Engine
        ) async throws {
            try await StandaloneFixture.run(engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must(
                    "apply -f FILE", file: Manifests.tenant("dev", replicas: 1, more: Self.addons))
                try await session.waitForPhase("Ready", of: "dev")
                let tenant = try await cluster.enter("dev", session)
                let found = try await inside(tenant)
                let tunnel = [
                    "daemonset.apps/konnectivity-agent", "serviceaccount/konnectivity-agent",
                    "clusterrolebinding.rbac.authorization.k8s.io/system:konnectivity-server",
                ]
                let expected =
                    Self.coreDNS + (EndToEnd.hasTunnel ? tunnel : []) + [
                        "configmap/cluster-info", "configmap/kubeadm-config", "configmap/kubelet-config",
                        "clusterrolebinding.rbac.authorization.k8s.io/kubeadm:cluster-admins",
                        "daemonset.apps/kube-proxy",
                    ]
                #expect(found.isSuperset(of: expected), "missing: \(Set(expected).subtracting(found).sorted())")
                #expect(try await condition("AddonsApplied", of: "dev", session) == "Applied")
                #expect(
                    try await condition("TunnelReady", of: "dev", session) == (EndToEnd.hasTunnel ? "NoAgent" : ""))
                #expect(try await session.value("tcp/dev", ".status.addons.coreDNS.enabled") == "true")

                // A user's own label stays, through whatever is put back around it.
                try await tenant.must("-n kube-system label deployment coredns team=blue")
                let configuration = try await tenant.value("cm/kubeadm-config -n kube-system", ".data")
                try await tenant.must(
                    "-n kube-system patch configmap kubeadm-config --type=merge -p {\"data\":{\"ClusterConfiguration\":\"x\"}}"
                )
                try await tenant.must("-n kube-system delete configmap coredns --wait=false")
                try await tenant.must("-n kube-system patch deployment coredns --type=json -p " + Self.imagePatch)
                try await tenant.must("-n kube-system delete service kube-dns --wait=false")
                try await tenant.must("delete clusterrolebinding kubeadm:cluster-admins")
                try await eventually("all is as before") {
                    guard try await tenant("get namespaces").isSuccess, try await inside(tenant) == found else {
                        return false
                    }
                    let now = try await tenant.value("cm/kubeadm-config -n kube-system", ".data")
                    let image = try await tenant.value("deploy/coredns -n kube-system", Self.image)
                    return now == configuration && image != "broken"
                }
                #expect(try await tenant.value("deploy/coredns -n kube-system", ".metadata.labels.team") == "blue")
                try await session.waitForPhase("Ready", of: "dev")

                // One field that nothing can be made of keeps nothing else from being put back.
                try await session.must(
                    "patch tcp dev --type=merge -p "
                        + #"{"spec":{"kubernetes":{"kubelet":{"configurationJSONPatches":[{"op":"remove","path":"/x"}]}}}}"#
                )
                try await eventually("the field is complained of") {
                    try await condition("TenantBootstrapped", of: "dev", session) == "InvalidSpec"
                }
                let before = try await tenant.value("deploy/coredns -n kube-system", ".metadata.uid")
                try await tenant.must("-n kube-system delete deployment coredns")
                try await eventually("CoreDNS is back") {
                    let now = try await tenant("get deploy coredns -n kube-system -o jsonpath={.metadata.uid}")
                    return now.isSuccess && now.output != before
                }
                #expect(try await condition("Ready", of: "dev", session) == "InvalidSpec")
                try await session.must(
                    #"patch tcp dev --type=merge -p {"spec":{"kubernetes":{"kubelet":{"configurationJSONPatches":[]}}}}"#
                )
                try await session.waitForPhase("Ready", of: "dev")
            }
        }

        private static let image = ".spec.template.spec.containers[0].image"
        private static let imagePatch =
            #"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"broken"}]"#

        @Test(arguments: Engine.all)
        func `addons that are switched off go, and what users adopted stays`(engine: Engine) async throws {
            try await StandaloneFixture.run(engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must(
                    "apply -f FILE", file: Manifests.tenant("dev", replicas: 1, more: Self.addons))
                try await session.waitForPhase("Ready", of: "dev")
                let tenant = try await cluster.enter("dev", session)
                try await session.must("annotate tcp dev kamaji.clastix.io/paused=")
                try await tenant.must("-n kube-system label daemonset kube-proxy kamaji.clastix.io/project-")
                try await session.must(
                    "patch tcp dev --type=json -p [{\"op\":\"replace\",\"path\":\"/spec/addons\",\"value\":{}}]")
                try await session.must("annotate tcp dev kamaji.clastix.io/paused-")
                try await eventually("the status says that they are off") {
                    try await condition("AddonsApplied", of: "dev", session) == "NoneAsked"
                }
                let found = try await inside(tenant)
                #expect(found.isDisjoint(with: Self.coreDNS), "\(found.sorted())")
                #expect(!found.contains { $0.contains("konnectivity") || $0.contains("kube-proxy") })
                #expect(found.contains("configmap/kubeadm-config"))
                #expect(try await tenant("-n kube-system get daemonset kube-proxy").isSuccess)
                #expect(try await session.value("tcp/dev", ".status.addons.coreDNS.enabled") == "false")
                try await eventually("the tunnel's server and port are gone as well") {
                    let containers = try await session.value("deploy/dev", ".spec.template.spec.containers[*].name")
                    let ports = try await session.value("svc/dev", ".spec.ports[*].name")
                    return !containers.contains("konnectivity") && ports == "kube-apiserver"
                }
                try await session.must("rollout status deploy/dev --timeout=300s")
                try await session.waitForPhase("Ready", of: "dev")
            }
        }
    }
}
