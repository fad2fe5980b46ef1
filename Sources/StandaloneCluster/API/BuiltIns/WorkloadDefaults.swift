import KubeObjects

/// apps/v1 and batch/v1, as their schemes default them.
enum WorkloadDefaults {
    static func apps(_ object: inout JSON, kind: String) {
        switch kind {
        case "Deployment": deployment(&object)
        case "StatefulSet": statefulSet(&object)
        case "DaemonSet": daemonSet(&object)
        case "ReplicaSet": object.setDefault("spec", "replicas", to: 1)
        default: return
        }
        object.change("spec", "template", "spec", by: PodDefaults.spec)
    }

    private static func deployment(_ object: inout JSON) {
        object.setDefault("spec", "replicas", to: 1)
        object.setDefault("spec", "revisionHistoryLimit", to: 10)
        object.setDefault("spec", "progressDeadlineSeconds", to: 600)
        object.setDefault("spec", "strategy", "type", to: "RollingUpdate")
        guard object[path: "spec", "strategy", "type"] == "RollingUpdate" else { return }
        object.setDefault("spec", "strategy", "rollingUpdate", "maxSurge", to: "25%")
        object.setDefault("spec", "strategy", "rollingUpdate", "maxUnavailable", to: "25%")
    }

    private static func statefulSet(_ object: inout JSON) {
        object.setDefault("spec", "replicas", to: 1)
        object.setDefault("spec", "revisionHistoryLimit", to: 10)
        object.setDefault("spec", "podManagementPolicy", to: "OrderedReady")
        object.setDefault("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted", to: "Retain")
        object.setDefault("spec", "persistentVolumeClaimRetentionPolicy", "whenScaled", to: "Retain")
        object.setDefault("spec", "updateStrategy", "type", to: "RollingUpdate")
        if object[path: "spec", "updateStrategy", "type"] == "RollingUpdate" {
            object.setDefault("spec", "updateStrategy", "rollingUpdate", "partition", to: 0)
        }
        object.changeEach("spec", "volumeClaimTemplates") { claim in
            claim.setDefault("apiVersion", to: "v1")
            claim.setDefault("kind", to: "PersistentVolumeClaim")
            claim.setDefault("spec", "volumeMode", to: "Filesystem")
            claim.setDefault("status", "phase", to: "Pending")
        }
    }

    private static func daemonSet(_ object: inout JSON) {
        object.setDefault("spec", "revisionHistoryLimit", to: 10)
        object.setDefault("spec", "updateStrategy", "type", to: "RollingUpdate")
        guard object[path: "spec", "updateStrategy", "type"] == "RollingUpdate" else { return }
        object.setDefault("spec", "updateStrategy", "rollingUpdate", "maxUnavailable", to: 1)
        object.setDefault("spec", "updateStrategy", "rollingUpdate", "maxSurge", to: 0)
    }

    static func batch(_ object: inout JSON, kind: String) {
        switch kind {
        case "Job":
            if let labels = object[path: "spec", "template", "metadata", "labels"] {
                object.setDefault("metadata", "labels", to: labels)
            }
            object.change("spec", by: jobSpec)
        case "CronJob":
            object.setDefault("spec", "concurrencyPolicy", to: "Allow")
            object.setDefault("spec", "suspend", to: false)
            object.setDefault("spec", "successfulJobsHistoryLimit", to: 3)
            object.setDefault("spec", "failedJobsHistoryLimit", to: 1)
            object.change("spec", "jobTemplate", "spec", "template", "spec", by: PodDefaults.spec)
        default: break
        }
    }

    private static func jobSpec(_ spec: inout JSON) {
        if spec["completions"] == nil && spec["parallelism"] == nil { spec["completions"] = 1 }
        spec.setDefault("parallelism", to: 1)
        spec.setDefault("backoffLimit", to: 6)
        spec.setDefault("completionMode", to: "NonIndexed")
        spec.setDefault("suspend", to: false)
        let hasFailurePolicy = spec["podFailurePolicy"] != nil
        spec.setDefault("podReplacementPolicy", to: hasFailurePolicy ? "Failed" : "TerminatingOrFailed")
        spec.change("template", "spec", by: PodDefaults.spec)
    }

    /// A Job's selector is its own uid, unless its author took that on.
    static func selectJobPods(_ object: inout JSON, uid: String) {
        guard object[path: "spec", "manualSelector"]?.bool != true, object[path: "spec", "selector"] == nil else {
            return
        }
        let name = object[path: "metadata", "name"] ?? ""
        for prefix in ["", "batch.kubernetes.io/"] {
            object[path: "spec", "template", "metadata", "labels", prefix + "controller-uid"] = .string(uid)
            object[path: "spec", "template", "metadata", "labels", prefix + "job-name"] = name
        }
        object[path: "spec", "selector"] = ["matchLabels": ["batch.kubernetes.io/controller-uid": .string(uid)]]
    }
}

/// admissionregistration.k8s.io/v1.
enum AdmissionDefaults {
    static func apply(to object: inout JSON, kind: String) {
        switch kind {
        case "ValidatingAdmissionPolicy":
            object.setDefault("spec", "failurePolicy", to: "Fail")
            object.change("spec", "matchConstraints", by: match)
        case "ValidatingAdmissionPolicyBinding":
            object.change("spec", "matchResources", by: match)
        case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
            object.changeEach("webhooks") { webhook in
                webhook.setDefault("failurePolicy", to: "Fail")
                webhook.setDefault("matchPolicy", to: "Equivalent")
                webhook.setDefault("namespaceSelector", to: [:])
                webhook.setDefault("objectSelector", to: [:])
                webhook.setDefault("timeoutSeconds", to: 10)
                if kind.hasPrefix("Mutating") { webhook.setDefault("reinvocationPolicy", to: "Never") }
                webhook.changeEach("rules") { $0.setDefault("scope", to: "*") }
                webhook.change("clientConfig", "service") { $0.setDefault("port", to: 443) }
            }
        default: break
        }
    }

    private static func match(_ match: inout JSON) {
        match.setDefault("matchPolicy", to: "Equivalent")
        match.setDefault("namespaceSelector", to: [:])
        match.setDefault("objectSelector", to: [:])
        for list in ["resourceRules", "excludeResourceRules"] {
            match.changeEach(list) { $0.setDefault("scope", to: "*") }
        }
    }
}
