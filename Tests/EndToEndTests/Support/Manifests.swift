import Testing

/// What the tests' users write.
enum Manifests {
    /// A tenant that sleeps: everything is made but pods.
    static func tenant(_ name: String, replicas: Int = 0, more: String = "") -> String {
        """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: TenantControlPlane
        metadata:
          name: \(name)
        spec:
          controlPlane:
            deployment:
              replicas: \(replicas)
            service:
              serviceType: ClusterIP
          kubernetes:
            version: v1.35.2
        \(more)
        """
    }

    /// Every addon, names of the user's own, extra metadata and a port beside Kamaji's.
    static func richTenant(_ name: String) -> String {
        """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: TenantControlPlane
        metadata:
          name: \(name)
          labels: {team: blue}
        spec:
          controlPlane:
            deployment:
              replicas: 0
              additionalMetadata:
                labels: {tier: gold}
                annotations: {example.io/owner: blue}
            service:
              serviceType: ClusterIP
              additionalPorts: [{name: metrics, port: 9090, targetPort: 9090}]
          kubernetes:
            version: v1.35.2
          networkProfile:
            certSANs: [api.example.com, 192.0.2.7]
            serviceCidrs: [10.32.0.0/16]
          addons:
            coreDNS: {}
            kubeProxy: {}
            konnectivity: {}
        """
    }

    /// A kubeconfig for every tenant of a namespace, whose user has the tenant's name.
    static func generator(_ name: String, in namespace: String) -> String {
        """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: KubeconfigGenerator
        metadata: {name: \(name)}
        spec:
          namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: \(namespace)}}
          user: {fromDefinition: metadata.name}
          groups: [{stringValue: auditors}, {fromDefinition: metadata.namespace}]
          controlPlaneEndpointFrom: admin.conf
        """
    }

    static func datastore(_ name: String, in directory: String) -> String {
        """
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: DataStore
        metadata: {name: \(name)}
        spec: {driver: SQLite, endpoints: [\(directory)]}
        """
    }
}

/// A manifest that has to be refused, and what the answer says.
struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Replaced in the sleeping tenant's manifest.
    let found: String
    let replacement: String
    /// Parts of kubectl's message, the field's path first.
    let message: [String]
    /// Whether server-side apply cannot even read it, and so, as in Kubernetes, names the field in other words.
    var isUntyped = false

    static let all = [
        Refusal(
            testDescription: "a Service type that there is not", found: "serviceType: ClusterIP",
            replacement: "serviceType: ExternalName",
            message: [
                #"spec.controlPlane.service.serviceType: Unsupported value: "ExternalName""#,
                #"supported values: "ClusterIP", "NodePort", "LoadBalancer""#,
            ]),
        Refusal(
            testDescription: "a version that is none", found: "v1.35.2", replacement: "latest",
            message: ["spec.kubernetes.version: Invalid value: \"latest\"", "must be a semantic version"]),
        Refusal(
            testDescription: "a version that is too new", found: "v1.35.2", replacement: "v1.99.0",
            message: ["spec.kubernetes.version: Invalid value: \"v1.99.0\"", "greater than the supported one"]),
        Refusal(
            testDescription: "a network that is none", found: "    version: v1.35.2",
            replacement: "    version: v1.35.2\n  networkProfile: {serviceCidr: 10.96.0.0/99}",
            message: ["spec.networkProfile.serviceCidr: Invalid value: \"10.96.0.0/99\"", "valid CIDR"]),
        Refusal(
            testDescription: "a DNS address outside the Service network", found: "    version: v1.35.2",
            replacement: "    version: v1.35.2\n  networkProfile: {dnsServiceIPs: [192.0.2.1]}",
            message: ["spec.networkProfile.dnsServiceIPs: Invalid value", "inside a service network"]),
        Refusal(
            testDescription: "a port beyond the last", found: "    version: v1.35.2",
            replacement: "    version: v1.35.2\n  networkProfile: {port: 70000}",
            message: [
                "spec.networkProfile.port: Invalid value: 70000",
                "spec.networkProfile.port in body should be less than or equal to 65535",
            ]),
        Refusal(
            testDescription: "replicas below none", found: "replicas: 0", replacement: "replicas: -1",
            message: [
                "spec.controlPlane.deployment.replicas: Invalid value: -1",
                "should be greater than or equal to 0",
            ]),
        Refusal(
            testDescription: "text where a number belongs", found: "replicas: 0", replacement: "replicas: many",
            message: [
                #"spec.controlPlane.deployment.replicas: Invalid value: "string""#,
                #"must be of type integer: "string""#,
            ], isUntyped: true),
        Refusal(
            testDescription: "an ingress and a gateway", found: "    service:",
            replacement: "    ingress: {}\n    gateway: {}\n    service:",
            message: ["spec.controlPlane: Invalid value", "using both ingress and gateway is not supported"]),
        Refusal(
            testDescription: "no version", found: "version: v1.35.2", replacement: "kubelet: {}",
            message: ["spec.kubernetes.version: Required value"]),
        Refusal(
            testDescription: "an admission plugin that there is not", found: "version: v1.35.2",
            replacement: "version: v1.35.2\n    admissionControllers: [Nonsense]",
            message: [#"spec.kubernetes.admissionControllers[0]: Unsupported value: "Nonsense""#]),
        Refusal(
            testDescription: "ports of Kamaji's own", found: "serviceType: ClusterIP",
            replacement:
                "serviceType: ClusterIP\n      additionalPorts: [{name: mine, port: 6443, targetPort: 6443}]",
            message: ["spec: Invalid value", "an additional port is networkProfile.port"]),
    ]
}
