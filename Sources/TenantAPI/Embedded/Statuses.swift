/// The statuses of Kubernetes' own kinds that tenants' status repeats.
extension Embedded {
    /// appsv1.DeploymentStatus.
    @FieldList static var deploymentStatus: [SchemaField] {
        optional("availableReplicas", .int32("Pods that are ready and have been for long enough."))
        optional("collisionCount", .int32("How often a ReplicaSet's name was taken."))
        optional(
            "conditions",
            .array(
                "Conditions of the Deployment.",
                of: .object("One condition.") {
                    optional("lastTransitionTime", .time("When its status changed."))
                    optional("lastUpdateTime", .time("When it was written."))
                    optional("message", .string("Why, in a sentence."))
                    optional("reason", .string("Why, in one word."))
                    required("status", .string("True, False or Unknown."))
                    required("type", .string("What it is about."))
                }
            ).keyed(by: "type"))
        optional("observedGeneration", .int64("The Deployment's spec that was acted upon."))
        optional("readyReplicas", .int32("Pods that are ready."))
        optional("replicas", .int32("Pods that are there."))
        optional("terminatingReplicas", .int32("Pods that are on their way out."))
        optional("unavailableReplicas", .int32("Pods that are still missing."))
        optional("updatedReplicas", .int32("Pods of the latest template."))
    }

    /// v1.ServiceStatus.
    @FieldList static var serviceStatus: [SchemaField] {
        optional("conditions", conditions("Conditions of the Service."))
        optional(
            "loadBalancer",
            .object("What the load balancer gave.") {
                optional(
                    "ingress",
                    .array(
                        "Its addresses.",
                        of: .object("One address.") {
                            ingressPoint
                            optional("ipMode", .string("VIP or Proxy."))
                        }
                    ).atomic())
            })
    }

    /// networkingv1.IngressStatus.
    @FieldList static var ingressStatus: [SchemaField] {
        optional(
            "loadBalancer",
            .object("What the controller gave.") {
                optional("ingress", .array("Its addresses.", of: .object("One address.") { ingressPoint }).atomic())
            })
    }

    @FieldList private static var ingressPoint: [SchemaField] {
        optional("hostname", .string("Its name."))
        optional("ip", .string("Its IP address."))
        optional(
            "ports",
            .array(
                "State of its ports.",
                of: .object("One port.") {
                    optional("error", .string("What is wrong with it.").length(max: 316).matching(qualifiedName))
                    required("port", .int32("Its number."))
                    required("protocol", .string("Its protocol."))
                }
            ).atomic())
    }
}
