import KubeObjects

/// What a tenant needs inside before anybody but its super-administrator can use it.
package enum TenantBootstrap {
    /// kubeadm's binding: `admin.conf` names the group `kubeadm:cluster-admins`, which may nothing by itself
    /// (kubeadm, `EnsureAdminClusterRoleBinding`).
    package static let administrators = KubeObject([
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": ["name": "kubeadm:cluster-admins"],
        "roleRef": [
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
        ],
        "subjects": [
            ["apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "kubeadm:cluster-admins"]
        ],
    ])
}
