import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// The files under `deploy`, as the embedded admin cluster takes them.
    @Suite struct ChartTests {
        private static let manifests = "\(Programs.repository)/deploy/manifests"

        /// In the namespace that the manifests name; kubectl refuses them in another.
        private var system: Session {
            get throws {
                let cluster = try StandaloneFixture.current
                return Session(
                    kubectl: try Kubectl.any, kubeconfig: cluster.kubeconfig, namespace: "kamaji-system",
                    scratch: cluster.scratch)
            }
        }

        private var helm: Helm {
            get throws {
                Helm(
                    path: try #require(Helm.path, "no helm: run scripts/prerequisites.sh"),
                    scratch: try ScratchDirectory())
            }
        }

        @Test func `the cluster takes every sample`() async throws {
            let folder = "\(Programs.repository)/deploy/samples"
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == ["datastore.yaml", "kubeconfiggenerator.yaml", "tenant.yaml"])
            let session = try await StandaloneFixture.current.session()
            for name in names {
                let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                // The cluster has a DataStore of that name already, of another driver.
                let sample = text.replacing("name: default", with: "name: another")
                try await session.must("apply --dry-run=server -f FILE", file: sample)
            }
        }

        @Test func `the cluster takes every object of the manifests`() async throws {
            let taken = try await system.must("apply --dry-run=server -f \(Self.manifests)/kamaji.yaml")
            let kinds = taken.split(separator: "\n").filter { $0.hasSuffix("(server dry run)") }.map {
                $0.prefix { $0 != "/" }
            }
            #expect(
                kinds.sorted() == [
                    "clusterrole.rbac.authorization.k8s.io", "clusterrolebinding.rbac.authorization.k8s.io",
                    "deployment.apps", "namespace", "poddisruptionbudget.policy", "role.rbac.authorization.k8s.io",
                    "rolebinding.rbac.authorization.k8s.io", "service", "serviceaccount",
                ], "\(taken)")
            let built = try await system.must("kustomize \(Self.manifests)")
            #expect(built.contains("kind: Deployment"))
        }

        @Test func `no role has a wildcard`() async throws {
            let objects = try await system.must("create --dry-run=client -o json -f \(Self.manifests)/kamaji.yaml")
            #expect(objects.contains("tenantcontrolplanes/status"))
            #expect(!objects.contains("\"*\""))
        }

        @Test func `the cluster takes what the chart makes of every value that it has`() async throws {
            try await system.must(
                "apply -f FILE", file: Manifests.anyDefinition("ServiceMonitor", in: "monitoring.coreos.com"))
            let rendered = try await helm.render(Self.everything)
            #expect(rendered.isSuccess, "\(rendered)")
            try await eventually("the definition is served") {
                try await system("get servicemonitors.monitoring.coreos.com").isSuccess
            }
            let taken = try await system.must("apply --dry-run=server -f FILE", file: rendered.output)
            for name in [
                "deployment.apps/other", "servicemonitor.monitoring.coreos.com/other", "service/other-metrics-service",
                "serviceaccount/robot", "clusterrole.rbac.authorization.k8s.io/other-manager-role",
            ] { #expect(taken.contains("\(name) "), "\(taken)") }
            for text in [
                "registry.example.com/kamaji@sha256:0000", "--max-concurrent-tcp-reconciles=4", "containerPort: 9090",
                "containerPort: 9091", "--datastore=gold", "--log-format=json", "release: prometheus",
            ] { #expect(rendered.output.contains(text), "\(text) is missing from:\n\(rendered.output)") }
            try await system.must("apply --dry-run=server -f \(Self.manifests)/servicemonitor.yaml")
        }

        @Test func `one replica has no disruption budget`() async throws {
            let rendered = try await helm.render("replicaCount: 1")
            #expect(rendered.isSuccess && !rendered.output.contains("PodDisruptionBudget"), "\(rendered)")
        }

        @Test func `an account that is there already is used and not made`() async throws {
            let rendered = try await helm.render("serviceAccount: {create: false, name: robot}")
            #expect(rendered.isSuccess && !rendered.output.contains("\nkind: ServiceAccount\n"), "\(rendered)")
            #expect(rendered.output.contains("serviceAccountName: robot"), "\(rendered)")
        }

        /// Values that upstream's chart has and this one has no use for.
        @Test func `values that were written for upstream's chart are taken`() async throws {
            let rendered = try await helm.render(
                """
                temporaryDirectoryPath: /tmp/kamaji
                telemetry: {disabled: true}
                loggingDevel: {enable: false}
                kubeconfigGenerator: {enabled: false, replicaCount: 2}
                kamaji-etcd: {deploy: false}
                """)
            #expect(rendered.isSuccess, "\(rendered)")
            let plain = try await helm.render("")
            #expect(rendered.output == plain.output)
        }

        @Test(arguments: [
            ("replicas: 3", "replicas"), ("replicaCount: two", "replicaCount"),
            ("image: {repository: ''}", "repository"),
            ("metricsBindAddress: '8080'", "metricsBindAddress"), ("kamaji-etcd: {deploy: true}", "brings no etcd"),
        ])
        func `a value that cannot work is refused by name`(values: String, name: String) async throws {
            let rendered = try await helm.render(values)
            #expect(!rendered.isSuccess && rendered.errors.contains(name), "\(rendered)")
        }

        private static let everything = """
            replicaCount: 3
            image: {repository: registry.example.com/kamaji, pullPolicy: Always, digest: "sha256:\
            \(String(repeating: "0", count: 64))"}
            imagePullSecrets: [{name: pull}]
            fullnameOverride: other
            extraArgs: [--max-concurrent-tcp-reconciles=4]
            defaultDatastoreName: gold
            logFormat: json
            logLevel: debug
            metricsBindAddress: "0.0.0.0:9090"
            healthProbeBindAddress: ":9091"
            serviceMonitor: {enabled: true, labels: {release: prometheus}, interval: 30s}
            serviceAccount: {annotations: {example.io/role: kamaji}, name: robot}
            podAnnotations: {example.io/a: b}
            podLabels: {example.io/c: d}
            podDisruptionBudget: {maxUnavailable: 50%}
            nodeSelector: {kubernetes.io/os: linux}
            tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}]
            affinity:
              podAntiAffinity:
                preferredDuringSchedulingIgnoredDuringExecution:
                  - weight: 1
                    podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {a: b}}}
            topologySpreadConstraints:
              - {topologyKey: topology.kubernetes.io/zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule}
            priorityClassName: system-cluster-critical
            """
    }
}

extension Manifests {
    /// A definition that takes every object of a kind, where only its presence matters.
    static func anyDefinition(_ kind: String, in group: String) -> String {
        let plural = "\(kind.lowercased())s"
        return """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: \(plural).\(group)
              annotations: {api-approved.kubernetes.io: unapproved}
            spec:
              group: \(group)
              names: {kind: \(kind), plural: \(plural)}
              scope: Namespaced
              versions:
                - name: v1
                  served: true
                  storage: true
                  schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
            """
    }
}
