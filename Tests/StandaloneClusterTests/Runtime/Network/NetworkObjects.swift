import KubeObjects

@testable import StandaloneCluster

func service(_ name: String, type: String = "ClusterIP", selector: [String: String]? = nil, ports: [JSON]) -> KubeObject
{
    var object = ResourceType.services.object(ObjectKey(namespace: "default", name: name))
    object["spec"] = ["type": .string(type), "ports": .array(ports)]
    if let selector { object[path: "spec", "selector"] = JSON(selector) }
    return object
}

/// A pod of the app `web`, as it is created.
func servingPod(_ name: String, ports: [JSON] = []) -> KubeObject {
    var pod = ResourceType.pods.object(ObjectKey(namespace: "default", name: name))
    pod.labels = ["app": "web"]
    pod["spec"] = ["containers": [["name": "main", "image": "any", "ports": .array(ports)]]]
    return pod
}

func podStatus(_ address: String, isReady: Bool = true) -> JSON {
    [
        "phase": "Running", "podIP": .string(address),
        "conditions": [["type": "Ready", "status": isReady ? "True" : "False"]],
    ]
}
