import APIMachinery
import KubeObjects

extension ClusterAPI {
    private static let nameAttempts = 8

    /// Creates an object. Its namespace must exist and stay; a `generateName` is completed.
    package func create(
        _ type: ResourceType, _ object: KubeObject, namespace: String?, _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        let resource = try resource(type)
        var body = object
        try place(&body, resource, namespace: namespace, name: nil)
        guard body.resourceVersion.isEmpty else {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        let prefix = body[path: "metadata", "generateName"]?.string ?? ""
        let isGenerated = body.name.isEmpty && !prefix.isEmpty
        for attempt in 1... {
            if isGenerated { body[path: "metadata", "name"] = .string(SystemMetadata.generatedName(from: prefix)) }
            do throws(APIStatus) {
                return try await create(body, resource, options, ownership: .write)
            } catch {
                guard isGenerated, error.reason == "AlreadyExists" else { throw error }
                if attempt == Self.nameAttempts { throw .generateNameConflict(type, body.name) }
            }
        }
        throw .internalError("no name")
    }

    /// How managedFields are to be written.
    enum Ownership {
        /// As an Update of the whole object.
        case write
        /// Done already, by an apply.
        case settled
    }

    func create(
        _ body: KubeObject, _ resource: APIResource, _ options: WriteOptions, ownership: Ownership
    ) async throws(APIStatus) -> WriteResult {
        let type = resource.type
        if resource.custom?.isTerminating == true {
            throw .methodNotSupported(
                type, "create not allowed while custom resource definition is terminating: create")
        }
        try await checkNamespace(of: body, resource)
        let decoded = try decode(body, resource, options)
        var object = decoded.object
        SystemMetadata.prepareForCreate(&object, resource: resource, timestamp: timestamp())
        Strategies.prepareForCreate(&object, resource: resource, user: options.user)
        try await catalogHook(&object, resource, old: nil)
        let warnings = try validate(object, resource, old: nil) + decoded.warnings
        let claims = try await services.allocate(for: &object, old: nil, resource: resource, in: store)
        object = settleOwnership(of: object, from: nil, resource, subresource: "", options, ownership)
        if options.isDryRun {
            if try await load(resource, object.key) != nil { throw .alreadyExists(type, object.name) }
            return WriteResult(object: resource.presented(object), isCreated: true, warnings: warnings)
        }
        let stored: KubeObject
        do throws(StorageError) {
            stored = try await store.create(resource.stored(object), in: resource.storage, claiming: claims)
        } catch {
            if case .claimed = error, !services.isFixed(body) {
                return try await create(body, resource, options, ownership: ownership)
            }
            throw APIStatus(error, type, object.name)
        }
        await afterCreate(stored, resource)
        return WriteResult(object: resource.presented(stored), isCreated: true, warnings: warnings)
    }

    /// Checks apiVersion, kind, name and namespace of a body against the place it was sent to, and fills them in.
    func place(
        _ object: inout KubeObject, _ resource: APIResource, namespace: String?, name: String?
    ) throws(APIStatus) {
        let type = resource.type
        guard object.json.object != nil else { throw .badRequest("the body is not an object") }
        if object["metadata"]?.object == nil { object["metadata"] = [:] }
        if !object.apiVersion.isEmpty, object.apiVersion != type.apiVersion || object.kind != type.kind {
            throw .badRequest(
                "the API version in the data (\(object.apiVersion)), Kind=\(object.kind) does not match the expected API "
                    + "version (\(type.apiVersion)), Kind=\(type.kind)")
        }
        object["apiVersion"] = .string(type.apiVersion)
        object["kind"] = .string(type.kind)
        if let name {
            if object.name.isEmpty { object[path: "metadata", "name"] = .string(name) }
            guard object.name == name else {
                throw .badRequest(
                    "the name of the object (\(object.name)) does not match the name on the URL (\(name))")
            }
        }
        guard type.isNamespaced else {
            if let wrong = object.namespace, !wrong.isEmpty {
                throw .badRequest("namespace is not allowed on this type (\(wrong))")
            }
            object[path: "metadata", "namespace"] = nil
            return
        }
        guard let namespace, !namespace.isEmpty else {
            throw .badRequest("an empty namespace may not be set during creation")
        }
        if (object.namespace ?? "").isEmpty { object[path: "metadata", "namespace"] = .string(namespace) }
        guard object.namespace == namespace else {
            throw .badRequest(
                "the namespace of the provided object does not match the namespace sent on the request")
        }
    }

    private func checkNamespace(of object: KubeObject, _ resource: APIResource) async throws(APIStatus) {
        guard resource.type.isNamespaced, let name = object.namespace else { return }
        let namespaces = try self.resource(.namespaces)
        guard let namespace = try await load(namespaces, ObjectKey(namespace: nil, name: name)) else {
            throw .notFound(.namespaces, name)
        }
        guard namespace.isBeingDeleted else { return }
        // What clears a namespace up may still leave a word about it.
        if resource.storage == "events" { return }
        var status = APIStatus.forbidden(
            resource.type, object.name,
            "unable to create new content in namespace \(name) because it is being terminated")
        status.details?.causes = [
            APIStatus.Cause(
                reason: "NamespaceTerminating", message: "namespace \(name) is being terminated",
                field: "metadata.namespace")
        ]
        throw status
    }
}
