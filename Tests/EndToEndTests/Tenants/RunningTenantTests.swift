import Foundation
import KubeObjects
import Testing

/// What runs the tenants: always the embedded engine, and upstream's programs where they are.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case embedded, upstream

    static var all: [Engine] { Programs.upstream == nil ? [.embedded] : allCases }

    var arguments: [String] { ["--engine", rawValue] }
    var testDescription: String { "the \(rawValue) engine" }
}

extension EndToEnd {
    /// Control planes that run, used by their tenants.
    @Suite struct RunningTenantTests {
        /// Where the engine stands in for upstream's programs, it says so to whoever looks.
        private func expectNotices(_ session: Session, _ tenant: Session) async throws {
            let pods = "pods -l kamaji.clastix.io/name=dev"
            let described = try await session.must("describe \(pods)")
            #expect(described.contains("kamaji.clastix.io/EmbeddedEngine"), "\(described)")
            #expect(described.contains("kube-scheduler and kube-controller-manager are not run"), "\(described)")
            let pod = try await session.must("get \(pods) -o jsonpath={.items[0].metadata.name}")
            let logs = try await session("logs \(pod) -c kube-scheduler")
            #expect(logs.code == 1 && logs.errors.contains("the embedded engine stands in for it"), "\(logs)")
            #expect(try await session("logs \(pod) -c kube-apiserver").isSuccess)
            let created = try await tenant("create deployment web --image=web")
            #expect(created.isSuccess && created.errors.contains("the embedded engine runs no workloads"), "\(created)")
            let version = try await tenant.must("version -o json")
            #expect(version.contains(#""gitVersion": "v1.35.2+embedded""#), "\(version)")
            try await tenant.must("delete deployment web")
        }

        @Test(
            "tcp_ready_test, tcp_scale_test: a tenant comes up, sleeps, wakes with its data, and goes",
            arguments: Engine.all)
        func comesAndGoes(engine: Engine) async throws {
            try await StandaloneFixture.run(engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
                try await session.waitForPhase("Ready", of: "dev")
                try await session.must("wait tcp/dev --for=condition=Ready --timeout=60s")
                #expect(try await session.must("get tcp dev --no-headers").contains(" Ready "))
                #expect(try await session.value("tcp/dev", ".status.kubernetesResources.version.version") == "v1.35.2")
                #expect(try await session.value("deploy/dev", ".status.readyReplicas") == "1")
                let pods = try await session.must("get pods -l kamaji.clastix.io/name=dev --no-headers")
                #expect(pods.split(separator: "\n").count == 1 && pods.contains("3/3"), "\(pods)")
                #expect(try await session.value("deploy/dev", ".metadata.generation") == "1", "it was rolled")

                let tenant = try await cluster.enter("dev", session)
                if engine == .embedded { try await expectNotices(session, tenant) }
                #expect(try await tenant.must("get --raw /readyz") == "ok")
                let namespaces = try await tenant.must("get namespaces -o name")
                #expect(namespaces.contains("namespace/kube-system") && !namespaces.contains(session.namespace))
                #expect(try await !tenant("get tcp").isSuccess, "a tenant knows nothing of tenants")
                try await tenant.must("create namespace work")
                try await eventually("the namespace has its service account") {
                    try await tenant("-n work get serviceaccount default").isSuccess
                }
                #expect(try await tenant.must("-n work create token default").split(separator: ".").count == 3)

                try await session.must("scale tcp dev --replicas=0")
                try await session.waitForPhase("Sleeping", of: "dev")
                try await session.must("wait pods -l kamaji.clastix.io/name=dev --for=delete --timeout=120s")
                #expect(try await !tenant("get --raw /readyz --request-timeout=5s").isSuccess)
                try await session.must("scale tcp dev --replicas=1")
                try await session.waitForPhase("Ready", of: "dev")
                try await eventually("the tenant answers again") { try await tenant("get --raw /readyz").isSuccess }
                #expect(try await tenant.must("get namespace work -o name") == "namespace/work\n")

                try await session.must("delete tcp dev --wait --timeout=180s")
                try await eventually("everything of it is gone") {
                    try await session.must(
                        "get deployments,pods,services,secrets,configmaps -l kamaji.clastix.io/name=dev -o name"
                    ).isEmpty
                }
            }
        }

        @Test(arguments: Engine.all) func `a running tenant outlives a restart of the cluster`(engine: Engine)
            async throws
        {
            let scratch = try ScratchDirectory()
            let namespace = try await StandaloneFixture.run(in: scratch, engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
                try await session.waitForPhase("Ready", of: "dev")
                let tenant = try await cluster.enter("dev", session)
                try await tenant.must("create configmap kept --from-literal=a=b")
                return session.namespace
            }
            try await StandaloneFixture.run(in: scratch, []) { cluster in
                let session = Session(
                    kubectl: try Kubectl.any, kubeconfig: cluster.kubeconfig, namespace: namespace, scratch: scratch)
                try await session.must(
                    "wait pods -l kamaji.clastix.io/name=dev --for=condition=Ready --timeout=180s")
                let restarts = try await session.must(
                    "get pods -l kamaji.clastix.io/name=dev -o jsonpath={.items[0].status.containerStatuses[?(@.name==\"kube-apiserver\")].restartCount}"
                )
                #expect(restarts == "1")
                let tenant = try await cluster.enter("dev", session)
                try await eventually("the tenant answers again") { try await tenant("get --raw /readyz").isSuccess }
                #expect(try await tenant.value("configmap/kept", ".data.a") == "b")
                try await session.waitForPhase("Ready", of: "dev")
            }
        }

        @Test func `replicas serve one tenant, and a rotated certificate rolls them`() async throws {
            try await StandaloneFixture.run { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
                try await session.waitForPhase("Ready", of: "dev")
                try await session.must("scale tcp dev --replicas=3")
                try await session.must("wait deploy/dev --for=jsonpath={.status.readyReplicas}=3 --timeout=300s")
                try await session.must("scale tcp dev --replicas=1")
                try await session.must("wait deploy/dev --for=jsonpath={.status.replicas}=1 --timeout=300s")
                try await session.waitForPhase("Ready", of: "dev")

                let label = #".spec.template.metadata.labels.component\.kamaji\.clastix\.io/api-server-certificate"#
                let before = try await session.value("deploy/dev", label)
                let leaf = try await session.secret("dev-api-server-certificate")["apiserver.crt"]
                try await session.must(
                    "annotate secret dev-api-server-certificate certs.kamaji.clastix.io/rotate=")
                try await eventually("the pods' label follows the new certificate") {
                    try await session.value("deploy/dev", label) != before
                }
                #expect(try await session.secret("dev-api-server-certificate")["apiserver.crt"] != leaf)
                try await session.must("rollout status deploy/dev --timeout=300s")
                try await session.waitForPhase("Ready", of: "dev")
                let tenant = try await cluster.enter("dev", session)
                try await eventually("the tenant answers with it") { try await tenant("get --raw /readyz").isSuccess }
                // It is left running: the end of the cluster has to end it too.
            }
        }
    }
}
