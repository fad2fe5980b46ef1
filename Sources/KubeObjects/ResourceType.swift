/// A kind of object as the API serves it: enough to build its URLs.
package struct ResourceType: Sendable, Hashable, CustomStringConvertible {
    /// Empty for the core group.
    package var group: String { names.group }
    package var version: String { names.version }
    package var kind: String { names.kind }
    /// Lower-case plural, as it stands in URLs.
    package var plural: String { names.plural }
    package var isNamespaced: Bool { names.isNamespaced }

    /// In one place for all who speak of the kind: what is known of a fleet has it in hundreds of thousands of keys.
    private let names: Names

    private final class Names: Sendable, Equatable {
        let group: String
        let version: String
        let kind: String
        let plural: String
        let isNamespaced: Bool

        init(group: String, version: String, kind: String, plural: String, isNamespaced: Bool) {
            self.group = group
            self.version = version
            self.kind = kind
            self.plural = plural
            self.isNamespaced = isNamespaced
        }

        static func == (left: Names, right: Names) -> Bool {
            left === right
                || left.kind == right.kind && left.group == right.group && left.version == right.version
                    && left.plural == right.plural && left.isNamespaced == right.isNamespaced
        }
    }

    package init(group: String, version: String, kind: String, plural: String, isNamespaced: Bool = true) {
        names = Names(group: group, version: version, kind: kind, plural: plural, isNamespaced: isNamespaced)
    }

    package static func == (left: ResourceType, right: ResourceType) -> Bool { left.names == right.names }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(names.kind)
        hasher.combine(names.group)
    }

    /// `v1`, or `group/version`.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// `deployments.apps`, or the bare plural in the core group.
    package var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// The path of the collection: `/api/v1/namespaces/NS/secrets`, `/apis/apps/v1/deployments` over all namespaces.
    package func path(namespace: String?) -> String {
        let root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        guard isNamespaced, let namespace else { return "\(root)/\(plural)" }
        return "\(root)/namespaces/\(namespace)/\(plural)"
    }

    package func path(_ key: ObjectKey) -> String { "\(path(namespace: key.namespace))/\(key.name)" }

    /// An empty object of this kind.
    package func object(_ key: ObjectKey) -> KubeObject {
        KubeObject(apiVersion: apiVersion, kind: kind, name: key.name, namespace: isNamespaced ? key.namespace : nil)
    }
}

/// The built-in kinds that we read or write.
extension ResourceType {
    package static let namespaces = ResourceType(
        group: "", version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)
    package static let nodes = ResourceType(
        group: "", version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)
    package static let secrets = ResourceType(group: "", version: "v1", kind: "Secret", plural: "secrets")
    package static let configMaps = ResourceType(group: "", version: "v1", kind: "ConfigMap", plural: "configmaps")
    package static let services = ResourceType(group: "", version: "v1", kind: "Service", plural: "services")
    package static let serviceAccounts = ResourceType(
        group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts")
    package static let pods = ResourceType(group: "", version: "v1", kind: "Pod", plural: "pods")
    package static let deployments = ResourceType(
        group: "apps", version: "v1", kind: "Deployment", plural: "deployments")
    package static let replicaSets = ResourceType(
        group: "apps", version: "v1", kind: "ReplicaSet", plural: "replicasets")
    package static let daemonSets = ResourceType(group: "apps", version: "v1", kind: "DaemonSet", plural: "daemonsets")
    package static let jobs = ResourceType(group: "batch", version: "v1", kind: "Job", plural: "jobs")
    package static let ingresses = ResourceType(
        group: "networking.k8s.io", version: "v1", kind: "Ingress", plural: "ingresses")
    package static let gateways = ResourceType(
        group: "gateway.networking.k8s.io", version: "v1", kind: "Gateway", plural: "gateways")
    package static let tlsRoutes = ResourceType(
        group: "gateway.networking.k8s.io", version: "v1", kind: "TLSRoute", plural: "tlsroutes")
    package static let podDisruptionBudgets = ResourceType(
        group: "policy", version: "v1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets")
    package static let roles = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", kind: "Role", plural: "roles")
    package static let roleBindings = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleBinding", plural: "rolebindings")
    package static let clusterRoles = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole", plural: "clusterroles",
        isNamespaced: false)
    package static let clusterRoleBindings = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRoleBinding", plural: "clusterrolebindings",
        isNamespaced: false)
    /// Served from Kubernetes 1.30 on.
    package static let validatingAdmissionPolicies = ResourceType(
        group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicy",
        plural: "validatingadmissionpolicies", isNamespaced: false)
    /// Served from Kubernetes 1.30 on.
    package static let validatingAdmissionPolicyBindings = ResourceType(
        group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicyBinding",
        plural: "validatingadmissionpolicybindings", isNamespaced: false)
    package static let certificateSigningRequests = ResourceType(
        group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest",
        plural: "certificatesigningrequests", isNamespaced: false)
    package static let endpointSlices = ResourceType(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices")
    package static let leases = ResourceType(
        group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases")
    package static let events = ResourceType(group: "events.k8s.io", version: "v1", kind: "Event", plural: "events")
    package static let customResourceDefinitions = ResourceType(
        group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions", isNamespaced: false)
}

/// Kamaji's own kinds.
extension ResourceType {
    package static let tenantControlPlanes = ResourceType(
        group: "kamaji.clastix.io", version: "v1alpha1", kind: "TenantControlPlane", plural: "tenantcontrolplanes")
    package static let dataStores = ResourceType(
        group: "kamaji.clastix.io", version: "v1alpha1", kind: "DataStore", plural: "datastores", isNamespaced: false)
    package static let kubeconfigGenerators = ResourceType(
        group: "kamaji.clastix.io", version: "v1alpha1", kind: "KubeconfigGenerator",
        plural: "kubeconfiggenerators", isNamespaced: false)
}
