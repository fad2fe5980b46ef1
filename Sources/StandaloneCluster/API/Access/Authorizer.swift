import APIMachinery
import KubeObjects

/// Decides on requests: by the fixed rules, and for nodes by what the pods on them mount and what is kept for them.
package struct Authorizer: Sendable {
    let rules: FixedRules
    let api: ClusterAPI

    /// Throws the 403 of a request that is not allowed.
    func check(_ request: AccessRequest) async throws(APIStatus) {
        if try await !isAllowed(request) { throw request.refusal }
    }

    func isAllowed(_ request: AccessRequest) async throws(APIStatus) -> Bool {
        switch rules.decide(request) {
        case .allowed: return true
        case .refused: return false
        case .ifMountedOn(let node):
            guard let resource = request.resource else { return false }
            let selection = Selection(
                namespace: resource.namespace, fields: FieldSelector("spec.nodeName", equals: node))
            return try await api.list(.pods, selection).items.contains {
                Self.uses($0, resource.plural, resource.targetName)
            }
        case .ifKeptFor(let node):
            guard let resource = request.resource else { return false }
            let key = ObjectKey(namespace: resource.namespace, name: resource.targetName)
            // As whoever enrolled the node wrote it; agents write no Secrets.
            return try await api.find(.secrets, key)?.annotations["kamaji.clastix.io/node"] == node
        }
    }

    /// Whether a pod's spec names this Secret, ConfigMap or ServiceAccount anywhere that a kubelet would follow.
    private static func uses(_ pod: KubeObject, _ plural: String, _ name: String) -> Bool {
        guard let spec = pod["spec"] else { return false }
        switch plural {
        case "serviceaccounts": return (spec["serviceAccountName"]?.string ?? "default") == name
        case "secrets":
            if (spec["imagePullSecrets"]?.array ?? []).contains(where: { $0["name"]?.string == name }) { return true }
            return names(spec, volume: "secret", nameField: "secretName", reference: "secret").contains(name)
        case "configmaps":
            return names(spec, volume: "configMap", nameField: "name", reference: "configMap").contains(name)
        default: return false
        }
    }

    private static func names(_ spec: JSON, volume: String, nameField: String, reference: String) -> Set<String> {
        var names: Set<String> = []
        for item in spec["volumes"]?.array ?? [] {
            if let name = item[path: volume, nameField]?.string { names.insert(name) }
            for source in item[path: "projected", "sources"]?.array ?? [] {
                if let name = source[path: reference, "name"]?.string { names.insert(name) }
            }
        }
        for list in ["containers", "initContainers"] {
            for container in spec[list]?.array ?? [] {
                for variable in container["env"]?.array ?? [] {
                    if let name = variable[path: "valueFrom", reference + "KeyRef", "name"]?.string {
                        names.insert(name)
                    }
                }
                for source in container["envFrom"]?.array ?? [] {
                    if let name = source[path: reference + "Ref", "name"]?.string { names.insert(name) }
                }
            }
        }
        return names
    }
}
