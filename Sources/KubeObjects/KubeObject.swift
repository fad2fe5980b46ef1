/// Any Kubernetes object, whole, with names for the metadata that everything of ours reads.
package struct KubeObject: Sendable, Hashable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    /// An object with its identity and nothing else.
    package init(apiVersion: String, kind: String, name: String, namespace: String? = nil) {
        var metadata: JSON = ["name": .string(name)]
        if let namespace { metadata["namespace"] = .string(namespace) }
        json = ["apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": metadata]
    }

    package subscript(key: String) -> JSON? {
        get { json[key] }
        set { json[key] = newValue }
    }

    package subscript(path path: String...) -> JSON? {
        get { json[path: path] }
        set { json[path: path] = newValue }
    }
}

extension KubeObject {
    package var apiVersion: String { json["apiVersion"]?.string ?? "" }
    package var kind: String { json["kind"]?.string ?? "" }
    package var name: String { json[path: "metadata", "name"]?.string ?? "" }
    package var namespace: String? { json[path: "metadata", "namespace"]?.string }
    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }

    package var uid: String { json[path: "metadata", "uid"]?.string ?? "" }
    /// Opaque; equal strings mean the same stored object, nothing else may be read from it.
    package var resourceVersion: String { json[path: "metadata", "resourceVersion"]?.string ?? "" }
    package var generation: Int64 { json[path: "metadata", "generation"]?.integer ?? 0 }
    /// RFC 3339, in seconds.
    package var creationTimestamp: String? { json[path: "metadata", "creationTimestamp"]?.string }
    /// Set once the object is being deleted; it then stays until its last finalizer is gone.
    package var deletionTimestamp: String? { json[path: "metadata", "deletionTimestamp"]?.string }
    package var isBeingDeleted: Bool { deletionTimestamp != nil }

    package var labels: [String: String] {
        get { json[path: "metadata", "labels"]?.stringMap ?? [:] }
        set { json[path: "metadata", "labels"] = newValue.isEmpty ? JSON?.none : JSON(newValue) }
    }

    package var annotations: [String: String] {
        get { json[path: "metadata", "annotations"]?.stringMap ?? [:] }
        set { json[path: "metadata", "annotations"] = newValue.isEmpty ? JSON?.none : JSON(newValue) }
    }

    package var finalizers: [String] {
        get { json[path: "metadata", "finalizers"]?.strings ?? [] }
        set { json[path: "metadata", "finalizers"] = newValue.isEmpty ? JSON?.none : JSON(newValue) }
    }

    package var ownerReferences: [OwnerReference] {
        get { (json[path: "metadata", "ownerReferences"]?.array ?? []).compactMap(OwnerReference.init) }
        set { json[path: "metadata", "ownerReferences"] = newValue.isEmpty ? JSON?.none : .array(newValue.map(\.json)) }
    }
}

/// Where an object stands: its namespace (nil for a cluster-scoped one) and its name.
package struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var namespace: String?
    package var name: String

    package init(namespace: String?, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace ?? "", left.name) < (right.namespace ?? "", right.name)
    }

    /// `namespace/name`, or the bare name of a cluster-scoped object.
    package var description: String { namespace.map { "\($0)/\(name)" } ?? name }
}

/// metav1.OwnerReference: with `uid` it binds an object's life to its owner's.
package struct OwnerReference: Sendable, Hashable {
    package var apiVersion: String
    package var kind: String
    package var name: String
    package var uid: String
    package var isController: Bool
    package var blocksOwnerDeletion: Bool

    package init(
        apiVersion: String, kind: String, name: String, uid: String,
        isController: Bool = true, blocksOwnerDeletion: Bool = true
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.isController = isController
        self.blocksOwnerDeletion = blocksOwnerDeletion
    }

    /// The controlling owner reference to `owner`, which must already have its uid.
    package init(controller owner: KubeObject) {
        self.init(apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid)
    }

    package init?(_ json: JSON) {
        guard let apiVersion = json["apiVersion"]?.string, let kind = json["kind"]?.string,
            let name = json["name"]?.string, let uid = json["uid"]?.string
        else { return nil }
        self.init(
            apiVersion: apiVersion, kind: kind, name: name, uid: uid,
            isController: json["controller"]?.bool ?? false,
            blocksOwnerDeletion: json["blockOwnerDeletion"]?.bool ?? false)
    }

    package var json: JSON {
        var json: JSON = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": .string(uid),
        ]
        if isController { json["controller"] = true }
        if blocksOwnerDeletion { json["blockOwnerDeletion"] = true }
        return json
    }
}
