import APIMachinery
import KubeObjects

/// What a write does to an object beyond what its author wrote, kind by kind: which half of it a subresource may
/// touch, when its generation rises, when a deleted one may go.
enum Strategies {
    /// Their creators report a status of their own.
    private static let keepsStatusOnCreate: Set<String> = ["nodes", "persistentvolumes"]

    static func prepareForCreate(_ object: inout KubeObject, resource: APIResource, user: UserInfo) {
        let type = resource.type
        if resource.hasStatus, !keepsStatusOnCreate.contains(type.description) {
            object["status"] = initialStatus(type)
            if object["status"] == nil, !resource.isCustom, type.group == "apps" || type.group == "batch" {
                object["status"] = [:]
            }
        }
        switch type.description {
        case "jobs.batch": WorkloadDefaults.selectJobPods(&object.json, uid: object.uid)
        case "certificatesigningrequests.certificates.k8s.io":
            object[path: "spec", "username"] = .string(user.name)
            object[path: "spec", "groups"] = JSON(user.groups)
            object[path: "spec", "uid"] = user.uid.isEmpty ? JSON?.none : .string(user.uid)
            object[path: "spec", "extra"] = user.extra.isEmpty ? JSON?.none : .object(user.extra.mapValues { JSON($0) })
        case "namespaces", "pods", "services":
            BuiltInDefaults.apply(to: &object.json, type: type)
        default: break
        }
    }

    private static func initialStatus(_ type: ResourceType) -> JSON? {
        switch type.description {
        case "services", "ingresses.networking.k8s.io": ["loadBalancer": [:]]
        case "persistentvolumeclaims": ["phase": "Pending"]
        case "poddisruptionbudgets.policy":
            ["currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0]
        case "certificatesigningrequests.certificates.k8s.io", "replicationcontrollers": [:]
        default: nil
        }
    }

    static func prepareForUpdate(
        _ object: inout KubeObject, from old: KubeObject, resource: APIResource, subresource: String, user: UserInfo
    ) throws(APIStatus) {
        switch subresource {
        case "":
            if resource.hasStatus { object["status"] = old["status"] }
            keepSystemSpec(&object, from: old, resource)
            if generationRises(object, from: old, resource) {
                object[path: "metadata", "generation"] = JSON(old.generation + 1)
            }
        case "status": restoreAllButStatus(&object, from: old, resource)
        case "finalize":
            let finalizers = object[path: "spec", "finalizers"]
            object = old
            object[path: "spec", "finalizers"] = finalizers
        case "approval":
            let conditions = object[path: "status", "conditions"]
            object = old
            object[path: "status", "conditions"] = conditions
        case "scale":
            if generationRises(object, from: old, resource) {
                object[path: "metadata", "generation"] = JSON(old.generation + 1)
            }
        default: break
        }
    }

    /// Spec fields that only the server writes.
    private static func keepSystemSpec(_ object: inout KubeObject, from old: KubeObject, _ resource: APIResource) {
        switch resource.type.description {
        case "namespaces": object[path: "spec", "finalizers"] = old[path: "spec", "finalizers"]
        case "certificatesigningrequests.certificates.k8s.io": object["spec"] = old["spec"]
        case "jobs.batch":
            for path in [["spec", "selector"], ["spec", "template"]] where object.json[path: path] == nil {
                object.json[path: path] = old.json[path: path]
            }
        case "serviceaccounts": if object["secrets"] == nil { object["secrets"] = old["secrets"] }
        default: break
        }
    }

    private static func restoreAllButStatus(_ object: inout KubeObject, from old: KubeObject, _ resource: APIResource) {
        let status = object["status"]
        let metadata = object["metadata"]
        let managedFields = object[path: "metadata", "managedFields"]
        object = old
        object["status"] = status
        object[path: "metadata", "managedFields"] = managedFields
        // Kubelets and cloud controllers write labels and annotations along with these statuses.
        if !resource.isCustom, resource.type.group.isEmpty { object["metadata"] = metadata }
        // The Deployment controller writes the revision along with the status.
        if resource.type == .deployments { object[path: "metadata", "annotations"] = metadata?["annotations"] }
        // Kept by the server: the definition's acceptance is not for clients to write.
        if resource.type.plural == "customresourcedefinitions" {
            for field in ["acceptedNames", "storedVersions"] where object[path: "status", field] == nil {
                object[path: "status", field] = old[path: "status", field]
            }
        }
    }

    private static func generationRises(_ object: KubeObject, from old: KubeObject, _ resource: APIResource) -> Bool {
        guard resource.tracksGeneration || resource.isCustom else { return false }
        var (now, before) = (object.json, old.json)
        for field in ["metadata", "apiVersion"] + (resource.isCustom && !resource.hasStatus ? [] : ["status"]) {
            now[field] = nil
            before[field] = nil
        }
        if now != before { return true }
        return resource.type.description == "deployments.apps" && object.annotations != old.annotations
    }

    // MARK: Deletion

    /// Seconds between a deletion and the object's end. Only pods on a node take their time.
    static func gracePeriod(of object: KubeObject, resource: APIResource, asked: Int64?) -> Int64 {
        guard resource.type.description == "pods", !(object[path: "spec", "nodeName"]?.string ?? "").isEmpty else {
            return 0
        }
        if ["Failed", "Succeeded"].contains(object[path: "status", "phase"]?.string ?? "") { return 0 }
        return max(0, asked ?? object[path: "spec", "terminationGracePeriodSeconds"]?.integer ?? 30)
    }

    static func prepareForDelete(_ object: inout KubeObject, resource: APIResource) {
        if resource.type.description == "namespaces" { object[path: "status", "phase"] = "Terminating" }
    }

    /// Nothing holds this deleted object any longer.
    static func isReadyToGo(_ object: KubeObject, resource: APIResource) -> Bool {
        guard object.isBeingDeleted, object.finalizers.isEmpty else { return false }
        if resource.type.description == "namespaces" {
            return object[path: "spec", "finalizers"]?.array?.isEmpty ?? true
        }
        return (object[path: "metadata", "deletionGracePeriodSeconds"]?.integer ?? 0) == 0
    }
}
