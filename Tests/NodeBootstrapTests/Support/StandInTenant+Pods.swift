import HTTPTransport
import KubeObjects

@testable import NodeBootstrap

/// The pods of a tenant's node, which end as soon as they are evicted.
extension StandInTenant {
    /// - Parameter owner: the kind of its controller, if it has one.
    static func pod(
        _ name: String, owner: String? = "ReplicaSet", _ annotations: [String: String] = [:], phase: String = "Running",
        volumes: JSON = []
    ) -> JSON {
        var metadata: JSON = [
            "name": .string(name), "namespace": "default", "uid": .string("uid-\(name)"),
            "annotations": JSON(annotations),
        ]
        if let owner {
            metadata["ownerReferences"] = [["kind": .string(owner), "name": "x", "controller": true]]
        }
        return [
            "metadata": metadata, "spec": ["nodeName": "edge-1", "volumes": volumes],
            "status": ["phase": .string(phase)],
        ]
    }

    /// Nil for what is about something else.
    static func answerAboutPods(
        _ method: String, _ path: String, _ body: JSON?, _ state: inout State
    ) -> HTTPResponse? {
        if method == "GET", path == "/api/v1/pods" {
            return HTTPResponse(
                status: 200, body: JSON.object(["items": .array(state.pods), "metadata": [:]]).encoded())
        }
        if method == "PATCH", path == "/api/v1/nodes/edge-1", let value = body?[path: "spec", "unschedulable"] {
            state.deeds.append(value.bool == true ? "cordon" : "uncordon")
            state.nodes["edge-1"]?[path: "spec", "unschedulable"] = value.isNull ? nil : value
            return HTTPResponse(status: 200, body: (state.nodes["edge-1"] ?? .null).encoded())
        }
        guard method == "POST", path.hasSuffix("/eviction"), let name = path.split(separator: "/").dropLast().last
        else { return nil }
        if let count = state.forbiddenEvictions[String(name)], count > 0 {
            state.forbiddenEvictions[String(name)] = count - 1
            let status: JSON = [
                "kind": "Status", "code": 429, "reason": "TooManyRequests",
                "message": "Cannot evict pod as it would violate the pod's disruption budget.",
                "details": [
                    "causes": [["reason": "DisruptionBudget", "message": "The disruption budget few needs 1"]]
                ],
            ]
            return HTTPResponse(status: 429, headers: ["Retry-After": "10"], body: status.encoded())
        }
        state.deeds.append("evict \(name)")
        state.pods.removeAll { $0[path: "metadata", "name"]?.string == String(name) }
        return HTTPResponse(status: 201, body: Array("{\"kind\":\"Status\"}".utf8))
    }
}
