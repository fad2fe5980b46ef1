import APIMachinery
import KubeObjects
import Logging

/// Answers requests: who asks, what for, may they, then the verb.
package struct RequestHandler: Sendable {
    let api: ClusterAPI
    let authenticator: Authenticator
    let authorizer: Authorizer
    let documents: ServerDocuments
    let tokens: ServiceAccountTokens?
    let runtime: WorkloadRuntime
    let log: Logger

    /// Answers a request that came with a verified client certificate (DER), or without.
    func answer(_ request: WireRequest, certificate: [UInt8]?) async -> WireResponse {
        do throws(APIStatus) {
            let user = try await authenticator.user(of: request, certificate: certificate)
            return try await answer(request, as: user)
        } catch {
            return WireResponse(error)
        }
    }

    /// Answers a request of somebody known: the way in for callers of this process.
    package func answer(_ request: WireRequest, as user: UserInfo) async throws(APIStatus) -> WireResponse {
        guard case .resource(let path) = RequestPath(request.path) else {
            try await authorizer.check(
                AccessRequest(user: user, verb: Self.pathVerb(request.method), resource: nil, path: request.path))
            return try await documents.answer(request, api)
        }
        let isWatch = request.query.flag("watch") && path.name == nil || path.isWatchPath
        let verb = path.verb(method: request.method, isWatch: isWatch)
        try await authorizer.check(access(user, verb, path, request))
        guard let resource = api.catalog.snapshot.find(group: path.group, version: path.version, plural: path.plural)
        else { return .text("404 page not found\n", status: 404) }
        if let subresource = path.subresource, resource.served.subresource(subresource) == nil {
            throw Connections.refusal(of: subresource, resource.type) ?? .unknownResource()
        }
        if path.namespace != nil, !resource.type.isNamespaced { throw .unknownResource() }
        let call = ResourceCall(
            api: api, resource: resource, path: path, request: request, user: user, verb: verb, tokens: tokens,
            authorizer: authorizer, authenticator: authenticator, runtime: runtime)
        return try await call.answer()
    }

    private static func pathVerb(_ method: String) -> String {
        switch method {
        case "POST": "post"
        case "PUT": "put"
        case "PATCH": "patch"
        case "DELETE": "delete"
        default: "get"
        }
    }

    private func access(_ user: UserInfo, _ verb: String, _ path: ResourcePath, _ request: WireRequest) -> AccessRequest
    {
        let selected = request.query["fieldSelector"].flatMap { try? FieldSelector(parsing: $0) }?.requiredValue(
            of: "metadata.name")
        return AccessRequest(
            user: user, verb: verb,
            resource: AccessRequest.Resource(
                group: path.group, version: path.version, plural: path.plural, subresource: path.subresource ?? "",
                namespace: path.plural == "namespaces" ? path.name ?? "" : path.namespace ?? "", name: path.name ?? "",
                selectedName: path.name == nil ? selected ?? "" : ""),
            path: request.path)
    }
}

/// Subresources that are connections into a container or through the server, of which it makes none.
enum Connections {
    private static let intoPods: Set<String> = ["exec", "attach", "portforward"]

    /// 501 with a word on what to do instead; nil for what Kubernetes does not know either.
    static func refusal(of subresource: String, _ type: ResourceType) -> APIStatus? {
        if type == .pods, intoPods.contains(subresource) {
            return .notImplemented(
                "pods/\(subresource) is not served here: containers are processes of the machine they run on, to be "
                    + "looked into and reached there; kubectl logs and describe work")
        }
        guard subresource == "proxy", [.pods, .services, .nodes].contains(type) else { return nil }
        return .notImplemented("\(type)/proxy is not served here: talk to the address itself")
    }
}

extension APIStatus {
    static func notImplemented(_ message: String) -> APIStatus {
        APIStatus(code: 501, reason: "NotImplemented", message: message)
    }
}

extension WireResponse {
    /// A Status as an answer, with what HTTP wants to say beside it.
    init(_ status: APIStatus) {
        self = .json(status.json, status: status.code == 0 ? 200 : status.code)
        if let seconds = status.details?.retryAfterSeconds, seconds > 0 {
            headers.append(("Retry-After", String(seconds)))
        }
    }
}
