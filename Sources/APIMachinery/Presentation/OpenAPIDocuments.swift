import KubeObjects

/// OpenAPI documents of what is served, as JSON; `OpenAPIProtobuf` makes the other form of `/openapi/v2`.
///
/// Making a document takes a walk through every type it refers to, so callers keep what they got, by `hash`.
package struct OpenAPIDocuments: Sendable {
    private let resources: [String: [ServedResource]]
    private let all: [ServedResource]
    /// Of Kubernetes, as in `v1.36.2`.
    private let version: String

    package init(_ resources: [ServedResource], version: String) {
        self.resources = Dictionary(grouping: resources) { Self.path($0.type) }
        all = resources
        self.version = version
    }

    /// `api/v1`, `apis/apps/v1`.
    static func path(_ type: ResourceType) -> String {
        type.group.isEmpty ? "api/\(type.version)" : "apis/\(type.group)/\(type.version)"
    }

    /// `/openapi/v3`: a URL for each group version, which changes when its document does.
    package var index: JSON {
        let paths = resources.keys.map { path in
            (
                path,
                JSON.object(["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash(path) ?? "")")])
            )
        }
        return ["paths": .object(Dictionary(paths) { $1 })]
    }

    /// What changes when the document of a group version does; nil for one that is not served. `path` is as in `index`.
    package func hash(_ path: String) -> String? {
        guard let resources = resources[path] else { return nil }
        return Self.hash(resources, version)
    }

    /// What changes when the one OpenAPI 2 document does.
    package var swaggerHash: String { Self.hash(all, version) }

    private static func hash(_ resources: [ServedResource], _ version: String) -> String {
        var bytes = Array(version.utf8)
        for resource in resources.sorted(by: {
            ($0.type.description, $0.type.version) < ($1.type.description, $1.type.version)
        }) {
            bytes +=
                "\n\(resource.type.apiVersion) \(resource.type.kind) \(resource.type) \(resource.type.isNamespaced)"
                .utf8
            bytes += resource.verbs.joined(separator: ",").utf8
            bytes += resource.subresources.map(\.name).sorted().joined(separator: ",").utf8
            resource.schema?.write(into: &bytes)
        }
        return Checksum.md5(bytes).uppercased()
    }

    /// `/openapi/v3/PATH`; nil for a group version that is not served.
    package func document(_ path: String) -> JSON? {
        guard let resources = resources[path] else { return nil }
        var schemas = OpenAPISchemas(.v3, kinds: kinds(of: resources))
        let paths = OpenAPIPaths.paths(of: resources, &schemas)
        return [
            "openapi": "3.0.0", "info": info, "paths": .object(paths),
            "components": ["schemas": .object(schemas.definitions)],
        ]
    }

    /// `/openapi/v2`.
    package var swagger: JSON {
        var schemas = OpenAPISchemas(.v2, kinds: kinds(of: all))
        let paths = OpenAPIPaths.paths(of: all, &schemas)
        return [
            "swagger": "2.0", "info": info, "paths": .object(paths),
            "definitions": .object(schemas.definitions),
        ]
    }

    private var info: JSON { ["title": "Kubernetes", "version": .string(version)] }

    /// Of structures that are kinds: a document names them, so that clients find the schema of what they hold.
    private func kinds(of resources: [ServedResource]) -> [String: [ResourceType]] {
        var kinds: [String: [ResourceType]] = [:]
        for resource in resources {
            if case .reference(let name) = resource.shape { kinds[name] = [resource.type] }
            for subresource in resource.subresources {
                guard let (name, type) = OpenAPIPaths.responseStructure(subresource) else { continue }
                kinds[name] = [type]
            }
        }
        let options = resources.reduce(into: Set<String>()) { $0.insert($1.type.apiVersion) }.sorted()
        kinds["meta/DeleteOptions"] = options.map { apiVersion in
            let parts = apiVersion.split(separator: "/").map(String.init)
            return ResourceType(
                group: parts.count == 2 ? parts[0] : "", version: parts[parts.count - 1],
                kind: "DeleteOptions",
                plural: "")
        }
        kinds["meta/Status"] = [ResourceType(group: "", version: "v1", kind: "Status", plural: "")]
        return kinds
    }
}
