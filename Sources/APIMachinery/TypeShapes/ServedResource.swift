import KubeObjects

/// One resource as an API serves it: what discovery, tables, OpenAPI documents and field ownership are made from.
package struct ServedResource: Sendable {
    package var type: ResourceType
    package var singular: String
    package var shortNames: [String]
    package var categories: [String]
    /// As in discovery: `create`, `delete`, `deletecollection`, `get`, `list`, `patch`, `update`, `watch`.
    package var verbs: [String]
    package var subresources: [Subresource]
    package var shape: TypeShape
    /// A custom resource's `openAPIV3Schema`.
    package var schema: JSON?
    /// A custom resource's own columns; nil where a kind has built-in ones.
    package var printerColumns: [PrinterColumn]?
    /// The group's preferred version is the highest; 0 for most.
    package var versionPriority: Int

    package init(
        _ type: ResourceType, singular: String, shortNames: [String] = [], categories: [String] = [],
        verbs: [String] = ServedResource.storedVerbs, subresources: [Subresource] = [],
        shape: TypeShape,
        schema: JSON? = nil, printerColumns: [PrinterColumn]? = nil, versionPriority: Int = 0
    ) {
        self.type = type
        self.singular = singular
        self.shortNames = shortNames
        self.categories = categories
        self.verbs = verbs
        self.subresources = subresources
        self.shape = shape
        self.schema = schema
        self.printerColumns = printerColumns
        self.versionPriority = versionPriority
    }

    /// What a kind that is stored can be asked for.
    package static let storedVerbs = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]

    package var isCustom: Bool { schema != nil || printerColumns != nil }

    package func subresource(_ name: String) -> Subresource? {
        subresources.first { $0.name == name }
    }
}

/// `status`, `scale`, `token` and the like.
package struct Subresource: Sendable, Hashable {
    package var name: String
    package var verbs: [String]
    /// The kind it takes and answers with, when it is not the resource's own.
    package var responseGroup: String?
    package var responseVersion: String?
    package var responseKind: String?
    /// Of `scale`.
    package var scale: ScaleFields?

    package init(
        _ name: String, verbs: [String] = ["get", "patch", "update"],
        response: (group: String, version: String, kind: String)? = nil, scale: ScaleFields? = nil
    ) {
        self.name = name
        self.verbs = verbs
        responseGroup = response?.group
        responseVersion = response?.version
        responseKind = response?.kind
        self.scale = scale
    }

    package static let status = Subresource("status")

    package static func scale(_ fields: ScaleFields = .workload) -> Subresource {
        Subresource("scale", response: ("autoscaling", "v1", "Scale"), scale: fields)
    }
}

/// Where a resource keeps what autoscaling/v1 Scale shows; each the field names on the way from the object's root.
package struct ScaleFields: Sendable, Hashable {
    package var specReplicas: [String]
    package var statusReplicas: [String]
    package var selector: [String]?

    package init(specReplicas: [String], statusReplicas: [String], selector: [String]?) {
        self.specReplicas = specReplicas
        self.statusReplicas = statusReplicas
        self.selector = selector
    }

    package static let workload = ScaleFields(
        specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"],
        selector: ["spec", "selector"])
}

/// One of a CRD's additionalPrinterColumns.
package struct PrinterColumn: Sendable, Hashable {
    package var name: String
    /// `string`, `integer`, `number`, `boolean`, `date`.
    package var type: String
    package var format: String
    package var description: String
    /// Above 0 it is shown by `-o wide` only.
    package var priority: Int
    package var jsonPath: String

    package init(
        name: String, type: String, format: String = "", description: String = "", priority: Int = 0,
        jsonPath: String
    ) {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
        self.jsonPath = jsonPath
    }

    /// Reads an entry of additionalPrinterColumns; nil without a name or path.
    package init?(_ json: JSON) {
        guard let name = json["name"]?.string, let path = json["jsonPath"]?.string else { return nil }
        self.init(
            name: name, type: json["type"]?.string ?? "string", format: json["format"]?.string ?? "",
            description: json["description"]?.string ?? "",
            priority: Int(clamping: json["priority"]?.integer ?? 0), jsonPath: path)
    }
}
