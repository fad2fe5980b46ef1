import Foundation
import HTTPTransport
import KubeObjects
import Testing

/// The exporter as its chart installs it, but as a process of this machine.
private enum InstalledExporter {
    static let account = "kamaji-exporter"

    private static func helm(_ scratch: ScratchDirectory) throws -> Helm {
        Helm(
            path: try #require(Helm.path, "no helm: run scripts/prerequisites.sh"), chart: "kamaji-exporter",
            scratch: scratch)
    }

    /// Without pods: the program runs here, as one.
    static func install(_ system: Session) async throws {
        let installed = try await helm(system.scratch)(
            "install kamaji-exporter CHART --namespace kamaji-system --create-namespace --set replicaCount=0",
            kubeconfig: system.kubeconfig)
        #expect(installed.isSuccess, "\(installed)")
    }

    /// Runs the exporter with the flags of the chart's Deployment, but for where it listens and writes, until its page
    /// says all of `needed`.
    static func expect(_ needed: [String], _ system: Session) async throws {
        let deployment = try await system.object("deployment/kamaji-exporter")
        let container = try #require(deployment[path: "spec", "template", "spec", "containers"]?[0])
        let folder = try ScratchDirectory()
        let configuration = try folder.write("{probe_interval: 5s, tenant_interval: 5s, datastore_interval: 5s}")
        let arguments = (container["args"]?.array ?? []).compactMap(\.string).map { argument in
            switch argument.prefix(while: { $0 != "=" }) {
            case "--web.listen-address": "--web.listen-address=127.0.0.1:0"
            case "--config.file": "--config.file=\(configuration)"
            case "--history.file": "--history.file=\(folder.file("history.db"))"
            default: argument
            }
        }
        let kubeconfig = try await system.kubeconfig(as: account)
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let (_, ending) = try await RunningProgram.run(
            Programs.exporter, arguments, environment: ["KUBECONFIG": kubeconfig, "HOME": folder.path]
        ) { program in
            let line = try await program.errors.line(containing: "listening")
            let port = try #require(line.firstMatch(of: /port[^0-9]+([0-9]+)/).map { String($0.1) }, "\(line)")
            func get(_ path: String) async throws -> HTTPResponse {
                try await transport.send(
                    HTTPRequest("GET", "http://127.0.0.1:\(port)\(path)", timeout: .seconds(60)))
            }
            let probes = [("readinessProbe", 200), ("livenessProbe", 200)]
            for (probe, status) in probes {
                let path = try #require(container[path: probe, "httpGet", "path"]?.string)
                try await eventually("\(probe)") { try await get(path).status == status }
            }
            var missing = needed
            do {
                try await eventually("the fleet is seen", within: .seconds(240)) {
                    let page = String(decoding: try await get("/metrics").body, as: UTF8.self)
                    missing = needed.filter { !page.contains($0) }
                    return missing.isEmpty
                }
            } catch {
                throw Failure("the page never said \(missing)")
            }
        }
        #expect(ending.code == 0, "\(ending)")
        #expect(FileManager.default.fileExists(atPath: folder.file("history.db")))
    }
}

extension EndToEnd.LeastPrivilegeTests {
    @Test func `the exporter asks a real API server for all that its role grants, and for nothing beyond`() async throws
    {
        try await StandaloneFixture.run(["--engine", "upstream"]) { cluster in
            let audit = try AuditLog(in: cluster.scratch)
            let admin = try await realCluster(on: cluster, audit)
            let system = Session(
                kubectl: admin.kubectl, kubeconfig: admin.kubeconfig, namespace: "kamaji-system",
                scratch: admin.scratch)
            try await InstalledExporter.install(system)
            try await system.must("apply --server-side -f \(Programs.repository)/deploy/crds")
            try await system.must("wait crd --all --for=condition=Established --timeout=60s")
            try await lendDatastore(of: cluster, to: system)
            try await makeTenant(admin)
            let identity = "tcp_namespace=\"default\",tcp_name=\"seen\""
            try await InstalledExporter.expect(
                [
                    "kamaji_probe_success{\(identity),check=\"readyz\"} 1", "kamaji_tcp_nodes{\(identity)} 0",
                    "kamaji_ds_up{datastore_name=\"default\"} 1",
                ], system)
            let (used, refused) = try audit.requests(of: "system:serviceaccount:kamaji-system:kamaji-exporter")
            #expect(refused.isEmpty, "\(refused)")
            let role = try await system.object("clusterrole/kamaji-exporter")
            let idle = AuditLog.permissions(of: role).subtracting(used)
            #expect(idle.isEmpty, "granted and never used: \(idle.sorted())")

            let robot = Session(
                kubectl: admin.kubectl, kubeconfig: try await system.kubeconfig(as: InstalledExporter.account),
                namespace: "default", scratch: admin.scratch)
            for command in [
                "create configmap mine", "delete secret seen-ca", "label tcp seen a=b", "get configmaps", "get nodes",
                "create token kamaji-exporter -n kamaji-system",
            ] {
                let outcome = try await robot(command)
                #expect(!outcome.isSuccess && outcome.errors.contains("orbidden"), "\(command): \(outcome)")
            }
        }
    }

    /// A tenant as a manager leaves it, whose API server is the one that it is kept in.
    private func makeTenant(_ admin: Session) async throws {
        try await admin.must("apply -f FILE", file: Manifests.tenant("seen", replicas: 1))
        let config = try String(contentsOfFile: admin.kubeconfig, encoding: .utf8)
        let cluster = "config view --raw -o jsonpath={.clusters[0].cluster"
        let server = try await admin.must("\(cluster).server}")
        let authority = try await admin.must("\(cluster).certificate-authority-data}")
        try await admin.must(
            "patch tcp seen --subresource=status --type=merge --patch-file FILE",
            file: """
                status:
                  controlPlaneEndpoint: \(server.replacing("https://", with: ""))
                  kubeconfig: {admin: {secretName: seen-admin-kubeconfig}}
                  kubernetesResources:
                    version: {version: v1.35.2, status: Ready}
                    deployment: {name: seen, namespace: default, selector: "", replicas: 1, readyReplicas: 1}
                  storage: {driver: etcd, dataStoreName: default}
                """)
        for (name, key, data) in [
            ("ca", "ca.crt", authority), ("admin-kubeconfig", "admin.conf", Base64.encode(Array(config.utf8))),
        ] {
            try await admin.must(
                "create -f FILE",
                file: """
                    apiVersion: v1
                    kind: Secret
                    metadata:
                      name: seen-\(name)
                      labels:
                        kamaji.clastix.io/name: seen
                        kamaji.clastix.io/component: \(name)
                        kamaji.clastix.io/project: kamaji
                    data: {\(key): "\(data)"}
                    """)
        }
    }
}
