import KubeObjects
import TenantAPI

/// Shorthand for the objects of one addon.
struct TenantObjectMaker: Sendable {
    let addon: TenantAddon
    /// On each object, above the project label that all objects inside tenants carry.
    var labels: [String: String] = [:]

    /// An object with its identity, its labels and `fields`.
    func object(
        _ type: ResourceType, _ name: String, in namespace: String? = nil, labels more: [String: String] = [:],
        _ fields: [String: JSON] = [:]
    ) -> TenantObject {
        var object = type.object(ObjectKey(namespace: namespace, name: name))
        object.labels = [Keys.project: Keys.projectValue]
            .merging(labels) { _, given in given }.merging(more) { _, given in given }
        for (field, value) in fields { object[field] = value }
        return TenantObject(addon, type, object)
    }

    func clusterRole(_ name: String, rules: JSON...) -> TenantObject {
        object(.clusterRoles, name, ["rules": .array(rules)])
    }

    func clusterRoleBinding(
        _ name: String, to role: String, labels: [String: String] = [:], _ subjects: RBACSubject...
    ) -> TenantObject {
        object(
            .clusterRoleBindings, name, labels: labels,
            ["roleRef": Self.reference("ClusterRole", role), "subjects": .array(subjects.map(\.json))])
    }

    /// A Role that lets `subjects` read one ConfigMap of the namespace, and the RoleBinding of the same name.
    func readers(
        _ name: String, of configMap: String, in namespace: String, _ subjects: RBACSubject...
    ) -> [TenantObject] {
        [
            object(
                .roles, name, in: namespace,
                ["rules": [Self.rule(["configmaps"], ["get"], named: [configMap])]]),
            object(
                .roleBindings, name, in: namespace,
                ["roleRef": Self.reference("Role", name), "subjects": .array(subjects.map(\.json))]),
        ]
    }

    func serviceAccount(_ name: String, labels: [String: String] = [:]) -> TenantObject {
        object(.serviceAccounts, name, in: Self.namespace, labels: labels)
    }

    func configMap(
        _ name: String, in namespace: String = Self.namespace, labels: [String: String] = [:], _ data: [String: String]
    ) -> TenantObject {
        object(.configMaps, name, in: namespace, labels: labels, ["data": JSON(data)])
    }

    /// Where addons live.
    static let namespace = "kube-system"

    static func rule(
        _ resources: [String], _ verbs: [String], group: String = "", named names: [String] = []
    ) -> JSON {
        var rule: JSON = ["apiGroups": [.string(group)], "resources": JSON(resources), "verbs": JSON(verbs)]
        if !names.isEmpty { rule["resourceNames"] = JSON(names) }
        return rule
    }

    /// An environment variable of a container, from a field of its pod.
    static func variable(_ name: String, _ field: String) -> JSON {
        ["name": .string(name), "valueFrom": ["fieldRef": ["apiVersion": "v1", "fieldPath": .string(field)]]]
    }

    private static func reference(_ kind: String, _ name: String) -> JSON {
        ["apiGroup": "rbac.authorization.k8s.io", "kind": .string(kind), "name": .string(name)]
    }
}

/// Whom a role is given to.
enum RBACSubject: Sendable, Hashable {
    case group(String)
    case user(String)
    /// In `kube-system`.
    case serviceAccount(String)

    /// Nodes that join with a bootstrap token.
    static let joiningNodes = RBACSubject.group("system:bootstrappers:kubeadm:default-node-token")
    static let nodes = RBACSubject.group("system:nodes")

    var json: JSON {
        switch self {
        case .group(let name):
            ["apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": .string(name)]
        case .user(let name):
            ["apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": .string(name)]
        case .serviceAccount(let name):
            ["kind": "ServiceAccount", "name": .string(name), "namespace": .string(TenantObjectMaker.namespace)]
        }
    }
}
