import FoundationEssentials
import KubeObjects
import Testing

@testable import TenantAPI

@Suite struct CustomResourceTests {
    private static func crd(_ kind: String) throws -> KubeObject {
        try #require(CustomResources.all.first { $0[path: "spec", "names", "kind"]?.string == kind })
    }

    private static func version(_ kind: String) throws -> JSON {
        try #require(try crd(kind)[path: "spec", "versions"]?[0])
    }

    @Test func `deploy holds the manifests that the source prints`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy/crds")
            .standardized
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == CustomResources.manifests.map(\.fileName))
        for (name, yaml) in CustomResources.manifests {
            let committed = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            #expect(committed == yaml, "\(name) is stale: print it again with `kamaji-manager crds`")
        }
    }

    @Test func `manifests read back as what was printed`() throws {
        for (manifest, crd) in zip(CustomResources.manifests, CustomResources.all) {
            #expect(try YAML.parse(manifest.yaml) == [crd.json])
        }
    }

    @Test(
        "names, short names, categories and scope",
        arguments: [
            ("TenantControlPlane", "tenantcontrolplanes", ["tcp"], ["kamaji"], "Namespaced"),
            ("DataStore", "datastores", [], [], "Cluster"),
            ("KubeconfigGenerator", "kubeconfiggenerators", ["kc"], ["kamaji"], "Cluster"),
        ])
    func identity(kind: String, plural: String, short: [String], categories: [String], scope: String) throws {
        let crd = try Self.crd(kind)
        #expect(crd.name == "\(plural).kamaji.clastix.io")
        #expect(crd[path: "spec", "names", "plural"]?.string == plural)
        #expect(crd[path: "spec", "names", "singular"]?.string == kind.lowercased())
        #expect(crd[path: "spec", "names", "listKind"]?.string == "\(kind)List")
        #expect((crd[path: "spec", "names", "shortNames"]?.strings ?? []) == short)
        #expect((crd[path: "spec", "names", "categories"]?.strings ?? []) == categories)
        #expect(crd[path: "spec", "scope"]?.string == scope)
        #expect(crd[path: "spec", "versions"]?.array?.count == 1)
        #expect(crd[path: "spec", "versions"]?[0]?["subresources"]?["status"] == [:])
    }

    @Test(
        "columns of kubectl get",
        arguments: [
            (
                "TenantControlPlane",
                [
                    "Version", "Installed Version", "Status", "Control-Plane endpoint", "Kubeconfig", "Datastore",
                    "Age",
                ]
            ),
            ("DataStore", ["Driver", "Ready", "Age"]),
            ("KubeconfigGenerator", ["Age"]),
        ])
    func columns(kind: String, names: [String]) throws {
        let columns = try #require(try Self.version(kind)["additionalPrinterColumns"]?.array)
        #expect(columns.compactMap { $0["name"]?.string } == names)
    }

    @Test func `a tenant scales by its Deployment`() throws {
        #expect(
            try Self.version("TenantControlPlane")[path: "subresources", "scale"] == [
                "specReplicasPath": ".spec.controlPlane.deployment.replicas",
                "statusReplicasPath": ".status.kubernetesResources.deployment.replicas",
                "labelSelectorPath": ".status.kubernetesResources.deployment.selector",
            ])
    }

    @Test("columns and scale lead to fields that are there") func paths() throws {
        for resource in [CustomResources.tenantControlPlane, CustomResources.dataStore] {
            let scale = resource.scale.map { [$0.specReplicasPath, $0.statusReplicasPath, $0.labelSelectorPath] } ?? []
            for path in resource.columns.map(\.path) + scale where !path.hasPrefix(".metadata") {
                let steps = path.split(separator: ".").map(String.init)
                #expect(resource.schema.node(at: steps) != nil, "\(path)")
            }
        }
    }

    /// kubectl keeps what was applied in an annotation, and annotations end at 256 KiB.
    @Test func `every CRD fits kubectl apply`() {
        for crd in CustomResources.all { #expect(crd.json.description.utf8.count < 262_144) }
    }

    @Test func `every field of ours is explained`() {
        func unexplained(_ node: SchemaNode, at path: String) -> [String] {
            guard case .object(let fields) = node.shape else { return [] }
            return fields.flatMap { field -> [String] in
                let here = "\(path).\(field.name)"
                return (field.node.summary.isEmpty ? [here] : []) + unexplained(field.node, at: here)
            }
        }
        for resource in [
            CustomResources.tenantControlPlane, CustomResources.dataStore, CustomResources.kubeconfigGenerator,
        ] {
            #expect(unexplained(resource.spec, at: "spec").isEmpty)
            #expect(unexplained(resource.status, at: "status").isEmpty)
        }
    }

    @Test func `metadata is left to the API server, but for the name, of which a rule speaks`() throws {
        let schema = try Self.version("TenantControlPlane")[path: "schema", "openAPIV3Schema", "properties", "metadata"]
        #expect(schema == ["type": "object", "properties": ["name": ["type": "string"]]])
    }
}
