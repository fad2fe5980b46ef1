import APIMachinery
import KubeObjects

/// Kinds that are questions: posted, answered, never stored.
extension ResourceCall {
    func review() async throws(APIStatus) -> WireResponse {
        guard verb == "create" else { throw .methodNotAllowed() }
        var review = try body()
        review["apiVersion"] = .string(type.apiVersion)
        review["kind"] = .string(type.kind)
        review["metadata"] = ["creationTimestamp": nil]
        switch type.plural {
        case "selfsubjectreviews": review["status"] = ["userInfo": user.json]
        case "tokenreviews": review["status"] = try await tokenStatus(review[path: "spec", "token"]?.string ?? "")
        case "selfsubjectaccessreviews": review["status"] = try await accessStatus(review["spec"] ?? [:], of: user)
        case "subjectaccessreviews", "localsubjectaccessreviews":
            let spec = review["spec"] ?? [:]
            var subject = UserInfo(
                name: spec["user"]?.string ?? "", uid: spec["uid"]?.string ?? "", groups: spec["groups"]?.strings ?? [])
            // Who has a name at all has been authenticated by whoever asks.
            if !subject.isAnonymous, !subject.groups.contains("system:authenticated") {
                subject.groups.append("system:authenticated")
            }
            review["status"] = try await accessStatus(spec, of: subject)
        case "selfsubjectrulesreviews":
            let isAll = !Set(user.groups).isDisjoint(with: ["system:masters", "kubeadm:cluster-admins"])
            review["status"] = [
                "incomplete": .bool(!isAll),
                "resourceRules": isAll ? [["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]]] : [],
                "nonResourceRules": isAll ? [["verbs": ["*"], "nonResourceURLs": ["*"]]] : [],
            ]
        default: throw .methodNotAllowed()
        }
        return .json(review, status: 201)
    }

    private func tokenStatus(_ token: String) async throws(APIStatus) -> JSON {
        guard let user = try await authenticator.user(of: token) else {
            return ["user": [:], "error": "the token is not known here, has expired, or was revoked"]
        }
        return ["authenticated": true, "user": user.json]
    }

    private func accessStatus(_ spec: JSON, of user: UserInfo) async throws(APIStatus) -> JSON {
        let request: AccessRequest
        if let attributes = spec["resourceAttributes"] {
            let text = { (field: String) in attributes[field]?.string ?? "" }
            request = AccessRequest(
                user: user, verb: text("verb"),
                resource: AccessRequest.Resource(
                    group: text("group"), version: text("version"), plural: text("resource"),
                    subresource: text("subresource"), namespace: text("namespace"), name: text("name"), selectedName: ""
                ),
                path: "")
        } else if let attributes = spec["nonResourceAttributes"] {
            request = AccessRequest(
                user: user, verb: attributes["verb"]?.string ?? "", resource: nil,
                path: attributes["path"]?.string ?? "")
        } else {
            throw .invalid(
                group: type.group, kind: type.kind, name: "",
                [
                    .invalid(
                        "spec.resourceAttributes", nil,
                        "exactly one of nonResourceAttributes or resourceAttributes must be specified")
                ])
        }
        return ["allowed": .bool(try await authorizer.isAllowed(request))]
    }
}
