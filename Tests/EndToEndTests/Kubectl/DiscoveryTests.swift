import KubeObjects
import Testing

extension EndToEnd {
    /// What kubectl shows of the kinds themselves.
    @Suite struct DiscoveryTests {
        @Test(arguments: Kubectl.all) func `api-resources lists the kinds with their short names and categories`(
            kubectl: Kubectl
        ) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            let listed = try await session.must("api-resources --api-group=kamaji.clastix.io -o wide --no-headers")
            let rows = Dictionary(
                uniqueKeysWithValues: listed.split(separator: "\n").map { line in
                    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
                    return (words[0], words)
                })
            #expect(Set(rows.keys) == ["datastores", "kubeconfiggenerators", "tenantcontrolplanes"])
            let verbs = "create,delete,deletecollection,get,list,patch,update,watch"
            let version = "kamaji.clastix.io/v1alpha1"
            func verbsOf(_ name: String) -> Set<Substring> {
                Set((rows[name]?.first { $0.contains(",") } ?? "").split(separator: ","))
            }
            let tenants = try #require(rows["tenantcontrolplanes"])
            #expect(tenants[1...4] == ["tcp", version, "true", "TenantControlPlane"])
            #expect(verbsOf("tenantcontrolplanes") == Set(verbs.split(separator: ",")))
            #expect(tenants.last == "kamaji")
            #expect(rows["kubeconfiggenerators"]?[1...4] == ["kc", version, "false", "KubeconfigGenerator"])
            #expect(rows["datastores"]?[1...3] == [version, "false", "DataStore"])

            let category = try await session.must("api-resources --categories=kamaji -o name")
            #expect(category.contains("tenantcontrolplanes.kamaji.clastix.io"))
            #expect(category.contains("kubeconfiggenerators.kamaji.clastix.io"))
            let all = try await session("get kamaji")
            #expect(all.isSuccess, "\(all)")
        }

        @Test(arguments: Kubectl.all) func `explain tells fields, types and enums`(kubectl: Kubectl) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            let deployment = try await session.must("explain tcp.spec.controlPlane.deployment")
            #expect(deployment.contains("GROUP:      kamaji.clastix.io") && deployment.contains("VERSION:    v1alpha1"))
            #expect(deployment.contains("The Deployment that runs the control plane."))
            for field in ["replicas\t<integer>", "registrySettings\t<Object>", "tolerations\t<[]Object>"] {
                #expect(deployment.contains(field), "\(field) in \(deployment)")
            }
            let service = try await session.must("explain tcp.spec.controlPlane.service.serviceType")
            for type in ["ClusterIP", "NodePort", "LoadBalancer"] { #expect(service.contains(type), "\(service)") }
            let recursive = try await session.must("explain datastore.spec --recursive")
            #expect(recursive.contains("certificateAuthority") && recursive.contains("-required-"), "\(recursive)")
            // From the older document, which comes in protobuf.
            let older = try await session.must("explain tcp.spec.kubernetes --output=plaintext-openapiv2")
            #expect(older.contains("version\t<string>") && older.contains("-required-"), "\(older)")
            let wrong = try await session("explain tcp.spec.nonsense")
            #expect(!wrong.isSuccess && wrong.errors.contains(#"field "nonsense" does not exist"#), "\(wrong)")
        }

        @Test(arguments: Kubectl.all) func `the columns are upstream's`(kubectl: Kubectl) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            try await session.must("apply -f FILE", file: Manifests.tenant("columns"))
            try await session.waitForPhase("Sleeping", of: "columns")
            let table = try await session.must("get tcp -A -o wide").split(separator: "\n")
            let header = try #require(table.first).split(separator: "  ", omittingEmptySubsequences: true)
            #expect(
                header.map { $0.trimmingWhitespace } == [
                    "NAMESPACE", "NAME", "VERSION", "INSTALLED VERSION", "STATUS", "CONTROL-PLANE ENDPOINT",
                    "KUBECONFIG",
                    "DATASTORE", "AGE",
                ])
            let row = try #require(table.first { $0.hasPrefix(session.namespace) }).split(
                whereSeparator: \.isWhitespace)
            #expect(row[1...4] == ["columns", "v1.35.2", "v1.35.2", "Sleeping"])
            #expect(row[5].hasSuffix(":6443") && row[6] == "columns-admin-kubeconfig" && row[7] == "default")
            let stores = try await session.must("get datastores --no-headers").split(whereSeparator: \.isWhitespace)
            #expect(stores.prefix(3) == ["default", "SQLite", "true"])
        }

        @Test(arguments: Kubectl.all) func `describe and events tell what happened to a tenant`(kubectl: Kubectl)
            async throws
        {
            let session = try await StandaloneFixture.current.session(kubectl)
            try await session.must("apply -f FILE", file: Manifests.tenant("told"))
            try await session.waitForPhase("Sleeping", of: "told")
            try await eventually("its events are written") {
                try await session.must("get events --no-headers").contains("tenantcontrolplane/told")
            }
            let events = try await session.must(
                "get events --field-selector involvedObject.name=told -o custom-columns=R:.reason,T:.type --no-headers")
            #expect(events.contains("Normal"), "\(events)")
            #expect(try await session.must("events --for tcp/told").contains("TenantControlPlane/told"))
            let described = try await session.must("describe tcp told")
            for part in ["Name:         told", "Control Plane:", "Version:  v1.35.2", "Conditions:", "Events:"] {
                #expect(described.contains(part), "\(part) in \(described)")
            }
            #expect(!described.contains("Events:                    <none>"), "\(described)")
        }
    }
}

extension Substring {
    fileprivate var trimmingWhitespace: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
