import KubeObjects

/// What Gateway API's types add: references to Gateways, and the status of routes.
extension Embedded {
    static func hostname(_ summary: String) -> SchemaNode {
        .string(summary).length(min: 1, max: 253).matching(
            #"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#)
    }

    private static let subdomain = #"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"#
    private static let controllerPath = #"\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"#

    static let parentReference: SchemaNode =
        .object("A Gateway, or a listener of it.") {
            optional(
                "group",
                .string("API group of the parent.").default("gateway.networking.k8s.io")
                    .length(max: 253).matching("^$|^\(subdomain)$"))
            optional(
                "kind",
                .string("Kind of the parent.").default("Gateway").length(min: 1, max: 63)
                    .matching("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"))
            required("name", .string("Name of the parent.").length(min: 1, max: 253))
            optional(
                "namespace",
                .string("Namespace of the parent; this object's when absent.").length(min: 1, max: 63)
                    .matching("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))
            optional("port", .int32("Port of the listener; any when absent.").range(min: 1, max: 65535))
            optional(
                "sectionName",
                .string("Name of the listener; any when absent.").length(min: 1, max: 253)
                    .matching("^\(subdomain)$"))
        }

    /// What gatewayv1.RouteStatus holds: what each parent made of the route.
    static let routeParents: SchemaNode =
        .array(
            "What each parent made of the route.",
            of: .object("One parent.") {
                required("conditions", conditions("Whether it took the route.").count(min: 1, max: 8))
                required(
                    "controllerName",
                    .string("Who says so.").length(min: 1, max: 253)
                        .matching("^\(subdomain)\(controllerPath)"))
                required("parentRef", parentReference)
            }
        ).count(max: 32).atomic()

    /// gatewayv1.AddressType. The pattern is the API's own, loose as it is.
    static let addressType: SchemaNode =
        .string("Kind of the address.").length(min: 1, max: 253)
        .matching("^Hostname|IPAddress|NamedAddress|\(subdomain)\(controllerPath)")
}
