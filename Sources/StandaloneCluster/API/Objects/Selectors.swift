import APIMachinery
import KubeObjects

extension FieldSelector {
    /// Selects by one field's value.
    init(_ field: String, equals value: String) { self.init(equals: [field: value]) }

    var fields: [String] { terms.map(\.field) }

    /// Whether every term holds of what `value` gives for its field.
    func holds(_ value: (String) -> String) -> Bool { terms.allSatisfy { (value($0.field) == $0.value) == $0.isEqual } }

    /// The value that a field must have; nil when the selector leaves it open.
    func requiredValue(of field: String) -> String? { terms.first { $0.field == field && $0.isEqual }?.value }
}

extension Selection {
    /// Reads labelSelector and fieldSelector of a request for `resource`.
    init(_ query: QueryItems, namespace: String?, resource: APIResource) throws(APIStatus) {
        self.init(namespace: namespace)
        do throws(SelectorError) {
            if let text = query["labelSelector"], !text.isEmpty { labels = try LabelSelector(parsing: text) }
            if let text = query["fieldSelector"], !text.isEmpty { fields = try FieldSelector(parsing: text) }
        } catch {
            throw .badRequest(error.description)
        }
        for field in fields?.fields ?? [] where !SelectableFields.isSelectable(field, of: resource) {
            throw .badRequest(
                resource.isCustom
                    ? "field label not supported: \(field)"
                    : "\"\(field)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\" and the "
                        + "fields of \(resource.type) that Kubernetes indexes")
        }
    }
}
