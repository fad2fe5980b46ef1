import APIMachinery
import KubeObjects

/// What every object's metadata must satisfy.
enum MetadataRules {
    /// Annotations of one object, keys and values together.
    private static let annotationLimit = 256 * 1024

    static func errors(_ object: KubeObject, type: ResourceType) -> [FieldError] {
        let metadata: FieldPath = "metadata"
        var errors: [FieldError] = []
        if object.name.isEmpty {
            errors.append(.required(metadata.child("name"), "name or generateName is required"))
        } else {
            errors += NameRules.problems(object.name, NameRules.form(of: type)).map {
                .invalid(metadata.child("name"), .string(object.name), $0)
            }
        }
        errors += labelErrors(object[path: "metadata", "labels"], metadata.child("labels"))
        errors += annotationErrors(object[path: "metadata", "annotations"], metadata.child("annotations"))
        errors += ownerErrors(object[path: "metadata", "ownerReferences"], metadata.child("ownerReferences"))
        errors += finalizerErrors(object[path: "metadata", "finalizers"], metadata.child("finalizers"))
        return errors
    }

    static func labelErrors(_ labels: JSON?, _ path: FieldPath) -> [FieldError] {
        (labels?.object ?? [:]).sorted { $0.key < $1.key }.flatMap { key, value in
            NameRules.keyProblems(key).map { FieldError.invalid(path, .string(key), $0) }
                + NameRules.labelValueProblems(value.string ?? "").map { FieldError.invalid(path, value, $0) }
        }
    }

    private static func annotationErrors(_ annotations: JSON?, _ path: FieldPath) -> [FieldError] {
        var size = 0
        var errors: [FieldError] = []
        for (key, value) in (annotations?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            errors += NameRules.keyProblems(key.lowercased()).map { FieldError.invalid(path, .string(key), $0) }
            size += key.utf8.count + (value.string ?? "").utf8.count
        }
        if size > annotationLimit { errors.append(.tooLong(path, limit: annotationLimit)) }
        return errors
    }

    private static func ownerErrors(_ owners: JSON?, _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        var controller: String?
        for (index, owner) in (owners?.array ?? []).enumerated() {
            for field in ["apiVersion", "kind", "name", "uid"] where (owner[field]?.string ?? "").isEmpty {
                let text = field == "apiVersion" ? "version must not be empty" : "must not be empty"
                errors.append(.invalid(path.index(index).child(field), .string(""), text))
            }
            guard owner["controller"]?.bool == true else { continue }
            let name = owner["name"]?.string ?? ""
            if let other = controller {
                errors.append(
                    .invalid(
                        path, owners,
                        "Only one reference can have Controller set to true. Found \"true\" in references for "
                            + "\(other) and \(name)"))
            }
            controller = name
        }
        return errors
    }

    private static func finalizerErrors(_ finalizers: JSON?, _ path: FieldPath) -> [FieldError] {
        (finalizers?.strings ?? []).enumerated().flatMap { index, name in
            NameRules.keyProblems(name).map { FieldError.invalid(path.index(index), .string(name), $0) }
        }
    }

    /// What may not change between two states of one object.
    static func updateErrors(_ object: KubeObject, from old: KubeObject) -> [FieldError] {
        let metadata: FieldPath = "metadata"
        var errors: [FieldError] = []
        func immutable(_ field: String) {
            let value = object[path: "metadata", field]
            if value != old[path: "metadata", field] {
                errors.append(.invalid(metadata.child(field), value ?? "", "field is immutable"))
            }
        }
        for field in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"] { immutable(field) }
        if old.isBeingDeleted {
            let added = Set(object.finalizers).subtracting(old.finalizers).sorted()
            if !added.isEmpty {
                errors.append(
                    .forbidden(
                        metadata.child("finalizers"),
                        "no new finalizers can be added if the object is being deleted, found new finalizers "
                            + "[\(added.map { "\"\($0)\"" }.joined(separator: " "))]"))
            }
        }
        return errors
    }
}
