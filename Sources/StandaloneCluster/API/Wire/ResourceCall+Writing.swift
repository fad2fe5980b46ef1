import APIMachinery
import KubeObjects

extension ResourceCall {
    /// The body as JSON, from JSON or YAML.
    func body() throws(APIStatus) -> JSON {
        let mediaType = request.headers["content-type"].map { $0.prefix { $0 != ";" }.trimmed } ?? "application/json"
        switch mediaType {
        case "application/json", "":
            do throws(JSONSyntaxError) {
                return try JSON(parsing: request.body)
            } catch {
                throw .undecodable(type, "json: \(error.reason) at offset \(error.offset)")
            }
        case "application/yaml", "text/yaml", "application/x-yaml": return try RequestYAML.parse(request.body, type)
        case ProtobufReading.mediaType where !resource.isCustom:
            do throws(ProtobufError) {
                return try ProtobufReading.object(request.body)
            } catch {
                throw .undecodable(type, "proto: \(error)")
            }
        default:
            throw .unsupportedMediaType(
                accepted: ["application/json", "application/yaml"]
                    + (resource.isCustom ? [] : [ProtobufReading.mediaType]))
        }
    }

    func writeOptions(isPatch: Bool = false) throws(APIStatus) -> WriteOptions {
        let given = request.query["fieldManager"] ?? ""
        // Without a name, the program's own stands for it.
        let agent = request.headers["user-agent"]?.prefix { $0 != "/" && $0 != " " } ?? ""
        let manager = given.isEmpty ? (agent.isEmpty ? "unknown" : String(agent)) : given
        if manager.utf8.count > 128 {
            throw .invalid(
                group: "meta.k8s.io", kind: "CreateOptions", name: "",
                [.tooLong("fieldManager", limit: 128)])
        }
        var options = WriteOptions(fieldManager: manager, user: user)
        for value in request.query.all("dryRun") {
            guard value == "All" else {
                throw .invalid(
                    group: "meta.k8s.io", kind: isPatch ? "PatchOptions" : "CreateOptions", name: "",
                    [.notSupported("dryRun", JSON([value]), supported: ["All"])])
            }
            options.isDryRun = true
        }
        if let text = request.query["fieldValidation"], !text.isEmpty {
            guard let validation = WriteOptions.FieldValidation(rawValue: text) else {
                throw .invalid(
                    group: "meta.k8s.io", kind: isPatch ? "PatchOptions" : "CreateOptions", name: "",
                    [.notSupported("fieldValidation", .string(text), supported: ["", "Ignore", "Strict", "Warn"])])
            }
            options.fieldValidation = validation
        } else {
            options.fieldValidation = .warn
        }
        options.force = request.query.flag("force")
        return options
    }

    func create() async throws(APIStatus) -> WireResponse {
        guard path.name == nil else { throw .methodNotAllowed() }
        let result = try await api.create(type, KubeObject(try body()), namespace: namespace, writeOptions())
        return try present(result.object, status: 201, warnings: result.warnings + notices(result))
    }

    /// What is to be known of a new object beside what is wrong with it.
    private func notices(_ result: WriteResult) -> [String] {
        guard result.isCreated, let warning = runtime.warning(creating: result.object, type) else { return [] }
        return [warning]
    }

    func update() async throws(APIStatus) -> WireResponse {
        guard path.name != nil else { throw .methodNotAllowed() }
        let object = KubeObject(try body())
        let result = try await api.update(type, key, object, subresource: path.subresource ?? "", writeOptions())
        return try present(result.object, warnings: result.warnings)
    }

    func patch() async throws(APIStatus) -> WireResponse {
        guard path.name != nil else { throw .methodNotAllowed() }
        let options = try writeOptions(isPatch: true)
        let patch = try PatchRequest(
            contentType: request.headers["content-type"] ?? "", body: request.body, resource: resource,
            query: request.query)
        let result = try await api.patch(
            resource, key, subresource: path.subresource ?? "", patch, options)
        return try present(
            result.object, status: result.isCreated ? 201 : 200, warnings: result.warnings + notices(result))
    }

    // MARK: Deleting

    func deleteOptions(from json: JSON?) throws(APIStatus) -> DeleteOptions {
        var options = DeleteOptions()
        let body = json ?? [:]
        let policy = body["propagationPolicy"]?.string ?? request.query["propagationPolicy"] ?? ""
        if !policy.isEmpty {
            guard let propagation = DeleteOptions.Propagation(rawValue: policy) else {
                throw .invalid(
                    group: "meta.k8s.io", kind: "DeleteOptions", name: "",
                    [
                        .notSupported(
                            "propagationPolicy", .string(policy), supported: ["Background", "Foreground", "Orphan"])
                    ])
            }
            options.propagation = propagation
        }
        if let orphans = body["orphanDependents"]?.bool { options.propagation = orphans ? .orphan : .background }
        options.gracePeriod =
            body["gracePeriodSeconds"]?.integer ?? request.query["gracePeriodSeconds"].flatMap(Int64.init)
        options.uid = body[path: "preconditions", "uid"]?.string
        options.resourceVersion = body[path: "preconditions", "resourceVersion"]?.string
        options.isDryRun = body["dryRun"]?.strings?.contains("All") ?? false || request.query["dryRun"] == "All"
        return options
    }

    func delete() async throws(APIStatus) -> WireResponse {
        let options = try deleteOptions(from: request.body.isEmpty ? nil : body())
        switch try await api.delete(type, key, options) {
        case .removed(let object):
            return WireResponse(.deleted(type, object.name, uid: object.uid))
        case .terminating(let object):
            return try present(object, status: options.propagation == .background ? 202 : 200)
        }
    }

    func deleteCollection() async throws(APIStatus) -> WireResponse {
        let options = try deleteOptions(from: request.body.isEmpty ? nil : body())
        let page = try await api.deleteCollection(type, selection(), options)
        return .json(ListEnvelope.of(page, type: type, isCustom: resource.isCustom))
    }
}

/// RFC 7234's Warning header, as Kubernetes uses it: code 299 and an unnamed agent.
enum WarningHeader {
    static func value(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ")
        return "299 - \"\(escaped)\""
    }
}
