import KubeObjects
import TenantAPI

extension TenantAddon {
    /// What the addon, once switched off, may have left inside a tenant: to be deleted where it carries the label
    /// `kamaji.clastix.io/project: kamaji`, and left alone where its user has taken that label away to keep it.
    /// Workloads come first, so that nothing runs on without its rights. The bootstrap objects are never removed.
    package func objectsEverMade(by tenant: TenantControlPlane) -> [(ResourceType, ObjectKey)] {
        func inNamespace(_ type: ResourceType, _ name: String) -> (ResourceType, ObjectKey) {
            (type, ObjectKey(namespace: TenantObjectMaker.namespace, name: name))
        }
        func ofCluster(_ type: ResourceType, _ name: String) -> (ResourceType, ObjectKey) {
            (type, ObjectKey(namespace: nil, name: name))
        }
        switch self {
        case .bootstrap: return []
        case .coreDNS:
            return [
                inNamespace(.deployments, "coredns"), inNamespace(.services, "kube-dns"),
                inNamespace(.configMaps, "coredns"), inNamespace(.serviceAccounts, "coredns"),
                ofCluster(.clusterRoleBindings, "system:coredns"), ofCluster(.clusterRoles, "system:coredns"),
            ]
        case .kubeProxy:
            return [
                inNamespace(.daemonSets, "kube-proxy"), inNamespace(.configMaps, "kube-proxy"),
                inNamespace(.roleBindings, "kube-proxy"), inNamespace(.roles, "kube-proxy"),
                inNamespace(.serviceAccounts, "kube-proxy"),
                ofCluster(.clusterRoleBindings, "kubeadm:node-proxier"),
            ]
        case .konnectivity:
            return [
                inNamespace(.daemonSets, "konnectivity-agent"), inNamespace(.deployments, "konnectivity-agent"),
                inNamespace(.serviceAccounts, "konnectivity-agent"),
                ofCluster(.clusterRoleBindings, "system:konnectivity-server"),
            ]
        case .writePermissions:
            return [
                ofCluster(.validatingAdmissionPolicyBindings, "kamaji-write-permissions"),
                ofCluster(.validatingAdmissionPolicies, "kamaji-write-permissions"),
            ]
        }
    }
}

extension TenantControlPlane {
    /// What may be inside and should not be, in the order to remove it (and under the condition of
    /// `TenantAddon.objectsEverMade`): addons that are off, and the tunnel's agents of the kind that was not chosen.
    package var objectsNotInside: [(addon: TenantAddon, type: ResourceType, key: ObjectKey)] {
        let addons = addons
        var found: [(addon: TenantAddon, type: ResourceType, key: ObjectKey)] = []
        for addon in TenantAddon.allCases {
            for (type, key) in addon.objectsEverMade(by: self) {
                let isOtherKindOfAgent =
                    switch spec.addons.konnectivity?.agent.mode {
                    case .daemonSet: addon == .konnectivity && type == .deployments
                    case .deployment: addon == .konnectivity && type == .daemonSets
                    case nil: false
                    }
                if !addons.contains(addon) || isOtherKindOfAgent { found.append((addon, type, key)) }
            }
        }
        return found
    }
}
