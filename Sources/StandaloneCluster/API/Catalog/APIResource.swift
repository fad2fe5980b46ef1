import APIMachinery
import KubeObjects

/// One resource as this server serves it: a built-in kind, or a version of a custom resource, and how it is kept.
struct APIResource: Sendable {
    let served: ServedResource
    /// Where its rows stand. Two views of one thing share this: v1 and events.k8s.io/v1 events, versions of a CRD.
    let storage: String
    /// The apiVersion that rows are kept in.
    let storageVersion: String
    let custom: CustomVersion?

    var type: ResourceType { served.type }
    var isCustom: Bool { custom != nil }
    var hasStatus: Bool { served.subresource("status") != nil }

    /// False for kinds that are asked and answered but never kept, such as SubjectAccessReview.
    var isStored: Bool { served.verbs.contains("get") }

    /// Kinds whose spec counts its generations.
    private static let generational: Set<String> = [
        "Pod", "PodTemplate", "ReplicationController", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job",
        "CronJob", "PodDisruptionBudget", "Ingress", "IngressClass", "NetworkPolicy", "EndpointSlice", "PriorityClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration", "CustomResourceDefinition",
    ]

    var tracksGeneration: Bool { isCustom || Self.generational.contains(type.kind) }

    init(builtIn served: ServedResource) {
        self.served = served
        let isEvent = served.type.plural == "events"
        storage = isEvent ? "events" : served.type.description
        storageVersion = isEvent ? "v1" : served.type.apiVersion
        custom = nil
    }

    init(custom served: ServedResource, _ version: CustomVersion, storedAs storageVersion: String) {
        self.served = served
        storage = served.type.description
        self.storageVersion = storageVersion
        custom = version
    }

    /// This object as clients of this version see it.
    func presented(_ object: KubeObject) -> KubeObject {
        if storage == "events", type.group == "events.k8s.io" { return EventForms.presented(object) }
        guard let custom, storageVersion != type.apiVersion else { return object }
        var object = object
        object["apiVersion"] = .string(type.apiVersion)
        if let schema = custom.schema { object.json = schema.defaulted(schema.prune(object.json).object) }
        return object
    }

    /// This object as it is kept.
    func stored(_ object: KubeObject) -> KubeObject {
        if storage == "events", type.group == "events.k8s.io" { return EventForms.stored(object) }
        guard isCustom else { return object }
        var object = object
        object["apiVersion"] = .string(storageVersion)
        return object
    }
}

/// What a version of a CustomResourceDefinition adds to a resource.
struct CustomVersion: Sendable {
    var schema: CompiledSchema?
    /// Beside metadata.name and metadata.namespace.
    var selectableFields: [String]
    /// The text to warn with on every write, when the version is deprecated.
    var deprecationWarning: String?
    /// The definition is on its way out: what is there may go, nothing new comes.
    var isTerminating: Bool
}
