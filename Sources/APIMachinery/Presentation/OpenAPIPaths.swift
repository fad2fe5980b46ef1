import KubeObjects

/// The paths of OpenAPI documents: which verbs a resource takes, with which parameters and bodies.
enum OpenAPIPaths {
    static func paths(of resources: [ServedResource], _ schemas: inout OpenAPISchemas) -> [String:
        JSON]
    {
        var paths: [String: JSON] = [:]
        for resource in resources {
            let collection = resource.type.path(namespace: "{namespace}")
            let item = "\(collection)/{name}"
            paths[collection] = path(resource, ["list", "create", "deletecollection"], &schemas)
            if resource.type.isNamespaced, resource.verbs.contains("list") {
                paths[resource.type.path(namespace: nil)] = path(
                    resource, ["list"], &schemas, allNamespaces: true)
            }
            let verbs = ["get", "update", "patch", "delete"]
            if !resource.verbs.allSatisfy({ !verbs.contains($0) }) {
                paths[item] = path(resource, verbs, &schemas, hasName: true)
            }
            for subresource in resource.subresources {
                paths["\(item)/\(subresource.name)"] = path(resource, subresource, &schemas)
            }
        }
        return paths
    }

    /// The structure that a subresource answers with, when it is not the resource's own.
    static func responseStructure(_ subresource: Subresource) -> (name: String, type: ResourceType)? {
        guard let kind = subresource.responseKind, let version = subresource.responseVersion,
            let group = subresource.responseGroup
        else { return nil }
        let api = group.isEmpty ? "core" : String(group.prefix { $0 != "." })
        return ("\(api)/\(kind)", ResourceType(group: group, version: version, kind: kind, plural: ""))
    }

    // MARK: One path

    private static func path(
        _ resource: ServedResource, _ verbs: [String], _ schemas: inout OpenAPISchemas,
        hasName: Bool = false,
        allNamespaces: Bool = false
    ) -> JSON {
        let definition = schemas.definition(of: resource)
        let list = verbs.contains("list") ? schemas.listDefinition(of: resource) : definition
        var path: JSON = [:]
        for verb in verbs where resource.verbs.contains(verb) {
            let answer = ["list": list, "delete": "", "deletecollection": ""][verb] ?? definition
            path[method(verb)] = operation(
                verb, resource, resource.type, body: definition, answer: answer, "", &schemas,
                allNamespaces: allNamespaces)
        }
        path["parameters"] = .array(
            pathParameters(resource.type.isNamespaced && !allNamespaces, hasName, schemas.style))
        return path
    }

    private static func path(
        _ resource: ServedResource, _ subresource: Subresource, _ schemas: inout OpenAPISchemas
    ) -> JSON {
        var type = resource.type
        var definition = schemas.definition(of: resource)
        if let (name, responseType) = responseStructure(subresource) {
            definition = schemas.structure(name)
            type = responseType
        }
        var path: JSON = [:]
        for verb in subresource.verbs {
            path[method(verb)] = operation(
                verb, resource, type, body: definition, answer: definition, subresource.name, &schemas)
        }
        path["parameters"] = .array(pathParameters(resource.type.isNamespaced, true, schemas.style))
        return path
    }

    private static func method(_ verb: String) -> String {
        switch verb {
        case "create": "post"
        case "update": "put"
        case "patch": "patch"
        case "delete", "deletecollection": "delete"
        default: "get"
        }
    }

    private static func operation(
        _ verb: String, _ resource: ServedResource, _ type: ResourceType, body: String, answer: String,
        _ subresource: String, _ schemas: inout OpenAPISchemas, allNamespaces: Bool = false
    ) -> JSON {
        let answer = answer.isEmpty ? schemas.structure("meta/Status") : answer
        var operation: JSON = [
            "operationId": .string(identifier(verb, resource, subresource, allNamespaces)),
            "tags": [.string(groupName(resource.type, separator: "_").lowercasedFirst)],
            "x-kubernetes-action": .string(verb == "create" ? "post" : verb == "update" ? "put" : verb),
            "x-kubernetes-group-version-kind": OpenAPISchemas.kindsEntry(type),
        ]
        var parameters = queryParameters(verb).map { parameter($0.0, $0.1, "query", schemas.style) }
        let consumed = bodyTypes(verb, isCustom: resource.isCustom)
        if !consumed.isEmpty {
            let definition = bodyDefinition(verb, body, &schemas)
            switch schemas.style {
            case .v2:
                operation["consumes"] = JSON(consumed)
                parameters.append([
                    "name": "body", "in": "body", "required": .bool(verb != "delete"),
                    "schema": schemas.reference(definition),
                ])
            case .v3:
                let content = consumed.map { ($0, JSON.object(["schema": schemas.reference(definition)])) }
                operation["requestBody"] = [
                    "content": .object(Dictionary(content) { $1 }), "required": .bool(verb != "delete"),
                ]
            }
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        operation["responses"] = responses(verb, answer, schemas)
        return operation
    }

    private static func responses(_ verb: String, _ answer: String, _ schemas: OpenAPISchemas) -> JSON {
        let reference = schemas.reference(answer)
        let ok: JSON =
            schemas.style == .v2
            ? ["description": "OK", "schema": reference]
            : ["description": "OK", "content": ["application/json": ["schema": reference]]]
        var responses: JSON = ["200": ok, "401": ["description": "Unauthorized"]]
        if ["create", "update", "patch"].contains(verb) {
            var created = ok
            created["description"] = "Created"
            responses["201"] = created
        }
        return responses
    }

    // MARK: Parameters and bodies

    private static func bodyTypes(_ verb: String, isCustom: Bool) -> [String] {
        switch verb {
        case "create", "update", "delete", "deletecollection": ["application/json", "application/yaml"]
        case "patch":
            [
                "application/apply-patch+yaml", "application/json-patch+json",
                "application/merge-patch+json",
            ]
                + (isCustom ? [] : ["application/strategic-merge-patch+json"])
        default: []
        }
    }

    private static func bodyDefinition(
        _ verb: String, _ body: String, _ schemas: inout OpenAPISchemas
    ) -> String {
        switch verb {
        case "delete", "deletecollection": return schemas.structure("meta/DeleteOptions")
        case "patch":
            let name = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"
            schemas.add(name, ["type": "object"])
            return name
        default: return body
        }
    }

    /// Names and types. That PATCH has dryRun and fieldValidation is what kubectl looks for.
    private static func queryParameters(_ verb: String) -> [(String, String)] {
        let write = [("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string")]
        let selection = [
            ("continue", "string"), ("fieldSelector", "string"), ("labelSelector", "string"),
            ("limit", "integer"),
            ("resourceVersion", "string"), ("resourceVersionMatch", "string"),
            ("sendInitialEvents", "boolean"),
            ("timeoutSeconds", "integer"),
        ]
        let deletion = [
            ("dryRun", "string"), ("gracePeriodSeconds", "integer"), ("orphanDependents", "boolean"),
            ("propagationPolicy", "string"),
        ]
        return switch verb {
        case "create", "update": write
        case "patch": write + [("force", "boolean")]
        case "list": selection + [("allowWatchBookmarks", "boolean"), ("watch", "boolean")]
        case "delete": deletion
        case "deletecollection": deletion + selection
        default: []
        }
    }

    private static func pathParameters(
        _ hasNamespace: Bool, _ hasName: Bool, _ style: OpenAPISchemas.Style
    ) -> [JSON] {
        var parameters: [JSON] = []
        if hasName { parameters.append(parameter("name", "string", "path", style)) }
        if hasNamespace { parameters.append(parameter("namespace", "string", "path", style)) }
        parameters.append(parameter("pretty", "string", "query", style))
        return parameters
    }

    private static func parameter(
        _ name: String, _ type: String, _ place: String, _ style: OpenAPISchemas.Style
    ) -> JSON {
        var parameter: JSON = ["name": .string(name), "in": .string(place)]
        if place == "path" { parameter["required"] = true }
        switch style {
        case .v2:
            parameter["type"] = .string(type)
            parameter["uniqueItems"] = true
        case .v3: parameter["schema"] = ["type": .string(type), "uniqueItems": true]
        }
        return parameter
    }

    // MARK: Names

    /// `AppsV1` for apps/v1, `CoreV1` for v1.
    private static func groupName(_ type: ResourceType, separator: String = "") -> String {
        let group = type.group.isEmpty ? "core" : type.group
        let short = group.hasSuffix(".k8s.io") ? String(group.dropLast(7)) : group
        let name = short.split(separator: ".").map { String($0).capitalizedFirst }.joined()
        return "\(name)\(separator)\(separator.isEmpty ? type.version.capitalizedFirst : type.version)"
    }

    private static func identifier(
        _ verb: String, _ resource: ServedResource, _ subresource: String, _ allNamespaces: Bool
    ) -> String {
        let verbs = ["get": "read", "update": "replace", "deletecollection": "deleteCollection"]
        let scope = resource.type.isNamespaced && !allNamespaces ? "Namespaced" : ""
        let suffix = allNamespaces ? "ForAllNamespaces" : ""
        return "\(verbs[verb] ?? verb)\(groupName(resource.type))\(scope)\(resource.type.kind)"
            + "\(subresource.capitalizedFirst)\(suffix)"
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
