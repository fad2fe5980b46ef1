import KubeObjects

extension TenantControlPlane {
    /// How the control plane's pods are run. What Kubernetes defines itself stays JSON.
    package struct Deployment: Sendable, Hashable {
        package let registrySettings: RegistrySettings
        /// 0 sends the tenant to sleep.
        package let replicas: Int
        package let nodeSelector: [String: String]
        package let runtimeClassName: String?
        package let strategy: JSON
        package let tolerations: [JSON]
        package let affinity: JSON?
        package let topologySpreadConstraints: [JSON]
        package let resources: ComponentSubtrees
        package let extraArgs: ExtraArguments
        package let additionalMetadata: AdditionalMetadata
        package let podAdditionalMetadata: AdditionalMetadata
        package let additionalInitContainers: [JSON]
        package let additionalContainers: [JSON]
        package let additionalVolumes: [JSON]
        package let additionalVolumeMounts: VolumeMounts
        package let probes: Probes
        package let serviceAccountName: String
        package let automountServiceAccountToken: Bool?
        package let containerSecurityContexts: ComponentSubtrees
        package let podSecurityContext: JSON?

        init(_ fields: FieldReader) throws(InvalidObject) {
            registrySettings = try RegistrySettings(fields.object("registrySettings"))
            replicas = try fields.requiredInteger("replicas")
            nodeSelector = try fields.stringMap("nodeSelector")
            runtimeClassName = try fields.string("runtimeClassName")
            strategy = try fields.subtree("strategy") ?? [:]
            tolerations = try fields.list("tolerations")
            affinity = try fields.subtree("affinity")
            topologySpreadConstraints = try fields.list("topologySpreadConstraints")
            resources = try ComponentSubtrees(fields.object("resources"))
            extraArgs = try ExtraArguments(fields.object("extraArgs"))
            additionalMetadata = try AdditionalMetadata(fields.object("additionalMetadata"))
            podAdditionalMetadata = try AdditionalMetadata(fields.object("podAdditionalMetadata"))
            additionalInitContainers = try fields.list("additionalInitContainers")
            additionalContainers = try fields.list("additionalContainers")
            additionalVolumes = try fields.list("additionalVolumes")
            additionalVolumeMounts = try VolumeMounts(fields.object("additionalVolumeMounts"))
            probes = try Probes(fields.object("probes"))
            serviceAccountName = try fields.requiredString("serviceAccountName")
            automountServiceAccountToken = try fields.boolean("automountServiceAccountToken")
            containerSecurityContexts = try ComponentSubtrees(fields.object("containerSecurityContexts"))
            podSecurityContext = try fields.subtree("podSecurityContext")
        }
    }

    /// Where images come from: `registry/name:version` and the suffix verbatim.
    package struct RegistrySettings: Sendable, Hashable {
        package let registry: String
        package let tagSuffix: String?
        package let apiServerImage: String
        package let controllerManagerImage: String
        package let schedulerImage: String

        init(_ fields: FieldReader) throws(InvalidObject) {
            registry = try fields.requiredString("registry")
            tagSuffix = try fields.string("tagSuffix")
            apiServerImage = try fields.requiredString("apiServerImage")
            controllerManagerImage = try fields.requiredString("controllerManagerImage")
            schedulerImage = try fields.requiredString("schedulerImage")
        }
    }

    /// A Kubernetes subtree for each component; only `resources` has one for kine.
    package struct ComponentSubtrees: Sendable, Hashable {
        package let apiServer: JSON?
        package let controllerManager: JSON?
        package let scheduler: JSON?
        package let kine: JSON?

        init(_ fields: FieldReader) throws(InvalidObject) {
            apiServer = try fields.subtree("apiServer")
            controllerManager = try fields.subtree("controllerManager")
            scheduler = try fields.subtree("scheduler")
            kine = try fields.subtree("kine")
        }
    }

    /// The user's flags; nil where the list was not given.
    package struct ExtraArguments: Sendable, Hashable {
        package let apiServer: [String]?
        package let controllerManager: [String]?
        package let scheduler: [String]?
        package let kine: [String]?

        init(_ fields: FieldReader) throws(InvalidObject) {
            apiServer = try fields.strings("apiServer")
            controllerManager = try fields.strings("controllerManager")
            scheduler = try fields.strings("scheduler")
            kine = try fields.strings("kine")
        }
    }

    package struct VolumeMounts: Sendable, Hashable {
        package let apiServer: [JSON]
        package let controllerManager: [JSON]
        package let scheduler: [JSON]

        init(_ fields: FieldReader) throws(InvalidObject) {
            apiServer = try fields.list("apiServer")
            controllerManager = try fields.list("controllerManager")
            scheduler = try fields.list("scheduler")
        }
    }

    /// `global` is what stands beside the components in `probes`: a component's own numbers go over it.
    package struct Probes: Sendable, Hashable {
        package let global: ProbeOverrides
        package let apiServer: ProbeOverrides
        package let controllerManager: ProbeOverrides
        package let scheduler: ProbeOverrides

        init(_ fields: FieldReader) throws(InvalidObject) {
            global = try ProbeOverrides(fields)
            apiServer = try ProbeOverrides(fields.object("apiServer"))
            controllerManager = try ProbeOverrides(fields.object("controllerManager"))
            scheduler = try ProbeOverrides(fields.object("scheduler"))
        }
    }
}

/// The user's numbers for a container's three probes.
package struct ProbeOverrides: Sendable, Hashable {
    package let liveness: ProbeNumbers?
    package let readiness: ProbeNumbers?
    package let startup: ProbeNumbers?

    init(_ fields: FieldReader) throws(InvalidObject) {
        liveness = fields.has("liveness") ? try ProbeNumbers(fields.object("liveness")) : nil
        readiness = fields.has("readiness") ? try ProbeNumbers(fields.object("readiness")) : nil
        startup = fields.has("startup") ? try ProbeNumbers(fields.object("startup")) : nil
    }
}

/// Seconds and counts of one probe; nil leaves ours.
package struct ProbeNumbers: Sendable, Hashable {
    package let initialDelaySeconds: Int?
    package let timeoutSeconds: Int?
    package let periodSeconds: Int?
    package let successThreshold: Int?
    package let failureThreshold: Int?

    init(_ fields: FieldReader) throws(InvalidObject) {
        initialDelaySeconds = try fields.integer("initialDelaySeconds")
        timeoutSeconds = try fields.integer("timeoutSeconds")
        periodSeconds = try fields.integer("periodSeconds")
        successThreshold = try fields.integer("successThreshold")
        failureThreshold = try fields.integer("failureThreshold")
    }
}
