import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// The chart on a real API server with RBAC, and the manager under the account that the chart makes.
    @Suite(.enabled(if: Programs.upstream != nil, "upstream's programs are not installed"))
    struct LeastPrivilegeTests {
        private static let account = "system:serviceaccount:kamaji-system:kamaji-controller-manager"

        /// Granted for what the test does not bring about.
        private static let beyondTheTest: Set<AuditLog.Permission> = [
            // What an earlier tenant of the same name left behind goes first.
            " services delete",
            // Why pods that take too long to come up do not.
            " pods list",
            // An event that is repeated.
            "events.k8s.io events patch",
            // Asked by OwnerReferencesPermissionEnforcement, not by a request of its own.
            "kamaji.clastix.io tenantcontrolplanes/finalizers update",
        ]

        @Test func `the installed manager makes, repairs and removes tenants with what its role grants`() async throws {
            try await StandaloneFixture.run(["--engine", "upstream"]) { cluster in
                let audit = try AuditLog(in: cluster.scratch)
                let admin = try await realCluster(on: cluster, audit)
                let system = Session(
                    kubectl: admin.kubectl, kubeconfig: admin.kubeconfig, namespace: "kamaji-system",
                    scratch: admin.scratch)
                try await install(system)
                for kind in ["TLSRoute", "Gateway"] {
                    try await admin.must(
                        "apply -f FILE", file: Manifests.anyDefinition(kind, in: "gateway.networking.k8s.io"))
                }
                try await lendDatastore(of: cluster, to: system)
                try await admin.must("wait crd --all --for=condition=Established --timeout=60s")
                let (_, ending) = try await RunningProgram.run(
                    Programs.manager,
                    [
                        "run", "--kubeconfig", try await system.kubeconfig(as: "kamaji-controller-manager"),
                        "--pod-namespace", "kamaji-system",
                        "--datastore", "default", "--metrics-bind-address", "127.0.0.1:0",
                        "--health-probe-bind-address", "127.0.0.1:0",
                    ],
                    environment: ["POD_NAME": "replica", "HOME": cluster.scratch.path]
                ) { _ in try await live(admin) }
                #expect(ending.code == 0, "\(ending)")
                #expect(try await system.value("lease/kamaji.clastix.io", ".spec.holderIdentity").isEmpty)

                let (used, refused) = try audit.requests(of: Self.account)
                #expect(refused.isEmpty, "\(refused)\n\(ending.errors)")
                let role = try await system.object("clusterrole/kamaji-manager-role")
                let idle = AuditLog.permissions(of: role).subtracting(used).subtracting(Self.beyondTheTest)
                #expect(idle.isEmpty, "granted and never used: \(idle.sorted())")
            }
        }

        /// A tenant of a standalone cluster, as an admin cluster: a real API server, with RBAC and an audit log.
        func realCluster(on cluster: StandaloneFixture, _ audit: AuditLog) async throws -> Session {
            let session = try await cluster.session()
            try await session.must(
                "apply -f FILE",
                file: """
                    apiVersion: kamaji.clastix.io/v1alpha1
                    kind: TenantControlPlane
                    metadata: {name: admin}
                    spec:
                      controlPlane:
                        deployment:
                          replicas: 1
                          extraArgs: {apiServer: [\(audit.flags.map { "\"\($0)\"" }.joined(separator: ", "))]}
                        service: {serviceType: ClusterIP}
                      kubernetes:
                        version: v1.36.2
                        # The last one refuses owner references to objects that their writer may not finalize.
                        admissionControllers:
                          [NamespaceLifecycle, ServiceAccount, OwnerReferencesPermissionEnforcement]
                    """)
            try await session.waitForPhase("Ready", of: "admin")
            let printed = try await cluster.manager(["kubeconfig", "admin", "-n", session.namespace])
            #expect(printed.isSuccess, "\(printed)")
            return Session(
                kubectl: session.kubectl, kubeconfig: try session.scratch.write(printed.output), namespace: "default",
                scratch: session.scratch)
        }

        private func install(_ system: Session) async throws {
            let helm = Helm(
                path: try #require(Helm.path, "no helm: run scripts/prerequisites.sh"), scratch: system.scratch)
            let installed = try await helm(
                "install kamaji CHART --namespace kamaji-system --create-namespace", kubeconfig: system.kubeconfig)
            #expect(installed.isSuccess, "\(installed)")
            let manifests = "\(Programs.repository)/deploy/manifests"
            let taken = try await system.must("apply --dry-run=server -k \(manifests)")
            #expect(taken.split(separator: "\n").count == 9, "\(taken)")

            try await system.must("label namespace kamaji-system pod-security.kubernetes.io/enforce=restricted")
            let template = try await system.object("deployment/kamaji")[path: "spec", "template"]
            var pod = try #require(template)
            pod["apiVersion"] = "v1"
            pod["kind"] = "Pod"
            pod[path: "metadata", "name"] = "replica"
            try await system.must(
                "create --dry-run=server -f FILE", file: String(decoding: pod.encoded(), as: UTF8.self))
        }

        /// Gives the real cluster the DataStore of the one that it runs on.
        func lendDatastore(of cluster: StandaloneFixture, to system: Session) async throws {
            let lender = Session(
                kubectl: system.kubectl, kubeconfig: cluster.kubeconfig, namespace: "kamaji-system",
                scratch: system.scratch)
            for resource in ["secret/default-datastore-certificates", "datastore/default"] {
                var object = try await lender.object(resource)
                let name = object[path: "metadata", "name"]
                object["metadata"] = ["name": name ?? .null]
                object["status"] = nil
                try await system.must("create -f FILE", file: String(decoding: object.encoded(), as: UTF8.self))
            }
        }

        /// A tenant's life: made, damaged, changed and deleted.
        private func live(_ admin: Session) async throws {
            try await admin.must("apply -f FILE", file: Self.tenants)
            try await admin.must("wait --for=create pdb/gate --timeout=120s")
            try await admin.must("scale tcp gate --replicas=0")
            for tenant in ["rich", "gate"] { try await admin.waitForPhase("Sleeping", of: tenant) }
            try await admin.must("wait --for=delete pdb/gate --timeout=120s")
            func owned(_ kinds: String, by tenant: String) async throws -> Int {
                try await admin.must("get \(kinds) -l kamaji.clastix.io/name=\(tenant) -o name")
                    .split(separator: "\n").count
            }
            #expect(try await owned("secrets", by: "rich") == 13)
            #expect(try await owned("configmaps,services,deployments,ingresses", by: "rich") == 5)
            #expect(try await owned("configmaps,services,deployments,tlsroutes", by: "gate") == 6)

            try await admin.must("apply -f FILE", file: Manifests.generator("readers", in: "default"))
            for tenant in ["rich", "gate"] {
                try await admin.must("wait --for=create secret/\(tenant)-readers --timeout=60s")
            }
            try await eventually("the generator has told of them") {
                try await admin.value("kubeconfiggenerator/readers", ".status.availableResources") == "2"
            }
            try await admin.must("delete secret rich-admin-kubeconfig")
            try await admin.must("wait --for=create secret/rich-admin-kubeconfig --timeout=60s")
            try await admin.must("patch svc rich --type=json --patch-file FILE", file: Self.otherPort)
            try await eventually("the port is put right") {
                try await admin.value("svc/rich", ".spec.ports[*].port") == "6443 8132"
            }
            for (tenant, exposure) in [("rich", "ingress"), ("gate", "gateway")] {
                try await admin.must(
                    "patch tcp \(tenant) --type=merge --patch-file FILE",
                    file: #"{"spec": {"addons": {"konnectivity": null}, "controlPlane": {"\#(exposure)": null}}}"#)
            }
            try await eventually("what was switched off is gone") {
                let left = [
                    try await owned("ingresses,tlsroutes", by: "rich"),
                    try await owned("ingresses,tlsroutes", by: "gate"),
                    try await owned("configmaps", by: "rich"), try await owned("secrets", by: "gate"),
                ]
                return left == [0, 0, 1, 11]
            }
            try await admin.must("delete datastore default --wait=false")
            try await admin.must("delete tcp --all --timeout=120s")
            try await admin.must("wait datastore/default --for=delete --timeout=120s")
        }

        private static let otherPort = #"[{"op": "replace", "path": "/spec/ports/0/port", "value": 7443}]"#

        private static let tenants = """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: rich}
            spec:
              controlPlane:
                deployment: {replicas: 0}
                service: {serviceType: ClusterIP}
                ingress: {hostname: rich.example.com, ingressClassName: nginx}
              kubernetes: {version: v1.35.2}
              addons: {coreDNS: {}, kubeProxy: {}, konnectivity: {}}
            ---
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: gate}
            spec:
              controlPlane:
                deployment: {replicas: 2}
                service: {serviceType: ClusterIP}
                gateway: {hostname: gate.example.com, parentRefs: [{name: gateway, namespace: default}]}
              kubernetes: {version: v1.35.2}
              addons: {konnectivity: {}}
            """
    }
}

extension Session {
    /// With a token of an account of the namespace, as its pods are given one.
    func kubeconfig(as account: String) async throws -> String {
        let token = try await must("create token \(account)").filter { !$0.isWhitespace }
        let cluster = "config view --raw -o jsonpath={.clusters[0].cluster"
        let server = try await must("\(cluster).server}")
        let authority = try await must("\(cluster).certificate-authority-data}")
        return try scratch.write(
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: here, cluster: {server: "\(server)", certificate-authority-data: "\(authority)"}}]
            users: [{name: pod, user: {token: "\(token)"}}]
            contexts: [{name: pod, context: {cluster: here, user: pod, namespace: \(namespace)}}]
            current-context: pod
            """)
    }
}
