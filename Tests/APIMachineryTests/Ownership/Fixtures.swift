import APIMachinery
import KubeObjects

/// Deployments and the ownership of their fields, for the tests in this folder.
enum Fixture {
    static func served(_ name: String) -> ServedResource {
        ServedResource.builtIns.first { $0.type.description == name }
            ?? ServedResource(.configMaps, singular: "configmap", shape: .deduced)
    }

    static let deployments = FieldOwnership(served("deployments.apps"))
    static let services = FieldOwnership(served("services"))
    static let configMaps = FieldOwnership(served("configmaps"))

    static func deployment(
        replicas: Int? = nil, image: String = "nginx:1", labels: [String: String] = ["app": "web"]
    )
        -> KubeObject
    {
        var object = KubeObject([
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": ["name": "web", "namespace": "default", "labels": JSON(labels)],
            "spec": [
                "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": [
                        "containers": [
                            ["name": "web", "image": .string(image), "ports": [["containerPort": 80]]]
                        ]
                    ],
                ],
            ],
        ])
        if let replicas { object[path: "spec", "replicas"] = JSON(replicas) }
        return object
    }

    static func configMap(_ data: [String: String]) -> KubeObject {
        KubeObject([
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c", "namespace": "default"],
            "data": JSON(data),
        ])
    }

    /// As the store keeps it.
    static func stored(_ object: KubeObject) -> KubeObject {
        var object = object
        object[path: "metadata", "uid"] = "u"
        object[path: "metadata", "creationTimestamp"] = "2026-01-01T00:00:00Z"
        return object
    }
}

extension KubeObject {
    var managers: [String] {
        (self[path: "metadata", "managedFields"]?.array ?? []).map {
            "\($0["manager"]?.string ?? "") \($0["operation"]?.string ?? "")"
                + ($0["subresource"]?.string.map { " \($0)" } ?? "")
        }
    }

    func fields(of manager: String) -> JSON? {
        self[path: "metadata", "managedFields"]?.array?.first { $0["manager"]?.string == manager }?[
            "fieldsV1"]
    }

    func time(of manager: String) -> String? {
        self[path: "metadata", "managedFields"]?.array?.first { $0["manager"]?.string == manager }?[
            "time"]?.string
    }
}
