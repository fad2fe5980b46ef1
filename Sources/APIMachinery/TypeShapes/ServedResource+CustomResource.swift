import KubeObjects

extension ServedResource {
    /// One version of a CustomResourceDefinition; nil when the definition does not have it or does not serve it.
    package init?(definition: KubeObject, version name: String) {
        let spec = definition["spec"] ?? [:]
        guard let group = spec["group"]?.string, let kind = spec[path: "names", "kind"]?.string,
            let plural = spec[path: "names", "plural"]?.string,
            let version = (spec["versions"]?.array ?? []).first(where: { $0["name"]?.string == name }),
            version["served"]?.bool ?? false
        else { return nil }
        var subresources: [Subresource] = []
        if version[path: "subresources", "status"] != nil { subresources.append(.status) }
        if let scale = version[path: "subresources", "scale"] {
            let path = { (key: String) -> [String] in
                (scale[key]?.string ?? "").split(separator: ".").map(String.init)
            }
            let selector = path("labelSelectorPath")
            subresources.append(
                .scale(
                    ScaleFields(
                        specReplicas: path("specReplicasPath"), statusReplicas: path("statusReplicasPath"),
                        selector: selector.isEmpty ? nil : selector)))
        }
        let schema = version[path: "schema", "openAPIV3Schema"] ?? ["type": "object"]
        self.init(
            ResourceType(
                group: group, version: name, kind: kind, plural: plural,
                isNamespaced: spec["scope"]?.string == "Namespaced"),
            singular: spec[path: "names", "singular"]?.string ?? kind.lowercased(),
            shortNames: spec[path: "names", "shortNames"]?.strings ?? [],
            categories: spec[path: "names", "categories"]?.strings ?? [],
            verbs: Self.storedVerbs, subresources: subresources,
            shape: TypeShape(customResource: schema),
            schema: schema,
            printerColumns: (version["additionalPrinterColumns"]?.array ?? []).compactMap(
                PrinterColumn.init))
    }
}
