import KubeObjects

/// Who owns which field of an object of one resource, through one way of writing it (the object itself or one of its
/// subresources). Decides server-side apply and keeps metadata.managedFields on every other write.
package struct FieldOwnership: Sendable {
    package let type: ResourceType
    package let shape: TypeShape
    /// Empty for the object itself.
    package let subresource: String
    /// Kinds whose structures are always there, empty if need be, because their types in Kubernetes are.
    let isTyped: Bool
    /// What a write this way does not touch, and so does not own.
    let untouched: FieldSet

    package init(_ resource: ServedResource, subresource: String = "") {
        self.init(
            resource.type, resource.shape, subresource: subresource, isCustom: resource.isCustom,
            hasStatus: resource.subresource("status") != nil)
    }

    package init(
        _ type: ResourceType, _ shape: TypeShape, subresource: String = "", isCustom: Bool,
        hasStatus: Bool
    ) {
        self.type = type
        self.shape = shape
        self.subresource = subresource
        isTyped = !isCustom
        var untouched = FieldSet()
        switch subresource {
        case "": if hasStatus { untouched.insert([.field("status")]) }
        case "scale", "ephemeralcontainers": break
        case "finalize": untouched.insert([.field("status")])
        default:
            untouched.insert([.field("spec")])
            if isCustom, case .structure(let structure) = shape.resolved {
                for name in structure.fields.keys where name != "status" {
                    untouched.insert([.field(name)])
                }
                untouched.insert([.field("metadata")])
            }
        }
        self.untouched = untouched
    }

    /// What the server writes itself, or what only names the object.
    private static let systemFields = FieldSet(
        [.field("apiVersion")], [.field("kind")], [.field("metadata")],
        [.field("metadata"), .field("name")], [.field("metadata"), .field("namespace")],
        [.field("metadata"), .field("creationTimestamp")], [.field("metadata"), .field("selfLink")],
        [.field("metadata"), .field("uid")], [.field("metadata"), .field("clusterName")],
        [.field("metadata"), .field("generation")], [.field("metadata"), .field("managedFields")],
        [.field("metadata"), .field("resourceVersion")])

    func manager(_ name: String, _ operation: FieldManager.Operation) -> FieldManager {
        FieldManager(
            name: name, operation: operation, apiVersion: type.apiVersion, subresource: subresource)
    }

    /// Drops what is not ownable from a manager's fields, and the manager when nothing is left.
    func stripSystemFields(of manager: FieldManager, in managed: inout ManagedFields) {
        guard var entry = managed.entries[manager] else { return }
        entry.fields = entry.fields.subtracting(Self.systemFields)
        managed.entries[manager] = entry.fields.isEmpty ? nil : entry
    }

    /// Entries of this object's own API. Those of another (an Event has two) name other fields and are left alone.
    func isComparable(_ entry: ManagedFields.Entry) -> Bool {
        entry.apiVersion == type.apiVersion
            || (!type.group.isEmpty && entry.apiVersion.hasPrefix("\(type.group)/"))
    }
}

// MARK: - Updates

extension FieldOwnership {
    /// Sets the managedFields of an object that is about to be stored after a create, update or patch.
    ///
    /// - Parameters:
    ///   - object: the object as it will be stored, with the managedFields its author sent, if any.
    ///   - live: the stored object; nil when it is being created.
    ///   - manager: the request's fieldManager, else what stands before the `/` of its User-Agent.
    ///   - time: now, RFC 3339 in seconds.
    package func tracking(
        _ object: KubeObject, from live: KubeObject?, manager name: String, time: String
    ) -> KubeObject {
        let liveManaged = live?[path: "metadata", "managedFields"]
        let sent = object[path: "metadata", "managedFields"]
        var managed = ManagedFields()
        if !subresource.isEmpty {
            managed = ManagedFields(liveManaged) ?? managed
        } else if ManagedFields.asksForReset(sent) {
            // Nothing is tracked until the next apply.
        } else if let found = ManagedFields(sent), !found.isEmpty {
            managed = found
        } else {
            managed = ManagedFields(liveManaged) ?? managed
        }
        var result = object
        result[path: "metadata", "managedFields"] = nil
        if managed.isEmpty, live != nil { return result }
        var before = live?.json ?? ["apiVersion": .string(type.apiVersion), "kind": .string(type.kind)]
        before[path: "metadata", "managedFields"] = nil
        track(from: before, to: result.json, manager(name, .update), time: time, in: &managed)
        managed.capUpdateManagers()
        result[path: "metadata", "managedFields"] = managed.json
        return live.map { Self.keepingTimes(of: $0, in: result) } ?? result
    }

    /// Gives what changed to `manager` and takes it from everybody else.
    func track(
        from old: JSON, to new: JSON, _ manager: FieldManager, time: String,
        in managed: inout ManagedFields
    ) {
        managed = reconciled(managed)
        let comparison = compare(old, new)
        take(
            comparison.modified.union(comparison.added), lost: comparison.removed, except: nil,
            in: &managed)
        let gained = comparison.modified.union(comparison.added).subtracting(Self.systemFields)
        guard !gained.isEmpty else { return }
        let fields = (managed.entries[manager]?.fields ?? FieldSet()).union(gained)
        managed.entries[manager] = ManagedFields.Entry(
            fields: fields, apiVersion: type.apiVersion, time: time)
    }

    func compare(_ old: JSON, _ new: JSON) -> Comparison {
        let (old, new) = isTyped ? (shape.filled(old), shape.filled(new)) : (old, new)
        return Comparison(old, new, shape).excluding(untouched)
    }

    func take(
        _ taken: FieldSet, lost: FieldSet, except manager: FieldManager?,
        in managed: inout ManagedFields
    ) {
        for (other, entry) in managed.entries where other != manager && isComparable(entry) {
            var entry = entry
            entry.fields = entry.fields.subtracting(entry.fields.intersection(taken)).subtracting(lost)
            managed.entries[other] = entry.fields.isEmpty ? nil : entry
        }
    }

    /// Owned pieces of what has since become one piece turn into that piece.
    func reconciled(_ managed: ManagedFields) -> ManagedFields {
        var managed = managed
        for (manager, entry) in managed.entries where isComparable(entry) {
            managed.entries[manager]?.fields = entry.fields.collapsingAtomics(shape)
        }
        return managed
    }

    /// An object that differs from the live one in nothing but the times of its managedFields keeps the live times, so
    /// that writing it again writes nothing.
    package static func keepingTimes(of live: KubeObject, in object: KubeObject) -> KubeObject {
        guard let now = object[path: "metadata", "managedFields"]?.array,
            let before = live[path: "metadata", "managedFields"]?.array, now.count == before.count,
            !now.isEmpty
        else { return object }
        for (entry, old) in zip(now, before) {
            var (entry, old) = (entry, old)
            entry["time"] = nil
            old["time"] = nil
            guard entry == old else { return object }
        }
        var (rest, liveRest) = (object, live)
        for field in ["managedFields", "resourceVersion"] {
            rest[path: "metadata", field] = nil
            liveRest[path: "metadata", field] = nil
        }
        guard rest == liveRest else { return object }
        var result = object
        result[path: "metadata", "managedFields"] = live[path: "metadata", "managedFields"]
        return result
    }
}
