import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// The exporter's chart and the manifests made from it, as the embedded admin cluster takes them.
    @Suite struct ExporterChartTests {
        private static let manifests = "\(Programs.repository)/deploy/manifests/exporter"

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
                    path: try #require(Helm.path, "no helm: run scripts/prerequisites.sh"), chart: "kamaji-exporter",
                    scratch: try ScratchDirectory())
            }
        }

        @Test func `the cluster takes every object of the manifests`() async throws {
            let taken = try await system.must("apply --dry-run=server -k \(Self.manifests)")
            let kinds = taken.split(separator: "\n").filter { $0.hasSuffix("(server dry run)") }.map {
                $0.prefix { $0 != "/" }
            }
            #expect(
                kinds.sorted() == [
                    "clusterrole.rbac.authorization.k8s.io", "clusterrolebinding.rbac.authorization.k8s.io",
                    "configmap",
                    "deployment.apps", "persistentvolumeclaim", "service", "serviceaccount",
                ], "\(taken)")
        }

        @Test func `its role reads, and that by name, and the documentation says the same`() async throws {
            let objects = try await system.must(
                "create --dry-run=client -o json -f \(Self.manifests)/kamaji-exporter.yaml")
            #expect(!objects.contains("\"*\""))
            let file = try String(contentsOfFile: "\(Self.manifests)/kamaji-exporter.yaml", encoding: .utf8)
            let role = try #require(try YAML.parse(file).first { $0["kind"]?.string == "ClusterRole" })
            let granted = AuditLog.permissions(of: role)
            #expect(granted.contains(" secrets list"))
            let verbs = Set(granted.compactMap { $0.split(separator: " ").last })
            #expect(verbs == ["get", "list", "watch"])
            let document = try String(contentsOfFile: "\(Programs.repository)/docs/exporter.md", encoding: .utf8)
            let listed = try #require(
                document.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
            #expect(listed.hasPrefix("rules:"))
            #expect(AuditLog.permissions(of: try #require(try YAML.parse(String(listed)).first)) == granted)
        }

        @Test func `the cluster takes what the chart makes of every value that it has`() async throws {
            for kind in ["ServiceMonitor", "PrometheusRule"] {
                try await system.must("apply -f FILE", file: Manifests.anyDefinition(kind, in: "monitoring.coreos.com"))
            }
            let rendered = try await helm.render(Self.everything)
            #expect(rendered.isSuccess, "\(rendered)")
            try await eventually("the definitions are served") {
                try await system("get servicemonitors.monitoring.coreos.com,prometheusrules.monitoring.coreos.com")
                    .isSuccess
            }
            let taken = try await system.must("apply --dry-run=server -f FILE", file: rendered.output)
            for name in [
                "deployment.apps/other", "servicemonitor.monitoring.coreos.com/other", "service/other",
                "prometheusrule.monitoring.coreos.com/other", "serviceaccount/robot", "configmap/other",
                "configmap/other-kamaji-fleet", "configmap/other-kamaji-tunnel",
                "clusterrole.rbac.authorization.k8s.io/other", "persistentvolumeclaim/other-history",
            ] { #expect(taken.contains("\(name) "), "\(taken)") }
            for text in [
                "registry.example.com/exporter@sha256:0000", "--max-series-per-family=9", "--profile=lean",
                "--no-compat",
                "probe_interval: 1m", "storageClassName: \"fast\"", "release: prometheus", "port: 80", "interval: 1m",
                "runbook_url: https://wiki.example.com/kamaji#kamajiexporterdown", "grafana_folder: Kamaji",
            ] { #expect(rendered.output.contains(text), "\(text) is missing") }
            for file in ["servicemonitor", "prometheusrule"] {
                try await system.must("apply --dry-run=server -f \(Self.manifests)/\(file).yaml")
            }
        }

        @Test func `what is switched off is not made, and nothing else changes`() async throws {
            let plain = try await helm.render("")
            for kind in ["ServiceMonitor", "PrometheusRule"] { #expect(!plain.output.contains("kind: \(kind)")) }
            let bare = try await helm.render(
                """
                persistence: {enabled: false}
                rbac: {create: false}
                serviceAccount: {create: false, name: robot}
                """)
            #expect(bare.isSuccess, "\(bare)")
            let kinds = try YAML.parse(bare.output).compactMap { $0["kind"]?.string }
            #expect(kinds.sorted() == ["ConfigMap", "Deployment", "Service"])
            #expect(bare.output.contains("emptyDir: {}") && bare.output.contains("serviceAccountName: robot"))
            let claimed = try await helm.render("persistence: {existingClaim: mine}")
            #expect(claimed.output.contains("claimName: mine"))
            #expect(!claimed.output.contains("PersistentVolumeClaim"))
        }

        @Test func `another configuration is another pod`() async throws {
            func sum(_ values: String) async throws -> Substring? {
                try await helm.render(values).output.split(separator: "\n").first { $0.contains("checksum/config") }
            }
            #expect(try await sum("") == sum("logLevel: debug"))
            #expect(try await sum("") != sum("config: {probe_interval: 1m}"))
        }

        /// The operator's target labels would take the place of the exporter's own `endpoint`, and `job` would be a Service.
        @Test func `the operator scrapes it under the job that the rules name, with the labels that they need`()
            async throws
        {
            let text = try String(contentsOfFile: "\(Self.manifests)/servicemonitor.yaml", encoding: .utf8)
            let monitor = try #require(try YAML.parse(text).first)
            let endpoint = try #require(monitor[path: "spec", "endpoints"]?[0])
            #expect(endpoint["honorLabels"]?.bool == true)
            #expect(endpoint["relabelings"]?[0]?["targetLabel"] == "job")
            let job = try #require(endpoint["relabelings"]?[0]?["replacement"]?.string)
            let rules = try String(
                contentsOfFile: "\(Programs.repository)/deploy/prometheus/kamaji.rules.yml", encoding: .utf8)
            #expect(rules.contains("up{job=\"\(job)\"}") && rules.contains("by (datastore_name, endpoint)"))
        }

        @Test func `the rules that are applied are those that are shipped, and send their reader to a page`()
            async throws
        {
            let file = try String(
                contentsOfFile: "\(Programs.repository)/deploy/prometheus/kamaji.rules.yml", encoding: .utf8)
            let shipped = try #require(try YAML.parse(file).first)
            let applied = try String(contentsOfFile: "\(Self.manifests)/prometheusrule.yaml", encoding: .utf8)
            let page = "http://kamaji-exporter.kamaji-system.svc:9823/runbooks#"
            #expect(applied.contains(page))
            let same = applied.replacing(page, with: "http://kamaji-exporter:9823/runbooks#")
            #expect(try YAML.parse(same).first?[path: "spec", "groups"] == shipped["groups"])
            #expect((shipped["groups"]?.array ?? []).count == 2)
        }

        @Test(arguments: [
            ("image: {repository: ''}", "repository"), ("profile: huge", "profile"), ("service: {port: 0}", "port"),
            ("prometheusRule: {runbookBase: docs/runbooks.md}", "runbookBase"), ("replicas: 2", "replicas"),
        ])
        func `a value that cannot work is refused by name`(values: String, name: String) async throws {
            let rendered = try await helm.render(values)
            #expect(!rendered.isSuccess && rendered.errors.contains(name), "\(rendered)")
        }

        private static let everything = """
            replicaCount: 2
            image: {repository: registry.example.com/exporter, pullPolicy: Always, digest: "sha256:\
            \(String(repeating: "0", count: 64))"}
            imagePullSecrets: [{name: pull}]
            fullnameOverride: other
            config: {probe_interval: 1m}
            profile: lean
            compat: false
            extraArgs: [--max-series-per-family=9, --web.config.file=/etc/web/web.yml]
            extraVolumes: [{name: web, secret: {secretName: web}}]
            extraVolumeMounts: [{name: web, mountPath: /etc/web, readOnly: true}]
            logFormat: json
            logLevel: debug
            service: {port: 80}
            persistence: {storageClass: fast, size: 2Gi}
            serviceMonitor: {enabled: true, labels: {release: prometheus}, interval: 1m, scrapeTimeout: 30s}
            prometheusRule: {enabled: true, labels: {release: prometheus}, runbookBase: "https://wiki.example.com/kamaji#"}
            dashboards: {enabled: true, labels: {grafana_folder: Kamaji}}
            serviceAccount: {annotations: {example.io/role: kamaji}, name: robot}
            podAnnotations: {example.io/a: b}
            podLabels: {example.io/c: d}
            nodeSelector: {kubernetes.io/os: linux}
            tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}]
            affinity:
              nodeAffinity:
                preferredDuringSchedulingIgnoredDuringExecution:
                  - {weight: 1, preference: {matchExpressions: [{key: a, operator: Exists}]}}
            priorityClassName: system-cluster-critical
            """
    }
}
