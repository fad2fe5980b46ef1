import KubeObjects

/// `spec.controlPlane`: the Deployment, and what stands before it.
extension CustomResources {
    static let deployment: SchemaNode =
        .object("The Deployment that runs the control plane.") {
            optional(
                "registrySettings",
                .object("Where the images come from.") {
                    optional("registry", .string("Registry and folder of all three images.").default("registry.k8s.io"))
                    optional("tagSuffix", .string("Appended to the version in the images' tag, as it is."))
                    optional("apiServerImage", .string("Image of the API server.").default("kube-apiserver"))
                    optional(
                        "controllerManagerImage",
                        .string("Image of the controller manager.")
                            .default("kube-controller-manager"))
                    optional("schedulerImage", .string("Image of the scheduler.").default("kube-scheduler"))
                }.default([
                    "registry": "registry.k8s.io", "apiServerImage": "kube-apiserver",
                    "controllerManagerImage": "kube-controller-manager", "schedulerImage": "kube-scheduler",
                ]))
            optional("replicas", .int32("How many pods serve the tenant; 0 puts it to sleep.").default(2).range(min: 0))
            optional("nodeSelector", .map("Labels of the nodes that may run the pods.", of: .string()))
            optional("runtimeClassName", .string("RuntimeClass of the pods; empty takes the nodes' default."))
            optional(
                "strategy",
                Embedded.deploymentStrategy(
                    "How new pods take the place of old ones. By default all new ones start before an old one goes."
                ).default(["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 0, "maxSurge": "100%"]]))
            optional("tolerations", .array("Taints that the pods bear.", of: Embedded.toleration))
            optional("affinity", Embedded.affinity("Which nodes and neighbours the pods want or shun."))
            optional(
                "topologySpreadConstraints",
                .array(
                    "How the pods spread over zones and nodes; one without a labelSelector counts this tenant's pods.",
                    of: Embedded.topologySpreadConstraint))
            optional(
                "resources",
                .object("CPU and memory of each container.") {
                    for name in ["apiServer", "controllerManager", "scheduler", "kine"] {
                        optional(name, Embedded.resourceRequirements(componentNames[name, default: name]))
                    }
                })
            optional(
                "extraArgs",
                .object("Further flags of each component, as `--flag=value`.") {
                    for name in ["apiServer", "controllerManager", "scheduler", "kine"] {
                        optional(name, .strings(componentNames[name, default: name]))
                    }
                })
            optional("additionalMetadata", additionalMetadata)
            optional("podAdditionalMetadata", additionalMetadata)
            optional(
                "additionalInitContainers",
                .array(
                    "Containers that run to their end before ours start.", of: Embedded.container
                ).count(max: 16).rules(uniqueNameRules(of: "additionalInitContainers") + initContainerRules))
            optional(
                "additionalContainers",
                .array(
                    "Containers that run beside ours. One named `kine` gives that container's image and settings.",
                    of: Embedded.container
                ).count(max: 16).rules(uniqueNameRules(of: "additionalContainers") + containerRules))
            optional(
                "additionalVolumes",
                .array("Volumes for the containers' mounts.", of: Embedded.volume)
                    .count(max: 64).rules(uniqueNameRules(of: "additionalVolumes") + volumeRules))
            optional(
                "additionalVolumeMounts",
                .object("Further mounts of each component.") {
                    for name in ["apiServer", "controllerManager", "scheduler"] {
                        optional(
                            name,
                            .array(componentNames[name, default: name], of: Embedded.volumeMount)
                                .count(max: 64).rules(mountRules(of: name)))
                    }
                })
            optional("probes", probes)
            optional("serviceAccountName", .string("Service account of the pods.").default("default"))
            optional(
                "automountServiceAccountToken",
                .boolean(
                    "Whether the pods are given that account's token; absent leaves it to the account."))
            optional(
                "containerSecurityContexts",
                .object("Security settings of each component's container.") {
                    for name in ["apiServer", "controllerManager", "scheduler"] {
                        optional(name, Embedded.securityContext(componentNames[name, default: name]))
                    }
                })
            optional("podSecurityContext", Embedded.podSecurityContext("Security settings of the pods."))
        }
        .rules(deploymentRules)
        .default([:])

    private static let componentNames = [
        "apiServer": "Of kube-apiserver.", "controllerManager": "Of kube-controller-manager.",
        "scheduler": "Of kube-scheduler.", "kine": "Of kine, where the DataStore needs it.",
    ]

    private static let probes: SchemaNode =
        .object("Numbers of the containers' probes: those of a component stand above those for all.") {
            probeSet
            for name in ["apiServer", "controllerManager", "scheduler"] {
                optional(name, .object(componentNames[name, default: name]) { probeSet })
            }
        }

    private static let probeSet: [SchemaField] = [
        optional("liveness", probe("When a container is restarted.")),
        optional("readiness", probe("When a container is given requests.")),
        optional("startup", probe("How long a container may take to start.")),
    ]

    private static func probe(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional(
                "initialDelaySeconds",
                .int32("Seconds from the container's start to the first probe.")
                    .range(min: 0))
            optional("timeoutSeconds", .int32("Seconds that an answer may take.").range(min: 1))
            optional("periodSeconds", .int32("Seconds from one probe to the next.").range(min: 1))
            optional(
                "successThreshold",
                .int32("Answers in a row that make a success; 1 for liveness and startup.")
                    .range(min: 1))
            optional("failureThreshold", .int32("Failures in a row that make a failure.").range(min: 1))
        }
    }

    static let service: SchemaNode =
        .object("The Service before the control plane.") {
            required("serviceType", .string("Kind of the Service.").oneOf(["ClusterIP", "NodePort", "LoadBalancer"]))
            optional("additionalMetadata", additionalMetadata)
            optional(
                "additionalPorts",
                .array(
                    "Ports beside Kamaji's own.",
                    of: .object("One port.") {
                        required(
                            "name",
                            .string("Its name, a DNS label; `kube-apiserver` and `konnectivity-server` are taken.")
                                .length(min: 1, max: 63).matching("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))
                        optional("protocol", .string("Its protocol.").oneOf(["TCP", "UDP", "SCTP"]).default("TCP"))
                        optional("appProtocol", .string("What is spoken on it, a hint to implementations."))
                        required("port", .int32("Its number.").range(min: 1, max: 65535))
                        required("targetPort", .intOrString("Number or name of the pods' port."))
                    }
                ).count(max: 32).rules(portRules))
            optional(
                "allocateLoadBalancerNodePorts",
                .boolean(
                    "Whether a LoadBalancer Service gets node ports too; Kubernetes gives them when absent. LoadBalancer "
                        + "only."))
        }

    static let ingress: SchemaNode =
        .object("An Ingress that leads to the API server; its controller must pass TLS through.") {
            optional("additionalMetadata", additionalMetadata)
            optional("ingressClassName", .string("Class of the Ingress; empty takes the cluster's default."))
            optional(
                "hostname", .string("Name under which the tenant is reached, with `:port` if it is not the usual."))
        }

    static let gateway: SchemaNode =
        .object("A TLSRoute that leads to the API server.") {
            optional("additionalMetadata", additionalMetadata)
            optional(
                "parentRefs",
                .array(
                    "Gateways and their listeners that carry the route.",
                    of: Embedded.parentReference))
            optional("hostname", Embedded.hostname("Name under which the tenant is reached."))
        }
}
