import KubeObjects

/// Kubernetes' own types that stand inside ours, as far as the API server checks them.
enum Embedded {
    /// metav1.LabelSelector.
    static func labelSelector(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("matchExpressions", requirements("Conditions on labels; all must hold."))
            optional("matchLabels", .map("Labels and their values; all must be there.", of: .string()))
        }.atomic()
    }

    /// Of label selectors, and of node selectors, which know two operators more.
    static func requirements(_ summary: String) -> SchemaNode {
        .array(
            summary,
            of: .object("One condition.") {
                required("key", .string("The key that it is about."))
                required(
                    "operator", .string("How values compare: In, NotIn, Exists, DoesNotExist; of nodes also Gt, Lt."))
                optional("values", .strings("Values to compare with.").atomic())
            }
        ).atomic()
    }

    /// A reference to an object in the same namespace, and a reference to a key in it.
    static func localReference(_ summary: String) -> SchemaNode {
        .object(summary) { optional("name", .string("Name of the object.").default("")) }.atomic()
    }

    static func keyReference(_ summary: String) -> SchemaNode {
        .object(summary) {
            required("key", .string("Key in the object's data."))
            optional("name", .string("Name of the object.").default(""))
            optional("optional", .boolean("Whether object or key may be missing."))
        }.atomic()
    }

    static func fieldReference(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("apiVersion", .string("API version of the path; v1 when absent."))
            required("fieldPath", .string("Path of the pod's field."))
        }.atomic()
    }

    static func resourceFieldReference(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("containerName", .string("The container; needed in volumes."))
            optional("divisor", quantity("Unit of the result."))
            required("resource", .string("The resource, such as `limits.cpu`."))
        }.atomic()
    }

    /// A resource.Quantity: `100m`, `1.5Gi`, `1e3`, or a bare number.
    static func quantity(_ summary: String = "") -> SchemaNode {
        .intOrString(summary).matching(
            #"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"#
        )
    }

    /// metav1.Condition.
    static let condition: SchemaNode =
        .object("One condition.") {
            required("type", .string("What it is about.").length(max: 316).matching(qualifiedName))
            required("status", .string("Whether it holds.").oneOf(["True", "False", "Unknown"]))
            required(
                "reason",
                .string("Why, in one word.").length(min: 1, max: 1024)
                    .matching("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"))
            required("message", .string("Why, in a sentence.").length(max: 32768))
            required("lastTransitionTime", .time("When its status changed."))
            optional("observedGeneration", .int64("The spec that it is about.").range(min: 0))
        }

    /// Conditions as a list that is merged by type.
    static func conditions(_ summary: String) -> SchemaNode { .array(summary, of: condition).keyed(by: "type") }

    /// A label or condition name with an optional DNS prefix.
    static let qualifiedName =
        #"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"#
}
