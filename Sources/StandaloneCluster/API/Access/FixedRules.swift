/// Who may do what, without RBAC objects: the groups that Kubernetes builds in and nothing else.
struct FixedRules: Sendable {
    /// Lets anybody read kube-public/cluster-info, as token discovery of a joining node does.
    var exposesClusterInfo: Bool

    enum Decision: Sendable, Equatable {
        case allowed
        case refused
        /// A node wants a Secret or ConfigMap: it may, when a pod on it mounts that.
        case ifMountedOn(node: String)
        /// A node's agent wants a Secret: it may, when that is kept for the node.
        case ifKeptFor(node: String)
    }

    private static let administrators: Set<String> = ["system:masters", "kubeadm:cluster-admins"]
    private static let openPaths: Set<String> = ["healthz", "livez", "readyz", "version"]
    private static let discoveryPaths: Set<String> = ["api", "apis", "openapi", ".well-known", "openid"]
    private static let reading: Set<String> = ["get", "list", "watch"]

    func decide(_ request: AccessRequest) -> Decision {
        let groups = Set(request.user.groups)
        if !groups.isDisjoint(with: Self.administrators) { return .allowed }
        guard let resource = request.resource else {
            let first = request.path.split(separator: "/").first.map(String.init) ?? ""
            if request.verb == "get", Self.openPaths.contains(first) { return .allowed }
            let isKnown = groups.contains("system:authenticated")
            return isKnown && request.verb == "get" && Self.discoveryPaths.contains(first) ? .allowed : .refused
        }
        if isClusterInfo(resource), Self.reading.contains(request.verb), exposesClusterInfo { return .allowed }
        guard groups.contains("system:authenticated") else { return .refused }
        if isSelfReview(resource, request.verb) { return .allowed }
        if groups.contains("system:nodes"), let node = nodeName(request.user) {
            let decision = decide(node: node, request.verb, resource)
            if decision != .refused { return decision }
        }
        if groups.contains("kamaji:agents") {
            let decision = decide(agent: request.user, request.verb, resource)
            if decision != .refused { return decision }
        }
        if groups.contains("system:bootstrappers"), mayBootstrap(groups, request.verb, resource) { return .allowed }
        if groups.contains("system:serviceaccounts:kube-system"), mayObserveNetwork(request.verb, resource) {
            return .allowed
        }
        return .refused
    }

    private func isClusterInfo(_ resource: AccessRequest.Resource) -> Bool {
        resource.group.isEmpty && resource.plural == "configmaps" && resource.namespace == "kube-public"
            && resource.targetName == "cluster-info"
    }

    private func isSelfReview(_ resource: AccessRequest.Resource, _ verb: String) -> Bool {
        guard verb == "create" else { return false }
        switch (resource.group, resource.plural) {
        case ("authorization.k8s.io", "selfsubjectaccessreviews"), ("authorization.k8s.io", "selfsubjectrulesreviews"),
            ("authentication.k8s.io", "selfsubjectreviews"):
            return true
        default: return false
        }
    }

    // MARK: Nodes

    private func nodeName(_ user: UserInfo) -> String? {
        let prefix = "system:node:"
        return user.name.hasPrefix(prefix) ? String(user.name.dropFirst(prefix.count)) : nil
    }

    private static let readByNodes: Set<String> = [
        "nodes", "pods", "services", "endpoints", "endpointslices", "persistentvolumes", "persistentvolumeclaims",
        "csidrivers", "runtimeclasses", "volumeattachments", "namespaces", "clustertrustbundles", "resourceclaims",
        "resourceslices",
    ]

    private func decide(node: String, _ verb: String, _ resource: AccessRequest.Resource) -> Decision {
        let reads = Self.reading.contains(verb)
        let plural = resource.pluralWithSubresource
        switch plural {
        case "nodes" where verb == "create": return .allowed
        case "nodes", "nodes/status":
            return reads || resource.targetName == node ? .allowed : .refused
        case "pods" where verb == "create" || verb == "delete": return .allowed
        case "pods/status", "pods/eviction": return .allowed
        case "leases" where resource.namespace == "kube-node-lease":
            return verb == "create" || resource.targetName == node ? .allowed : .refused
        case "csinodes": return reads || verb == "create" || resource.targetName == node ? .allowed : .refused
        case "events": return ["create", "update", "patch"].contains(verb) ? .allowed : .refused
        case "certificatesigningrequests": return reads || verb == "create" ? .allowed : .refused
        case "serviceaccounts": return reads ? .allowed : .refused
        case "serviceaccounts/token": return verb == "create" ? .ifMountedOn(node: node) : .refused
        case "tokenreviews", "subjectaccessreviews", "localsubjectaccessreviews":
            return verb == "create" ? .allowed : .refused
        case "configmaps", "secrets":
            guard reads, !resource.targetName.isEmpty else { return .refused }
            return isJoinConfiguration(resource) ? .allowed : .ifMountedOn(node: node)
        default: return reads && Self.readByNodes.contains(plural) ? .allowed : .refused
        }
    }

    // MARK: Others

    /// What kubeadm publishes for joining nodes.
    private func isJoinConfiguration(_ resource: AccessRequest.Resource) -> Bool {
        resource.plural == "configmaps" && resource.namespace == "kube-system"
            && ["kubeadm-config", "kubelet-config", "kube-proxy"].contains(resource.targetName)
    }

    /// Of tokens that nodes come back with: they may ask for certificates, as RBAC has it elsewhere.
    private static let returning = "system:bootstrappers:kamaji:reenrol"

    private func mayBootstrap(_ groups: Set<String>, _ verb: String, _ resource: AccessRequest.Resource) -> Bool {
        switch resource.pluralWithSubresource {
        case let plural where groups.contains(Self.returning) && plural != "certificatesigningrequests": false
        case "certificatesigningrequests": verb == "create" || Self.reading.contains(verb)
        case "nodes": verb == "get"
        case "configmaps": Self.reading.contains(verb) && isJoinConfiguration(resource)
        default: false
        }
    }

    /// What RBAC gives the agent of a node elsewhere. What it may write of its Node is for `NodeAgentRules`.
    private func decide(agent user: UserInfo, _ verb: String, _ resource: AccessRequest.Resource) -> Decision {
        guard user.name.hasPrefix(NodeAgentRules.userPrefix) else { return .refused }
        let node = String(user.name.dropFirst(NodeAgentRules.userPrefix.count))
        let isAllowed =
            switch resource.pluralWithSubresource {
            case "certificatesigningrequests": verb == "create" || verb == "get"
            case "nodes": ["get", "patch"].contains(verb) && node == resource.targetName
            case "nodes/status": verb == "patch" && node == resource.targetName
            case "serviceaccounts/token":
                verb == "create" && resource.namespace == "kube-system" && resource.targetName == "konnectivity-agent"
            default: false
            }
        if !isAllowed, verb == "get", resource.pluralWithSubresource == "secrets", resource.namespace == "kube-system" {
            return .ifKeptFor(node: node)
        }
        return isAllowed ? .allowed : .refused
    }

    /// kube-proxy, CoreDNS and konnectivity agents run as service accounts of kube-system.
    private func mayObserveNetwork(_ verb: String, _ resource: AccessRequest.Resource) -> Bool {
        switch resource.pluralWithSubresource {
        case "services", "endpoints", "endpointslices", "nodes", "namespaces", "pods":
            Self.reading.contains(verb)
        case "events": ["create", "update", "patch"].contains(verb)
        default: false
        }
    }
}
