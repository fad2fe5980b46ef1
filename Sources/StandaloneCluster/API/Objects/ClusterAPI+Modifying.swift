import APIMachinery
import KubeObjects

/// One change of one object: what is to come of what is there.
struct Modification: Sendable {
    var key: ObjectKey
    /// Empty for the object itself.
    var subresource = ""
    /// Refused when the stored object is another one; empty takes any.
    var resourceVersion = ""
    /// Makes a missing object, as an apply does.
    var createsMissing = false
    var ownership: ClusterAPI.Ownership = .write
    /// The new object from the stored one (nil when there is none), in the form of the request's version. May run
    /// several times.
    var change: @Sendable (KubeObject?) throws(APIStatus) -> KubeObject
}

extension ClusterAPI {
    /// Writes that lose a race are done again from what won, this often.
    private static let attempts = 20

    /// Replaces an object, as PUT does.
    package func update(
        _ type: ResourceType, _ key: ObjectKey, _ object: KubeObject, subresource: String = "", _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        let resource = try resource(type)
        var body = object
        try place(&body, resource, namespace: key.namespace, name: key.name)
        if body.resourceVersion.isEmpty, resource.isCustom {
            throw .invalid(
                type, key.name,
                [.invalid("metadata.resourceVersion", 0, "must be specified for an update")])
        }
        let replacement = body
        var modification = Modification(key: key) { _ throws(APIStatus) in replacement }
        modification.subresource = subresource
        modification.resourceVersion = body.resourceVersion
        return try await modify(resource, modification, options)
    }

    func modify(
        _ resource: APIResource, _ modification: Modification, _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        let key = modification.key
        for attempt in 1... {
            guard let old = try await load(resource, key) else {
                guard modification.createsMissing else { throw .notFound(resource.type, key.name) }
                do throws(APIStatus) {
                    return try await createMissing(resource, modification, options)
                } catch {
                    guard error.reason == "AlreadyExists", attempt < Self.attempts else { throw error }
                    continue
                }
            }
            let wanted = modification.resourceVersion
            if !wanted.isEmpty, wanted != old.resourceVersion { throw .modified(resource.type, key.name) }
            let outcome: Result<WriteResult, APIStatus>
            do throws(StorageError) {
                outcome = try await attemptChange(of: old, resource, modification, options)
            } catch {
                switch error {
                case .conflict where wanted.isEmpty && attempt < Self.attempts: continue
                case .notFound where modification.createsMissing && attempt < Self.attempts: continue
                case .claimed where attempt < Self.attempts: continue
                default: throw APIStatus(error, resource.type, key.name)
                }
            }
            return try outcome.get()
        }
        throw .internalError("no attempt was made")
    }

    private func createMissing(
        _ resource: APIResource, _ modification: Modification, _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        guard modification.subresource.isEmpty else { throw .notFound(resource.type, modification.key.name) }
        var object = try modification.change(nil)
        guard object.uid.isEmpty else {
            throw .conflict(
                resource.type, modification.key.name,
                "uid mismatch: the provided object specified uid \(object.uid), and no existing object was found")
        }
        try place(&object, resource, namespace: modification.key.namespace, name: modification.key.name)
        return try await create(object, resource, options, ownership: modification.ownership)
    }

    /// The outer error is the store's, which `modify` may answer with another attempt; the inner one is final.
    private func attemptChange(
        of stored: KubeObject, _ resource: APIResource, _ modification: Modification, _ options: WriteOptions
    ) async throws(StorageError) -> Result<WriteResult, APIStatus> {
        let old = resource.presented(stored)
        let prepared: Prepared
        do throws(APIStatus) {
            prepared = try await prepare(old, stored: stored, resource, modification, options)
        } catch {
            return .failure(error)
        }
        let object = prepared.object
        if object == old || options.isDryRun {
            return .success(WriteResult(object: object, warnings: prepared.warnings))
        }
        if old.isBeingDeleted, Strategies.isReadyToGo(object, resource: resource) {
            let removed = try await store.delete(
                modification.key, in: resource.storage, expecting: Int64(stored.resourceVersion))
            return .success(WriteResult(object: resource.presented(removed), warnings: prepared.warnings))
        }
        let written = try await store.update(
            resource.stored(object), in: resource.storage, replacing: stored, claiming: prepared.claims)
        return .success(WriteResult(object: resource.presented(written), warnings: prepared.warnings))
    }

    private struct Prepared {
        var object: KubeObject
        var warnings: [String]
        var claims: Set<Claim>?
    }

    private func prepare(
        _ old: KubeObject, stored: KubeObject, _ resource: APIResource, _ modification: Modification,
        _ options: WriteOptions
    ) async throws(APIStatus) -> Prepared {
        let type = resource.type
        let name = modification.key.name
        var body = try modification.change(old)
        try place(&body, resource, namespace: modification.key.namespace, name: name)
        if !body.uid.isEmpty, body.uid != old.uid {
            throw .preconditionFailed(type, name, field: "UID", wanted: body.uid, found: old.uid)
        }
        if !body.resourceVersion.isEmpty, body.resourceVersion != old.resourceVersion {
            throw .modified(type, name)
        }
        let decoded = try decode(body, resource, options)
        var object = decoded.object
        SystemMetadata.prepareForUpdate(&object, from: old)
        try Strategies.prepareForUpdate(
            &object, from: old, resource: resource, subresource: modification.subresource, user: options.user)
        try NodeAgentRules.check(object, from: old, resource, user: options.user)
        try await catalogHook(&object, resource, old: old)
        var claims: Set<Claim>?
        if modification.subresource.isEmpty {
            claims = try await services.reallocate(for: &object, old: old, resource: resource, in: store)
        }
        let warnings = try validate(object, resource, old: old, subresource: modification.subresource)
        object[path: "metadata", "resourceVersion"] = .string(old.resourceVersion)
        object = settleOwnership(
            of: object, from: old, resource, subresource: modification.subresource, options, modification.ownership)
        return Prepared(object: object, warnings: warnings + decoded.warnings, claims: claims)
    }
}
