import APIMachinery
import KubeObjects

/// scale, token and binding: subresources that speak of their object in a form of their own.
extension ResourceCall {
    private var scalePaths: ScaleFields { resource.served.subresource("scale")?.scale ?? .workload }

    /// autoscaling/v1 Scale of the object.
    func scale() async throws(APIStatus) -> JSON { scale(of: try await api.get(type, key)) }

    private func scale(of object: KubeObject) -> JSON {
        var metadata: JSON = ["name": .string(object.name), "uid": .string(object.uid)]
        metadata["namespace"] = object.namespace.map { .string($0) }
        metadata["resourceVersion"] = .string(object.resourceVersion)
        metadata["creationTimestamp"] = object[path: "metadata", "creationTimestamp"]
        let paths = scalePaths
        var status: JSON = ["replicas": object.json[path: paths.statusReplicas] ?? 0]
        if let path = paths.selector, let selector = object.json[path: path] {
            let text = selector.string ?? Self.text(ofSelector: selector)
            if !text.isEmpty { status["selector"] = .string(text) }
        }
        let replicas = object.json[path: paths.specReplicas]
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": replicas.map { $0 == 0 ? [:] : ["replicas": $0] } ?? [:], "status": status,
        ]
    }

    private static func text(ofSelector selector: JSON) -> String {
        let labels = (selector["matchLabels"] ?? selector).stringMap ?? [:]
        var parts = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        for expression in selector["matchExpressions"]?.array ?? [] {
            let key = expression["key"]?.string ?? ""
            let values = (expression["values"]?.strings ?? []).sorted().joined(separator: ",")
            switch expression["operator"]?.string {
            case "In": parts.append("\(key) in (\(values))")
            case "NotIn": parts.append("\(key) notin (\(values))")
            case "Exists": parts.append(key)
            case "DoesNotExist": parts.append("!\(key)")
            default: continue
            }
        }
        return parts.joined(separator: ",")
    }

    /// PUT or PATCH of a Scale: only the number of replicas goes through.
    func writeScale() async throws(APIStatus) -> WireResponse {
        let options = try writeOptions(isPatch: verb == "patch")
        let paths = scalePaths
        let call = self
        let given: JSON = verb == "patch" ? .null : try body()
        let patch =
            verb == "patch"
            ? try PatchRequest(
                contentType: request.headers["content-type"] ?? "", body: request.body, resource: resource,
                query: request.query)
            : nil
        var modification = Modification(key: key) { old throws(APIStatus) in
            guard var object = old else { throw .notFound(call.type, call.key.name) }
            let scale: JSON
            if let patch { scale = try patch.appliedToJSON(call.scale(of: object)) } else { scale = given }
            if let version = scale[path: "metadata", "resourceVersion"]?.string, !version.isEmpty,
                version != object.resourceVersion
            {
                throw .modified(call.type, object.name)
            }
            let replicas = scale[path: "spec", "replicas"] ?? 0
            guard let number = replicas.integer, number >= 0 else {
                throw .invalid(
                    group: "autoscaling", kind: "Scale", name: object.name,
                    [.invalid("spec.replicas", replicas, "must be greater than or equal to 0")])
            }
            object.json[path: paths.specReplicas] = .integer(number)
            return object
        }
        modification.subresource = "scale"
        return .json(scale(of: try await api.modify(resource, modification, options).object))
    }

    /// authentication.k8s.io/v1 TokenRequest for a service account.
    func issueToken() async throws(APIStatus) -> WireResponse {
        guard let tokens else {
            throw .internalError("service account tokens are not configured: start the server with a signing key")
        }
        let account = try await api.get(type, key)
        var body = try body()
        let bound = body[path: "spec", "boundObjectRef"]
        let seconds = body[path: "spec", "expirationSeconds"]?.integer ?? 3600
        guard seconds >= ServiceAccountTokens.lifetimes.lowerBound else {
            throw .invalid(
                group: "authentication.k8s.io", kind: "TokenRequest", name: account.name,
                [.invalid("spec.expirationSeconds", JSON(seconds), "may not specify a duration less than 10 minutes")])
        }
        let issued = try tokens.issue(
            to: account, audiences: body[path: "spec", "audiences"]?.strings ?? [], seconds: seconds, bound: bound,
            now: api.now())
        body["kind"] = "TokenRequest"
        body["apiVersion"] = "authentication.k8s.io/v1"
        body["metadata"] = [
            "name": .string(account.name), "namespace": .string(account.namespace ?? ""),
            "creationTimestamp": api.timestamp(),
        ]
        body.setDefault("spec", "audiences", to: JSON(tokens.audiences))
        body[path: "spec", "expirationSeconds"] = .integer(seconds)
        body["status"] = [
            "token": .string(issued.token), "expirationTimestamp": .string(Timestamp.format(issued.expires)),
        ]
        return .json(body, status: 201)
    }

    /// v1 Binding: puts a pod on a node.
    func bind() async throws(APIStatus) -> WireResponse {
        let node = try body()[path: "target", "name"]?.string ?? ""
        guard !node.isEmpty else {
            throw .invalid(group: "", kind: "Binding", name: key.name, [.required("target.name")])
        }
        let call = self
        var modification = Modification(key: key) { old throws(APIStatus) in
            guard var pod = old else { throw .notFound(call.type, call.key.name) }
            if let other = pod[path: "spec", "nodeName"]?.string, !other.isEmpty {
                throw .conflict(call.type, pod.name, "pod \(pod.name) is already assigned to node \"\(other)\"")
            }
            pod[path: "spec", "nodeName"] = .string(node)
            return pod
        }
        modification.subresource = "binding"
        _ = try await api.modify(resource, modification, try writeOptions())
        return WireResponse(APIStatus(code: 201, reason: "", message: "", isSuccess: true))
    }
}
