import KubeObjects

extension CustomResource {
    /// The whole object's schema.
    package var schema: SchemaNode {
        .object(summary) {
            optional("apiVersion", .string("Version of the API that this object is written in."))
            optional("kind", .string("Kind of this object."))
            // The name stands here for rules that speak of it; API servers know the rest.
            optional("metadata", .object { optional("name", .string()) })
            required("spec", spec)
            optional("status", status)
        }.rules(rules)
    }

    /// The CustomResourceDefinition. One version only, so there is nothing to convert.
    package var manifest: KubeObject {
        var names: JSON = [
            "kind": .string(type.kind), "listKind": .string("\(type.kind)List"), "plural": .string(type.plural),
            "singular": .string(type.kind.lowercased()),
        ]
        if !shortNames.isEmpty { names["shortNames"] = JSON(shortNames) }
        if !categories.isEmpty { names["categories"] = JSON(categories) }

        var subresources: JSON = ["status": [:]]
        if let scale {
            subresources["scale"] = [
                "specReplicasPath": .string(scale.specReplicasPath),
                "statusReplicasPath": .string(scale.statusReplicasPath),
                "labelSelectorPath": .string(scale.labelSelectorPath),
            ]
        }
        var crd = ResourceType.customResourceDefinitions.object(
            ObjectKey(namespace: nil, name: "\(type.plural).\(type.group)"))
        crd["spec"] = [
            "group": .string(type.group),
            "names": names,
            "scope": type.isNamespaced ? "Namespaced" : "Cluster",
            "versions": [
                [
                    "name": .string(type.version), "served": true, "storage": true,
                    "additionalPrinterColumns": .array(columns.map(\.json)),
                    "subresources": subresources,
                    "schema": ["openAPIV3Schema": schema.openAPI],
                ]
            ],
        ]
        return crd
    }

    /// `kamaji.clastix.io_tenantcontrolplanes.yaml`, as upstream's charts name it.
    package var fileName: String { "\(type.group)_\(type.plural).yaml" }
}

extension PrinterColumn {
    fileprivate var json: JSON {
        ["name": .string(name), "jsonPath": .string(path), "type": .string(type), "description": .string(summary)]
    }
}
