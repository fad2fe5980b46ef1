import HTTPTransport
import KubeObjects

/// A change to an object, in one of the forms that every kind takes.
package enum PatchBody: Sendable {
    /// RFC 6902, as the list of its operations.
    case json(JSON)
    /// RFC 7386.
    case merge(JSON)
}

/// What must hold for a deletion to happen.
package struct Preconditions: Sendable, Hashable {
    package var uid: String?
    package var resourceVersion: String?

    package init(uid: String? = nil, resourceVersion: String? = nil) {
        self.uid = uid
        self.resourceVersion = resourceVersion
    }
}

package enum Propagation: String, Sendable {
    case background = "Background"
    case foreground = "Foreground"
    case orphan = "Orphan"
}

extension KubeClient {
    /// Not repeated when its answer is lost: the object may be there.
    package func create(_ object: KubeObject, _ type: ResourceType) async throws -> KubeObject {
        var call = Call(method: "POST", path: type.path(namespace: object.namespace), body: object.json)
        call.query = [("fieldManager", fieldManager)]
        call.isIdempotent = false
        return KubeObject(try await send(call))
    }

    /// Posts to what stands beneath an object, such as `token` of a service account, and gives the answer. Repeated when
    /// an answer is lost: for subresources that make nothing that stays.
    package func create(
        _ object: KubeObject, subresource: String, of type: ResourceType, _ key: ObjectKey
    ) async throws -> KubeObject {
        var call = Call(method: "POST", path: Self.path(type, key, subresource), body: object.json)
        call.query = [("fieldManager", fieldManager)]
        return KubeObject(try await send(call))
    }

    /// Replaces the object; one with a resourceVersion only while that is the stored one.
    package func update(
        _ object: KubeObject, _ type: ResourceType, subresource: String? = nil
    ) async throws -> KubeObject {
        var call = Call(method: "PUT", path: Self.path(type, object.key, subresource), body: object.json)
        call.query = [("fieldManager", fieldManager)]
        return KubeObject(try await send(call))
    }

    package func updateStatus(_ object: KubeObject, _ type: ResourceType) async throws -> KubeObject {
        try await update(object, type, subresource: "status")
    }

    /// Server-side apply: says which fields we want, and owns them from then on. `force` takes fields from others;
    /// without it their owner is named in a conflict.
    package func apply(
        _ object: KubeObject, _ type: ResourceType, force: Bool = true, subresource: String? = nil
    ) async throws -> KubeObject {
        var call = Call(method: "PATCH", path: Self.path(type, object.key, subresource), body: object.json)
        call.query = [("fieldManager", fieldManager)]
        if force { call.query.append(("force", "true")) }
        // JSON is YAML, which is what this media type holds.
        call.contentType = "application/apply-patch+yaml"
        return KubeObject(try await send(call))
    }

    package func patch(
        _ type: ResourceType, _ key: ObjectKey, _ body: PatchBody, subresource: String? = nil
    ) async throws -> KubeObject {
        var call = Call(method: "PATCH", path: Self.path(type, key, subresource))
        call.query = [("fieldManager", fieldManager)]
        switch body {
        case .json(let operations):
            call.body = operations
            call.contentType = "application/json-patch+json"
            // An `add` to a list adds again.
            call.isIdempotent = false
        case .merge(let change):
            call.body = change
            call.contentType = "application/merge-patch+json"
        }
        return KubeObject(try await send(call))
    }

    /// The number of replicas that the scale subresource says is wanted, after setting it.
    package func scale(_ type: ResourceType, _ key: ObjectKey, replicas: Int) async throws -> Int {
        let scale = try await patch(
            type, key, .merge(["spec": ["replicas": JSON(replicas)]]), subresource: "scale")
        return Int(scale[path: "spec", "replicas"]?.integer ?? 0)
    }

    /// Asks for the object's deletion; it may stay for its finalizers.
    package func delete(
        _ type: ResourceType, _ key: ObjectKey, preconditions: Preconditions? = nil,
        propagation: Propagation = .background
    ) async throws {
        var options: JSON = [
            "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": .string(propagation.rawValue),
        ]
        if let uid = preconditions?.uid { options[path: "preconditions", "uid"] = .string(uid) }
        if let version = preconditions?.resourceVersion {
            options[path: "preconditions", "resourceVersion"] = .string(version)
        }
        _ = try await send(Call(method: "DELETE", path: type.path(key), body: options))
    }

    private static func path(_ type: ResourceType, _ key: ObjectKey, _ subresource: String?) -> String {
        type.path(key) + (subresource.map { "/\($0)" } ?? "")
    }
}
