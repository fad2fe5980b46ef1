import KubeObjects

/// `KubeconfigGenerator`.
extension CustomResources {
    package static let kubeconfigGeneratorSpec: SchemaNode =
        .object("Which tenants get a kubeconfig, and for whom.") {
            optional(
                "namespaceSelector",
                Embedded.labelSelector(
                    "Labels of the namespaces whose tenants are meant; all when empty."))
            optional(
                "tenantControlPlaneSelector",
                Embedded.labelSelector(
                    "Labels of the tenants that are meant; all when empty."))
            optional(
                "groups",
                .array(
                    "Groups of the client: the certificate's organizations.", of: compoundValue("One group.")))
            required("user", compoundValue("Name of the client: the certificate's common name."))
            optional(
                "controlPlaneEndpointFrom",
                .string(
                    "Key of the Secret `<tenant>-admin-kubeconfig` whose server address is taken."
                ).default("admin.svc"))
        }

    private static func compoundValue(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("stringValue", .string("The value itself."))
            optional(
                "fromDefinition",
                .string(
                    "Where in the TenantControlPlane the value stands, with dots: `metadata.name`."))
        }
        .rule(
            "(has(self.stringValue) || has(self.fromDefinition)) && "
                + "!(has(self.stringValue) && has(self.fromDefinition))",
            "Either stringValue or fromDefinition must be set, but not both.")
    }

    static let kubeconfigGeneratorStatus: SchemaNode =
        .object("What the last run did.") {
            optional("observedGeneration", .int64("The spec that was acted upon."))
            required("resources", .integer("Tenants that are meant.").default(0))
            required("availableResources", .integer("Tenants whose kubeconfig is there.").default(0))
            optional(
                "errors",
                .array(
                    "Tenants that got none.",
                    of: .object("One of them.") {
                        required("resource", .string("`namespace/name` of the tenant."))
                        required("message", .string("Why."))
                    }))
        }
}
