/// Kubernetes' own types that stand inside ours.
enum Embedded {
    static let toleration: SchemaNode = .any()
    static let container: SchemaNode = .any()
    static let volume: SchemaNode = .any()
    static let volumeMount: SchemaNode = .any()
    static let topologySpreadConstraint: SchemaNode = .any()
    static let parentReference: SchemaNode = .any()
    static func resourceRequirements(_ summary: String) -> SchemaNode { .any(summary) }
    static func securityContext(_ summary: String) -> SchemaNode { .any(summary) }
    static func podSecurityContext(_ summary: String) -> SchemaNode { .any(summary) }
    static func deploymentStrategy(_ summary: String) -> SchemaNode { .any(summary) }
    static func affinity(_ summary: String) -> SchemaNode { .any(summary) }
    static func labelSelector(_ summary: String) -> SchemaNode { .any(summary) }
    static func hostname(_ summary: String) -> SchemaNode { .any(summary) }
}
