import APIMachinery
import KubeObjects

/// CustomResourceDefinitions: what they define, what is wrong with them, and the status that says they are served.
enum CustomResources {
    static let cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io"

    /// The served versions of a definition; none until its names are accepted.
    static func resources(_ definition: KubeObject) -> [APIResource] {
        guard isEstablished(definition) else { return [] }
        let group = definition[path: "spec", "group"]?.string ?? ""
        let versions = definition[path: "spec", "versions"]?.array ?? []
        let stored = versions.first { $0["storage"]?.bool == true }?["name"]?.string ?? ""
        return versions.compactMap { version in
            guard let name = version["name"]?.string,
                let served = ServedResource(definition: definition, version: name)
            else { return nil }
            let custom = CustomVersion(
                schema: served.schema.flatMap { try? CompiledSchema($0) },
                selectableFields: (version["selectableFields"]?.array ?? []).compactMap {
                    $0["jsonPath"]?.string.map { String($0.drop { $0 == "." }) }
                },
                deprecationWarning: deprecationWarning(version, served.type), isTerminating: definition.isBeingDeleted)
            return APIResource(custom: served, custom, storedAs: "\(group)/\(stored)")
        }
    }

    private static func deprecationWarning(_ version: JSON, _ type: ResourceType) -> String? {
        guard version["deprecated"]?.bool == true else { return nil }
        return version["deprecationWarning"]?.string ?? "\(type.apiVersion) \(type.kind) is deprecated"
    }

    static func isEstablished(_ definition: KubeObject) -> Bool {
        (definition[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"] == "Established" && $0["status"] == "True"
        }
    }

    // MARK: Acceptance

    static func errors(_ definition: KubeObject, old: KubeObject?) -> [FieldError] {
        var errors: [FieldError] = []
        let spec: FieldPath = "spec"
        let group = definition[path: "spec", "group"]?.string ?? ""
        let plural = definition[path: "spec", "names", "plural"]?.string ?? ""
        if group.isEmpty { errors.append(.required(spec.child("group"))) }
        if plural.isEmpty { errors.append(.required(spec.child("names").child("plural"))) }
        if (definition[path: "spec", "names", "kind"]?.string ?? "").isEmpty {
            errors.append(.required(spec.child("names").child("kind")))
        }
        if definition.name != "\(plural).\(group)" {
            errors.append(
                .invalid(
                    "metadata.name", .string(definition.name), "must be spec.names.plural+\".\"+spec.group"))
        }
        let scopes = ["Cluster", "Namespaced"]
        let scope = definition[path: "spec", "scope"]?.string ?? ""
        if scope.isEmpty {
            errors.append(.required(spec.child("scope")))
        } else if !scopes.contains(scope) {
            errors.append(.notSupported(spec.child("scope"), .string(scope), supported: scopes))
        }
        errors += versionErrors(definition, spec.child("versions"))
        if let old {
            let names = ["names.kind", "names.plural", "group", "scope"]
            for name in names {
                let path = ["spec"] + name.split(separator: ".").map(String.init)
                if definition.json[path: path] != old.json[path: path] {
                    errors.append(.invalid(spec.child(name), definition.json[path: path], "field is immutable"))
                }
            }
        }
        return errors
    }

    private static func versionErrors(_ definition: KubeObject, _ path: FieldPath) -> [FieldError] {
        let versions = definition[path: "spec", "versions"]?.array ?? []
        if versions.isEmpty {
            return [.invalid(path, [], "must have exactly one version marked as storage version")]
        }
        var errors: [FieldError] = []
        for (index, version) in versions.enumerated() {
            let here = path.index(index)
            if (version["name"]?.string ?? "").isEmpty { errors.append(.required(here.child("name"))) }
            let schemaPath = here.child("schema").child("openAPIV3Schema")
            guard let schema = version[path: "schema", "openAPIV3Schema"] else {
                errors.append(.required(schemaPath, "schemas are required"))
                continue
            }
            do throws(FieldError) {
                errors += try CompiledSchema(schema).ruleProblems(at: schemaPath)
            } catch {
                var located = error
                located.path = FieldPath(
                    stringLiteral: error.path.isRoot ? "\(schemaPath)" : "\(schemaPath).\(error.path)")
                errors.append(located)
            }
        }
        if versions.filter({ $0["storage"]?.bool == true }).count != 1 {
            errors.append(
                .invalid(
                    path, definition[path: "spec", "versions"],
                    "must have exactly one version marked as storage version"))
        }
        return errors
    }

    /// The definition with the status of one that is served: names accepted, established, its storage version noted.
    static func accepted(_ definition: KubeObject, timestamp: JSON) -> KubeObject {
        var definition = definition
        definition[path: "status", "acceptedNames"] = definition[path: "spec", "names"]
        let stored = (definition[path: "spec", "versions"]?.array ?? [])
            .first { $0["storage"]?.bool == true }?["name"]?.string
        var versions = definition[path: "status", "storedVersions"]?.strings ?? []
        if let stored, !versions.contains(stored) { versions.append(stored) }
        definition[path: "status", "storedVersions"] = JSON(versions)
        set(&definition, "NamesAccepted", "NoConflicts", "no conflicts found", timestamp)
        set(
            &definition, "Established", "InitialNamesAccepted", "the initial names have been accepted", timestamp)
        if definition.isBeingDeleted {
            set(
                &definition, "Terminating", "InstanceDeletionInProgress",
                "CustomResource deletion is in progress", timestamp)
        }
        return definition
    }

    private static func set(
        _ definition: inout KubeObject, _ type: String, _ reason: String, _ message: String, _ timestamp: JSON
    ) {
        var conditions = definition[path: "status", "conditions"]?.array ?? []
        guard !conditions.contains(where: { $0["type"]?.string == type && $0["status"] == "True" }) else { return }
        conditions.removeAll { $0["type"]?.string == type }
        conditions.append([
            "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message),
            "lastTransitionTime": timestamp,
        ])
        definition[path: "status", "conditions"] = .array(conditions)
    }
}

extension ClusterAPI {
    /// A definition is checked, given its finalizer and accepted in the write that stores it, so that it is served the
    /// moment its author has the answer.
    func catalogHook(_ object: inout KubeObject, _ resource: APIResource, old: KubeObject?) async throws(APIStatus) {
        guard resource.type == .customResourceDefinitions else { return }
        let errors = CustomResources.errors(object, old: old)
        if !errors.isEmpty { throw .invalid(resource.type, object.name, errors) }
        if !object.isBeingDeleted, !object.finalizers.contains(CustomResources.cleanupFinalizer) {
            object.finalizers.append(CustomResources.cleanupFinalizer)
        }
        let group = object[path: "spec", "group"]?.string ?? ""
        let taken = catalog.snapshot.all.first {
            $0.type.group == group && $0.type.kind == object[path: "spec", "names", "kind"]?.string
                && $0.storage != object.name
        }
        if let taken {
            throw .invalid(
                resource.type, object.name,
                [
                    .invalid(
                        "spec.names.kind", object[path: "spec", "names", "kind"],
                        "\"\(taken.type.kind)\" is already in use by \(taken.type)")
                ])
        }
        object = CustomResources.accepted(object, timestamp: timestamp())
    }

    /// Serves every definition that the store holds; called once, before the first request.
    package func loadDefinitions() async throws(APIStatus) {
        for definition in try await list(.customResourceDefinitions).items { catalog.define(definition) }
    }
}
