import KubeObjects

/// Makes a kubeconfig in every tenant that its selectors match. The object stays whole; `spec` is a typed reading.
package struct KubeconfigGenerator: Sendable, Hashable {
    package var object: KubeObject
    package let spec: Spec

    package init(_ object: KubeObject) throws(InvalidObject) {
        self.object = object
        let given = object["spec"] ?? .object([:])
        spec = try Spec(FieldReader(CustomResources.kubeconfigGeneratorSpec.defaulted(given), at: "spec"))
    }

    package var name: String { object.name }
    package var isPaused: Bool { object.annotations[Keys.paused] != nil }

    package struct Spec: Sendable, Hashable {
        /// metav1.LabelSelector; without fields it selects everything.
        package let namespaceSelector: JSON
        /// metav1.LabelSelector; without fields it selects everything.
        package let tenantControlPlaneSelector: JSON
        /// The certificate's organizations.
        package let groups: [CompoundValue]
        /// The certificate's common name.
        package let user: CompoundValue
        /// The key of `<tenant>-admin-kubeconfig` whose server is taken.
        package let controlPlaneEndpointFrom: String

        init(_ fields: FieldReader) throws(InvalidObject) {
            namespaceSelector = try fields.subtree("namespaceSelector") ?? [:]
            tenantControlPlaneSelector = try fields.subtree("tenantControlPlaneSelector") ?? [:]
            var groups: [CompoundValue] = []
            for entry in try fields.readers("groups") { groups.append(try CompoundValue(entry)) }
            self.groups = groups
            user = try CompoundValue(fields.object("user"))
            controlPlaneEndpointFrom = try fields.requiredString("controlPlaneEndpointFrom")
        }
    }

    package enum CompoundValue: Sendable, Hashable {
        case stringValue(String)
        /// A dotted path into the tenant's object: `metadata.name`.
        case fromDefinition(String)

        init(_ fields: FieldReader) throws(InvalidObject) {
            switch (try fields.string("stringValue"), try fields.string("fromDefinition")) {
            case (let value?, nil): self = .stringValue(value)
            case (nil, let path?): self = .fromDefinition(path)
            default: throw fields.invalid("stringValue", "either stringValue or fromDefinition, not both")
            }
        }
    }
}
