import APIMachinery
import KubeObjects

/// What built-in kinds must satisfy beyond their schema, where users meet it.
enum BuiltInRules {
    static func errors(_ object: KubeObject, type: ResourceType, old: KubeObject?) -> [FieldError] {
        switch (type.group, type.kind) {
        case ("", "ConfigMap"): immutableData(object, old)
        case ("", "Secret"): secret(object, old)
        case ("", "Service"): ServiceRules.errors(object, old: old)
        case ("", "Pod"): PodRules.errors(object["spec"], "spec") + podUpdate(object, old)
        case ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"):
            workload(object, old, kind: type.kind)
        case ("batch", "Job"): PodRules.errors(object[path: "spec", "template", "spec"], "spec.template.spec")
        case ("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"):
            roleBinding(object, old)
        default: []
        }
    }

    private static let immutableText = "field is immutable when `immutable` is set"

    private static func immutableData(_ object: KubeObject, _ old: KubeObject?) -> [FieldError] {
        var errors: [FieldError] = []
        for field in ["data", "binaryData"] {
            let path = FieldPath(stringLiteral: field)
            for key in (object[field]?.object ?? [:]).keys.sorted() where !isDataKey(key) {
                errors.append(.invalid(path.key(key), .string(key), dataKeyText))
            }
        }
        guard let old, old["immutable"]?.bool == true else { return errors }
        if object["immutable"]?.bool != true { errors.append(.forbidden("immutable", immutableText)) }
        for field in ["data", "binaryData"] where object[field] != old[field] {
            errors.append(.forbidden(FieldPath(stringLiteral: field), immutableText))
        }
        return errors
    }

    private static let dataKeyText =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',"
        + "  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

    private static func isDataKey(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= 253 && key != "." && !key.hasPrefix("..")
            && key.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                        || "-_.".unicodeScalars.contains($0))
            }
    }

    private static func secret(_ object: KubeObject, _ old: KubeObject?) -> [FieldError] {
        var errors = immutableData(object, old)
        if let old, object["type"] != old["type"] {
            errors.append(.invalid("type", object["type"], "field is immutable"))
        }
        let required: [String] =
            switch object["type"]?.string {
            case "kubernetes.io/tls": ["tls.crt", "tls.key"]
            case "kubernetes.io/dockerconfigjson": [".dockerconfigjson"]
            case "kubernetes.io/ssh-auth": ["ssh-privatekey"]
            default: []
            }
        for key in required where object[path: "data", key] == nil {
            errors.append(.required(("data" as FieldPath).key(key)))
        }
        return errors
    }

    private static func podUpdate(_ object: KubeObject, _ old: KubeObject?) -> [FieldError] {
        guard let old, var now = object["spec"], var before = old["spec"] else { return [] }
        for changeable in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName"] {
            now[changeable] = nil
            before[changeable] = nil
        }
        let images = { (spec: inout JSON) in
            for list in ["containers", "initContainers"] { spec.changeEach(list) { $0["image"] = nil } }
        }
        images(&now)
        images(&before)
        guard now != before else { return [] }
        return [
            .forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,"
                    + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                    + "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                    + "previously negative)")
        ]
    }

    private static func workload(_ object: KubeObject, _ old: KubeObject?, kind: String) -> [FieldError] {
        var errors: [FieldError] = []
        let selector = object[path: "spec", "selector"]
        if selector == nil || selector == .null {
            errors.append(.required("spec.selector"))
        } else if selector == [:] {
            errors.append(.invalid("spec.selector", selector, "empty selector is invalid for \(kind.lowercased())"))
        } else {
            let labels = object[path: "spec", "template", "metadata", "labels"]
            let wanted = selector?["matchLabels"]?.object ?? [:]
            if wanted.contains(where: { labels?[$0.key] != $0.value }) {
                errors.append(
                    .invalid(
                        "spec.template.metadata.labels", labels ?? .null,
                        "`selector` does not match template `labels`"))
            }
        }
        if let replicas = object[path: "spec", "replicas"]?.integer, replicas < 0 {
            errors.append(.invalid("spec.replicas", JSON(replicas), "must be greater than or equal to 0"))
        }
        errors += MetadataRules.labelErrors(
            object[path: "spec", "template", "metadata", "labels"], "spec.template.metadata.labels")
        errors += PodRules.errors(object[path: "spec", "template", "spec"], "spec.template.spec")
        if let old, old[path: "spec", "selector"] != selector {
            errors.append(.invalid("spec.selector", selector, "field is immutable"))
        }
        return errors
    }

    private static func roleBinding(_ object: KubeObject, _ old: KubeObject?) -> [FieldError] {
        var errors: [FieldError] = []
        if (object[path: "roleRef", "name"]?.string ?? "").isEmpty { errors.append(.required("roleRef.name")) }
        if let old, old["roleRef"] != object["roleRef"] {
            errors.append(.invalid("roleRef", object["roleRef"], "cannot change roleRef"))
        }
        return errors
    }
}
