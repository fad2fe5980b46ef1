/// Where pods run, and how a Deployment replaces them.
extension Embedded {
    static let toleration: SchemaNode =
        .object("A taint that is borne.") {
            optional("effect", .string("NoSchedule, PreferNoSchedule or NoExecute; any when empty."))
            optional("key", .string("Key of the taint; any when empty."))
            optional("operator", .string("Exists or Equal, which is the default."))
            optional("tolerationSeconds", .int64("How long NoExecute is borne; for ever when absent."))
            optional("value", .string("Value of the taint, for Equal."))
        }

    static let topologySpreadConstraint: SchemaNode =
        .object("How pods spread over one kind of domain.") {
            optional("labelSelector", labelSelector("Pods that are counted."))
            optional(
                "matchLabelKeys", .strings("Labels whose values on the new pod are added to the selector.").atomic())
            required("maxSkew", .int32("How far counts of two domains may differ."))
            optional("minDomains", .int32("How many domains there should be at least."))
            optional("nodeAffinityPolicy", .string("Whether the pod's node affinity counts: Honor or Ignore."))
            optional("nodeTaintsPolicy", .string("Whether nodes' taints count: Honor or Ignore."))
            required("topologyKey", .string("Label of nodes whose values are the domains."))
            required("whenUnsatisfiable", .string("DoNotSchedule or ScheduleAnyway."))
        }

    static func affinity(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("nodeAffinity", nodeAffinity)
            optional("podAffinity", podAffinity("Pods to be near to."))
            optional("podAntiAffinity", podAffinity("Pods to be away from."))
        }
    }

    private static let nodeAffinity: SchemaNode =
        .object("Nodes to run on.") {
            optional(
                "preferredDuringSchedulingIgnoredDuringExecution",
                .array(
                    "What is preferred.",
                    of: .object("One preference.") {
                        required("preference", nodeSelectorTerm)
                        required("weight", .int32("Its weight, from 1 to 100."))
                    }
                ).atomic())
            optional(
                "requiredDuringSchedulingIgnoredDuringExecution",
                .object("What is required.") {
                    required("nodeSelectorTerms", .array("Alternatives; one must hold.", of: nodeSelectorTerm).atomic())
                }.atomic())
        }

    private static let nodeSelectorTerm: SchemaNode =
        .object("Conditions on a node; all must hold.") {
            optional("matchExpressions", requirements("Conditions on its labels."))
            optional("matchFields", requirements("Conditions on its fields."))
        }.atomic()

    private static func podAffinity(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional(
                "preferredDuringSchedulingIgnoredDuringExecution",
                .array(
                    "What is preferred.",
                    of: .object("One preference.") {
                        required("podAffinityTerm", podAffinityTerm)
                        required("weight", .int32("Its weight, from 1 to 100."))
                    }
                ).atomic())
            optional(
                "requiredDuringSchedulingIgnoredDuringExecution",
                .array("What is required; all must hold.", of: podAffinityTerm).atomic())
        }
    }

    private static let podAffinityTerm: SchemaNode =
        .object("Which pods, and how near.") {
            optional("labelSelector", labelSelector("Labels of the pods; none when absent."))
            optional("matchLabelKeys", .strings("Labels that must be equal on both pods.").atomic())
            optional("mismatchLabelKeys", .strings("Labels that must differ on both pods.").atomic())
            optional("namespaceSelector", labelSelector("Labels of the pods' namespaces; all when empty."))
            optional("namespaces", .strings("Names of the pods' namespaces.").atomic())
            required("topologyKey", .string("Label of nodes whose values are the places."))
        }

    static func deploymentStrategy(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional(
                "rollingUpdate",
                .object("Numbers of a rolling update.") {
                    optional("maxSurge", .intOrString("Pods above the wanted number, or a share of it."))
                    optional("maxUnavailable", .intOrString("Pods below the wanted number, or a share of it."))
                })
            optional("type", .string("Recreate or RollingUpdate."))
        }
    }
}
