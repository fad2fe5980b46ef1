import KubeObjects

/// Fields that a field selector can name.
enum SelectableFields {
    private static let always: Set<String> = ["metadata.name", "metadata.namespace"]

    private static let byResource: [String: Set<String>] = [
        "pods": [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
        ],
        "nodes": ["spec.unschedulable"],
        "secrets": ["type"],
        "services": ["spec.clusterIP", "spec.type"],
        "namespaces": ["status.phase", "name"],
        "events": [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
            "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
            "reportingComponent", "source", "type",
        ],
        "events.events.k8s.io": [
            "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion",
            "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type",
        ],
        "jobs.batch": ["status.successful"],
        "certificatesigningrequests.certificates.k8s.io": ["spec.signerName"],
        "replicationcontrollers": ["status.replicas"],
        "replicasets.apps": ["status.replicas"],
    ]

    static func isSelectable(_ field: String, of resource: APIResource) -> Bool {
        always.contains(field) || byResource[resource.type.description]?.contains(field) ?? false
            || resource.custom?.selectableFields.contains(field) ?? false
    }

    /// The field's value as a selector compares it; what is not there is empty.
    static func value(of field: String, in object: KubeObject) -> String {
        var field = field
        if field == "source" { field = "source.component" }
        if field.hasPrefix("regarding.") { field = "involvedObject." + field.dropFirst("regarding.".count) }
        if field == "reportingController" { field = "reportingComponent" }
        if field == "name" { field = "metadata.name" }
        switch object.json[path: field.split(separator: ".").map(String.init)] {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .bool(let flag): return flag ? "true" : "false"
        default: return ["spec.unschedulable", "spec.hostNetwork"].contains(field) ? "false" : ""
        }
    }
}
