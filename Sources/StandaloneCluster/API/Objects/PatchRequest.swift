import APIMachinery
import KubeObjects

/// A patch as it came, taken apart once and applied to whatever is stored, as often as a race wants it.
struct PatchRequest: Sendable {
    enum Kind: Sendable {
        case json(JSONPatch)
        case merge(JSON)
        case strategic(JSON)
        case apply(JSON)
    }

    let kind: Kind
    private let resource: APIResource

    static let mediaTypes = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ]

    init(contentType: String, body: [UInt8], resource: APIResource, query: QueryItems) throws(APIStatus) {
        self.resource = resource
        let mediaType = contentType.prefix { $0 != ";" }.trimmed
        switch mediaType {
        case "application/json-patch+json":
            let json = try Self.json(body)
            do throws(JSONPatchError) {
                kind = .json(try JSONPatch(json))
            } catch {
                throw .badRequest("error decoding patch: \(error)")
            }
        case "application/merge-patch+json": kind = .merge(try Self.object(body))
        case "application/strategic-merge-patch+json":
            // Custom resources have no merge keys to go by.
            if resource.isCustom {
                throw .unsupportedMediaType(accepted: Self.mediaTypes.filter { !$0.contains("strategic") })
            }
            kind = .strategic(try Self.object(body))
        case "application/apply-patch+yaml", "application/apply-patch+json":
            if (query["fieldManager"] ?? "").isEmpty {
                throw .invalid(
                    group: "meta.k8s.io", kind: "PatchOptions", name: "",
                    [.required("fieldManager", "is required for apply patch")])
            }
            kind = .apply(try RequestYAML.parse(body, resource.type))
        default: throw .unsupportedMediaType(accepted: Self.mediaTypes)
        }
        if query.flag("force"), !isApply {
            throw .invalid(
                group: "meta.k8s.io", kind: "PatchOptions", name: "",
                [.forbidden("force", "may not be specified for non-apply patch")])
        }
    }

    var isApply: Bool {
        if case .apply = kind { return true }
        return false
    }

    private static func json(_ body: [UInt8]) throws(APIStatus) -> JSON {
        do throws(JSONSyntaxError) {
            return try JSON(parsing: body)
        } catch {
            throw .badRequest("error decoding patch: \(error)")
        }
    }

    private static func object(_ body: [UInt8]) throws(APIStatus) -> JSON {
        let json = try json(body)
        guard json.object != nil else { throw .badRequest("error decoding patch: it is not an object") }
        return json
    }

    /// The patch laid over a document that is no stored object, such as a Scale.
    func appliedToJSON(_ json: JSON) throws(APIStatus) -> JSON {
        switch kind {
        case .json(let patch):
            do throws(JSONPatchError) {
                return try patch.apply(to: json)
            } catch {
                throw APIStatus(
                    code: 422, reason: "Invalid",
                    message: "the server rejected our request due to an error in our request: \(error)")
            }
        case .merge(let patch), .apply(let patch): return MergePatch.apply(patch, to: json)
        case .strategic(let patch): return try StrategicMergePatch.apply(patch, to: json, resource.served.shape)
        }
    }
}

extension ClusterAPI {
    /// Changes an object by a patch; an apply may also make it.
    func patch(
        _ resource: APIResource, _ key: ObjectKey, subresource: String = "", _ patch: PatchRequest,
        _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        if case .apply(let body) = patch.kind {
            return try await apply(resource, key, subresource: subresource, KubeObject(body), options)
        }
        var modification = Modification(key: key) { old throws(APIStatus) in
            guard let old else { throw .notFound(resource.type, key.name) }
            return KubeObject(try patch.appliedToJSON(old.json))
        }
        modification.subresource = subresource
        return try await modify(resource, modification, options)
    }

    /// Merges `patch` (RFC 7386) into an object.
    package func patch(
        _ type: ResourceType, _ key: ObjectKey, merging patch: JSON, subresource: String = "", _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        var modification = Modification(key: key) { old throws(APIStatus) in
            guard let old else { throw .notFound(type, key.name) }
            return KubeObject(MergePatch.apply(patch, to: old.json))
        }
        modification.subresource = subresource
        return try await modify(try resource(type), modification, options)
    }

    /// Server-side apply.
    package func apply(
        _ type: ResourceType, _ key: ObjectKey, _ object: KubeObject, subresource: String = "", _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        try await apply(try resource(type), key, subresource: subresource, object, options)
    }
}
