import KubeObjects

/// Kamaji's three kinds: one schema each, from which come the CRD and the typed view's defaults.
package enum CustomResources {
    /// The latest minor of Kubernetes 1 that tenants may have.
    package static let latestMinor = 36

    package static let tenantControlPlane = CustomResource(
        type: .tenantControlPlanes, shortNames: ["tcp"], categories: ["kamaji"],
        columns: [
            PrinterColumn("Version", ".spec.kubernetes.version", "Version of Kubernetes that is asked for"),
            PrinterColumn(
                "Installed Version", ".status.kubernetesResources.version.version",
                "Version of Kubernetes that is installed"),
            PrinterColumn("Status", ".status.kubernetesResources.version.status", "What the control plane is doing"),
            PrinterColumn("Control-Plane endpoint", ".status.controlPlaneEndpoint", "Where the API server is reached"),
            PrinterColumn("Kubeconfig", ".status.kubeconfig.admin.secretName", "Secret with the admin's kubeconfig"),
            PrinterColumn("Datastore", ".status.storage.dataStoreName", "DataStore that keeps the tenant's data"),
            .age,
        ],
        scale: CustomResource.Scale(
            specReplicasPath: ".spec.controlPlane.deployment.replicas",
            statusReplicasPath: ".status.kubernetesResources.deployment.replicas",
            labelSelectorPath: ".status.kubernetesResources.deployment.selector"),
        summary: "A tenant's Kubernetes control plane, run as pods in this cluster.",
        spec: tenantControlPlaneSpec, status: tenantControlPlaneStatus, rules: nameRules)

    package static let dataStore = CustomResource(
        type: .dataStores,
        columns: [
            PrinterColumn("Driver", ".spec.driver", "What the datastore is"),
            PrinterColumn("Ready", ".status.ready", "Whether tenants may use it", type: "boolean"),
            .age,
        ],
        summary: "A datastore that keeps tenants' data apart from each other.",
        spec: dataStoreSpec, status: dataStoreStatus)

    package static let kubeconfigGenerator = CustomResource(
        type: .kubeconfigGenerators, shortNames: ["kc"], categories: ["kamaji"], columns: [.age],
        summary: "Makes a kubeconfig for one client in every tenant that is selected.",
        spec: kubeconfigGeneratorSpec, status: kubeconfigGeneratorStatus)

    private static let resources = [dataStore, kubeconfigGenerator, tenantControlPlane]

    /// The CustomResourceDefinitions, in the order of their names.
    package static let all: [KubeObject] = resources.map(\.manifest)

    /// The same as files: what `deploy/crds` holds.
    package static let manifests: [(fileName: String, yaml: String)] = resources.map {
        ($0.fileName, YAML.write([$0.manifest.json]))
    }
}

/// A column of `kubectl get`.
package struct PrinterColumn: Sendable, Hashable {
    package let name: String
    package let path: String
    package let summary: String
    package let type: String

    init(_ name: String, _ path: String, _ summary: String, type: String = "string") {
        self.name = name
        self.path = path
        self.summary = summary
        self.type = type
    }

    static let age = PrinterColumn("Age", ".metadata.creationTimestamp", "Time since it was made", type: "date")
}

/// One kind: what a CustomResourceDefinition says of it.
package struct CustomResource: Sendable, Hashable {
    package struct Scale: Sendable, Hashable {
        package let specReplicasPath: String
        package let statusReplicasPath: String
        package let labelSelectorPath: String
    }

    package let type: ResourceType
    package var shortNames: [String] = []
    package var categories: [String] = []
    package let columns: [PrinterColumn]
    package var scale: Scale?
    package let summary: String
    package let spec: SchemaNode
    package let status: SchemaNode
    /// On the object's root.
    package var rules: [SchemaRule] = []
}
