import APIMachinery
import KubeObjects

/// What somebody wants to do, as authorization sees it.
struct AccessRequest: Sendable, Equatable {
    var user: UserInfo
    var verb: String
    /// Nil for a path that is no resource.
    var resource: Resource?
    var path: String

    struct Resource: Sendable, Equatable {
        var group: String
        var version: String
        var plural: String
        var subresource: String
        var namespace: String
        var name: String
        /// The one name that a list or watch is limited to by its field selector.
        var selectedName: String

        /// `pods` or `pods/status`, as rules name it.
        var pluralWithSubresource: String { subresource.isEmpty ? plural : "\(plural)/\(subresource)" }

        /// The name the request is about; empty when it is about many.
        var targetName: String { name.isEmpty ? selectedName : name }
    }

    /// The refusal, in the words of Kubernetes' own authorization.
    var refusal: APIStatus {
        guard let resource else { return .forbiddenPath(path, verb: verb, user: user.name) }
        let type = ResourceType(
            group: resource.group, version: resource.version, kind: "", plural: resource.plural)
        var why = "User \"\(user.name)\" cannot \(verb) resource \"\(resource.pluralWithSubresource)\""
        why += " in API group \"\(resource.group)\""
        why += resource.namespace.isEmpty ? " at the cluster scope" : " in the namespace \"\(resource.namespace)\""
        return .forbidden(type, resource.name, why)
    }
}
