import KubeObjects

extension TenantControlPlane {
    /// What is installed inside the tenant; an addon that is not asked for is nil.
    package struct Addons: Sendable, Hashable {
        package let coreDNS: Addon?
        package let kubeProxy: Addon?
        package let konnectivity: Konnectivity?

        init(_ fields: FieldReader) throws(InvalidObject) {
            coreDNS = fields.has("coreDNS") ? try Addon(fields.object("coreDNS")) : nil
            kubeProxy = fields.has("kubeProxy") ? try Addon(fields.object("kubeProxy")) : nil
            konnectivity = fields.has("konnectivity") ? try Konnectivity(fields.object("konnectivity")) : nil
        }
    }

    package struct Addon: Sendable, Hashable {
        package let imageRepository: String?
        package let imageTag: String?

        init(_ fields: FieldReader) throws(InvalidObject) {
            imageRepository = try fields.string("imageRepository")
            imageTag = try fields.string("imageTag")
        }
    }

    package struct Konnectivity: Sendable, Hashable {
        package let server: Server
        package let agent: Agent

        init(_ fields: FieldReader) throws(InvalidObject) {
            server = try Server(fields.object("server"))
            agent = try Agent(fields.object("agent"))
        }

        package struct Server: Sendable, Hashable {
            package let port: Int
            /// Nil follows the tenant's Kubernetes.
            package let version: String?
            /// Without a tag.
            package let image: String
            package let resources: JSON?
            package let extraArgs: [String]?
            package let securityContext: JSON?

            init(_ fields: FieldReader) throws(InvalidObject) {
                port = try fields.requiredInteger("port")
                version = try fields.string("version")
                image = try fields.requiredString("image")
                resources = try fields.subtree("resources")
                extraArgs = try fields.strings("extraArgs")
                securityContext = try fields.subtree("securityContext")
            }
        }

        package struct Agent: Sendable, Hashable {
            /// Without a tag.
            package let image: String
            /// Nil follows the tenant's Kubernetes.
            package let version: String?
            package let tolerations: [JSON]
            package let extraArgs: [String]?
            package let hostNetwork: Bool
            package let mode: AgentMode
            /// Of the Deployment; a DaemonSet has none.
            package let replicas: Int?

            init(_ fields: FieldReader) throws(InvalidObject) {
                image = try fields.requiredString("image")
                version = try fields.string("version")
                tolerations = try fields.list("tolerations")
                extraArgs = try fields.strings("extraArgs")
                hostNetwork = try fields.boolean("hostNetwork") ?? false
                mode = try fields.requiredChoice("mode")
                replicas = try fields.integer("replicas")
            }
        }
    }

    package enum AgentMode: String, Sendable, Hashable, CaseIterable {
        case daemonSet = "DaemonSet"
        case deployment = "Deployment"
    }
}
