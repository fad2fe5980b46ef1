import APIMachinery
import KubeObjects

/// One request for one resource, allowed already: reads its parameters, does the verb, and gives the answer its form.
struct ResourceCall: Sendable {
    let api: ClusterAPI
    let resource: APIResource
    let path: ResourcePath
    let request: WireRequest
    let user: UserInfo
    let verb: String
    let tokens: ServiceAccountTokens?
    let authorizer: Authorizer
    let authenticator: Authenticator
    let runtime: WorkloadRuntime

    var type: ResourceType { resource.type }
    var namespace: String? { type.isNamespaced ? path.namespace : nil }
    var key: ObjectKey { ObjectKey(namespace: namespace, name: path.name ?? "") }

    func answer() async throws(APIStatus) -> WireResponse {
        if !resource.isStored { return try await review() }
        if let name = path.subresource, let subresource = resource.served.subresource(name),
            !subresource.verbs.contains(verb)
        {
            throw .methodNotAllowed()
        }
        switch (verb, path.subresource) {
        case ("get", "log"): return try await log()
        case ("get", "scale"): return .json(try await scale())
        case ("update", "scale"), ("patch", "scale"): return try await writeScale()
        case ("create", "token"): return try await issueToken()
        case ("create", "eviction"):
            _ = try await api.delete(type, key, try deleteOptions(from: KubeObject(try body())["deleteOptions"]))
            return WireResponse(APIStatus(code: 201, reason: "", message: "", isSuccess: true))
        case ("create", "binding"): return try await bind()
        case ("create", .some): throw .methodNotAllowed()
        case ("get", _): return try await present(api.get(type, key))
        case ("list", _): return try await list()
        case ("watch", _): return try await watch()
        case ("create", nil): return try await create()
        case ("update", _): return try await update()
        case ("patch", _): return try await patch()
        case ("delete", nil): return try await delete()
        case ("deletecollection", nil): return try await deleteCollection()
        default: throw .methodNotAllowed()
        }
    }

    // MARK: Reading

    func selection() throws(APIStatus) -> Selection {
        var selection = try Selection(request.query, namespace: namespace, resource: resource)
        if let name = path.name, path.isWatchPath { selection.fields = FieldSelector("metadata.name", equals: name) }
        return selection
    }

    private func list() async throws(APIStatus) -> WireResponse {
        let limit = request.query["limit"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
        var version: Int64?
        if let text = request.query["resourceVersion"], !text.isEmpty, text != "0" {
            guard let number = Int64(text), number > 0 else {
                throw .badRequest("Invalid value for resourceVersion: \(text)")
            }
            let current = api.store.currentVersion
            if number > current { throw .tooLargeResourceVersion(number, current: current) }
            // Anything newer will do unless exactly this state is asked for.
            if request.query["resourceVersionMatch"] == "Exact" { version = number }
        }
        let token = request.query["continue"].flatMap { $0.isEmpty ? nil : $0 }
        let page = try await api.list(type, selection(), limit: limit, continueToken: token, version: version)
        return .json(try rendered(page))
    }

    private func rendered(_ page: ListPage) throws(APIStatus) -> JSON {
        switch try AnswerForm(accept: request.headers["accept"]) {
        case .object: return ListEnvelope.of(page, type: type, isCustom: resource.isCustom)
        case .metadata(let version): return PartialMetadata.list(page, version: version)
        case .table(let version):
            let list = TableRendering.ListInfo(
                resourceVersion: String(page.version), continueToken: page.continueToken ?? "",
                remainingItemCount: page.remaining)
            return TableRendering(resource.served).table(
                page.items, list: list, including: try included(), version: version, now: api.now())
        }
    }

    /// What rows of a table are to carry of their objects.
    private func included() throws(APIStatus) -> TableRendering.IncludedObject {
        guard let text = request.query["includeObject"], !text.isEmpty else { return .metadata }
        guard let included = TableRendering.IncludedObject(rawValue: text) else {
            throw .badRequest("unrecognized includeObject value: \"\(text)\"")
        }
        return included
    }

    /// One object in the form the client accepts.
    func present(_ object: KubeObject, status: Int = 200, warnings: [String] = []) throws(APIStatus) -> WireResponse {
        let json: JSON
        switch try AnswerForm(accept: request.headers["accept"]) {
        case .object: json = object.json
        case .metadata(let version): json = PartialMetadata.of(object, version: version)
        case .table(let version):
            json = TableRendering(resource.served).table(
                [object], including: try included(), version: version, now: api.now())
        }
        var response = WireResponse.json(json, status: status)
        for warning in warnings { response.headers.append(("Warning", WarningHeader.value(warning))) }
        return response
    }

    private func watch() async throws(APIStatus) -> WireResponse {
        if request.query.flag("sendInitialEvents") {
            throw .invalid(
                group: "meta.k8s.io", kind: "ListOptions", name: "",
                [
                    .forbidden(
                        "sendInitialEvents",
                        "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
                ])
        }
        let selection = try selection()
        let text = request.query["resourceVersion"] ?? ""
        var initial: [KubeObject] = []
        let start: Int64?
        if text.isEmpty || text == "0" {
            // "Start from what there is": everything is told as added first.
            let page = try await api.list(type, selection)
            initial = page.items
            start = page.version
        } else {
            guard let number = Int64(text), number > 0 else {
                throw .badRequest("Invalid value for resourceVersion: \(text)")
            }
            start = number
        }
        let session = try await api.watch(type, selection, after: start)
        return try stream(session, initial)
    }

    private func stream(_ session: WatchSession, _ initial: [KubeObject]) throws(APIStatus) -> WireResponse {
        let form = try AnswerForm(accept: request.headers["accept"])
        let (type, now) = (type, api.now)
        let table = TableRendering(resource.served)
        let included = try included()
        let render: @Sendable (KubeObject, Bool) -> JSON = { object, isFirst in
            switch form {
            case .object: object.json
            case .metadata(let version): PartialMetadata.of(object, version: version)
            case .table(let version):
                // The columns are told once.
                table.table([object], including: included, showsColumns: isFirst, version: version, now: now())
            }
        }
        var bookmark: (@Sendable (Int64) -> JSON)?
        if request.query.flag("allowWatchBookmarks") {
            bookmark = { position in
                var object = KubeObject(["kind": .string(type.kind), "apiVersion": .string(type.apiVersion)])
                object["metadata"] = ["resourceVersion": .string(String(position)), "creationTimestamp": nil]
                if case .metadata(let version) = form {
                    object["kind"] = "PartialObjectMetadata"
                    object["apiVersion"] = .string("meta.k8s.io/\(version)")
                }
                return object.json
            }
        }
        // A watch without an end of its own lives half an hour to an hour, so that not all of them end at once.
        let seconds = request.query["timeoutSeconds"].flatMap(Int64.init) ?? Int64.random(in: 1800...3600)
        let lines = WatchLines(
            session: session, initial: initial, lasting: .seconds(max(1, seconds)), bookmark: bookmark, render: render)
        return WireResponse(status: 200, headers: [("Content-Type", "application/json")], body: .stream(lines))
    }
}
