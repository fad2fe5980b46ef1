import APIMachinery
import KubeObjects

/// What the agent of a node may change of its Node: its own condition and annotations, and nothing else. Other API servers
/// are given a ValidatingAdmissionPolicy that says the same; this one evaluates none.
enum NodeAgentRules {
    /// Before the node's name in the agent's.
    static let userPrefix = "kamaji:agent:"
    /// Of NodeIdentity's `NodeAgentFields`.
    private static let annotationPrefix = "kamaji.clastix.io/"
    private static let conditionType = "KamajiAgentHealthy"

    static func check(
        _ object: KubeObject, from old: KubeObject, _ resource: APIResource, user: UserInfo
    ) throws(APIStatus) {
        guard user.name.hasPrefix(userPrefix), resource.type == .nodes else { return }
        guard user.name == userPrefix + object.name else {
            throw .forbidden(.nodes, object.name, "an agent writes its own Node only")
        }
        guard rest(of: object) == rest(of: old) else {
            throw .forbidden(
                .nodes, object.name,
                "an agent writes annotations of \(annotationPrefix) and the condition \(conditionType) only")
        }
    }

    /// All that is not the agent's. What the server itself keeps of an object follows from the write.
    private static func rest(of object: KubeObject) -> JSON {
        var json = object.json
        for field in ["resourceVersion", "generation", "managedFields"] { json[path: "metadata", field] = nil }
        let annotations = object.annotations.filter { !$0.key.hasPrefix(annotationPrefix) }
        json[path: "metadata", "annotations"] = annotations.isEmpty ? nil : JSON(annotations)
        let conditions = (object[path: "status", "conditions"]?.array ?? []).filter {
            $0["type"]?.string != conditionType
        }
        json[path: "status", "conditions"] = .array(conditions)
        return json
    }
}
