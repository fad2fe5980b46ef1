import KubeObjects

extension JSON {
    /// Writes `value` where nothing stands yet. Null counts as nothing, as it does to a Go decoder.
    mutating func setDefault(_ path: String..., to value: @autoclosure () -> JSON) {
        if (self[path: path] ?? .null).isNull { self[path: path] = value() }
    }

    /// Changes the value at `path` in place; does nothing where none stands.
    mutating func change(_ path: String..., by body: (inout JSON) -> Void) {
        guard var value = self[path: path], !value.isNull else { return }
        body(&value)
        self[path: path] = value
    }

    /// Changes every element of the list at `path`.
    mutating func changeEach(_ path: String..., by body: (inout JSON) -> Void) {
        guard var items = self[path: path]?.array else { return }
        for index in items.indices { body(&items[index]) }
        self[path: path] = .array(items)
    }
}

/// The defaults that Kubernetes' scheme writes into built-in kinds before it stores them.
enum BuiltInDefaults {
    static func apply(to object: inout JSON, type: ResourceType) {
        switch (type.group, type.kind) {
        case ("", "Namespace"): namespace(&object)
        case ("", "Secret"): secret(&object)
        case ("", "Service"): ServiceDefaults.apply(to: &object)
        case ("", "Pod"): PodDefaults.pod(&object)
        case ("", "ReplicationController"): replicationController(&object)
        case ("", "PersistentVolumeClaim"): claim(&object)
        case ("", "PersistentVolume"):
            object.setDefault("spec", "persistentVolumeReclaimPolicy", to: "Retain")
            object.setDefault("spec", "volumeMode", to: "Filesystem")
            object.setDefault("status", "phase", to: "Pending")
        case ("", "Endpoints"):
            object.changeEach("subsets") { $0.changeEach("ports") { $0.setDefault("protocol", to: "TCP") } }
        case ("discovery.k8s.io", "EndpointSlice"):
            object.changeEach("ports") {
                $0.setDefault("protocol", to: "TCP")
                $0.setDefault("name", to: "")
            }
        case ("apps", _): WorkloadDefaults.apps(&object, kind: type.kind)
        case ("batch", _): WorkloadDefaults.batch(&object, kind: type.kind)
        case ("networking.k8s.io", "NetworkPolicy"): networkPolicy(&object)
        case ("autoscaling", "HorizontalPodAutoscaler"): object.setDefault("spec", "minReplicas", to: 1)
        case ("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"):
            roleBinding(&object)
        case ("storage.k8s.io", "StorageClass"):
            object.setDefault("reclaimPolicy", to: "Delete")
            object.setDefault("volumeBindingMode", to: "Immediate")
        case ("scheduling.k8s.io", "PriorityClass"):
            object.setDefault("preemptionPolicy", to: "PreemptLowerPriority")
        case ("admissionregistration.k8s.io", _): AdmissionDefaults.apply(to: &object, kind: type.kind)
        case ("apiextensions.k8s.io", _): customResourceDefinition(&object)
        default: break
        }
    }

    private static func namespace(_ object: inout JSON) {
        object.setDefault("spec", "finalizers", to: ["kubernetes"])
        object.setDefault("status", "phase", to: "Active")
        if let name = object[path: "metadata", "name"] {
            object[path: "metadata", "labels", "kubernetes.io/metadata.name"] = name
        }
    }

    /// `stringData` is written once and never read: it goes over into `data`.
    private static func secret(_ object: inout JSON) {
        object.setDefault("type", to: "Opaque")
        guard let texts = object["stringData"]?.object else { return }
        for (key, value) in texts {
            guard let text = value.string else { continue }
            object[path: "data", key] = .string(Base64.encode(Array(text.utf8)))
        }
        object["stringData"] = nil
    }

    private static func claim(_ object: inout JSON) {
        object.setDefault("spec", "volumeMode", to: "Filesystem")
        object.setDefault("status", "phase", to: "Pending")
    }

    private static func replicationController(_ object: inout JSON) {
        object.setDefault("spec", "replicas", to: 1)
        if let labels = object[path: "spec", "template", "metadata", "labels"] {
            object.setDefault("spec", "selector", to: labels)
            object.setDefault("metadata", "labels", to: labels)
        }
        object.change("spec", "template", "spec", by: PodDefaults.spec)
    }

    private static func networkPolicy(_ object: inout JSON) {
        let hasEgress = object[path: "spec", "egress"]?.array?.isEmpty == false
        object.setDefault("spec", "policyTypes", to: hasEgress ? ["Ingress", "Egress"] : ["Ingress"])
        for direction in ["ingress", "egress"] {
            object.changeEach("spec", direction) { $0.changeEach("ports") { $0.setDefault("protocol", to: "TCP") } }
        }
    }

    private static func roleBinding(_ object: inout JSON) {
        if (object[path: "roleRef", "apiGroup"]?.string ?? "").isEmpty {
            object[path: "roleRef", "apiGroup"] = "rbac.authorization.k8s.io"
        }
        object.changeEach("subjects") { subject in
            guard subject["kind"]?.string != "ServiceAccount" else { return }
            subject.setDefault("apiGroup", to: "rbac.authorization.k8s.io")
        }
    }

    private static func customResourceDefinition(_ object: inout JSON) {
        guard let kind = object[path: "spec", "names", "kind"]?.string else { return }
        object.setDefault("spec", "names", "singular", to: .string(kind.lowercased()))
        object.setDefault("spec", "names", "listKind", to: .string(kind + "List"))
        object.setDefault("spec", "conversion", to: ["strategy": "None"])
    }
}
