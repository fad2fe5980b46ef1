import KubeObjects

/// `TenantControlPlane.status`: upstream's, field for field, and `conditions`.
extension CustomResources {
    static let tenantControlPlaneStatus: SchemaNode =
        .object("What the tenant's control plane is.") {
            optional("observedGeneration", .int64("The spec that was acted upon, all of it."))
            optional("conditions", Embedded.conditions("What stands between the tenant and Ready."))
            optional("controlPlaneEndpoint", .string("`host:port` of the API server, from the admin cluster."))
            optional("storage", storageStatus)
            optional("certificates", certificatesStatus)
            optional(
                "kubeconfig",
                .object("The control plane's kubeconfigs.") {
                    for name in ["admin", "controllerManager", "scheduler"] { optional(name, secretStatus()) }
                })
            optional(
                "kubeadmconfig",
                .object("The kubeadm configuration.") {
                    optional("checksum", checksum)
                    optional("configmapName", .string("Name of the ConfigMap."))
                    optional("lastUpdate", lastUpdate)
                })
            optional(
                "kubeadmPhase",
                .object("What kubeadm would do inside the tenant.") {
                    required(
                        "bootstrapToken",
                        .object("The objects that let nodes join.") {
                            optional("checksum", checksum)
                            optional("lastUpdate", lastUpdate)
                        })
                })
            optional("kubernetesResources", resourcesStatus)
            optional("addons", addonsStatus)
        }

    private static let checksum: SchemaNode = .string("MD5 of the content.")
    private static let lastUpdate: SchemaNode = .time("When it was written last.")

    private static func secretStatus(_ summary: String = "A Secret.") -> SchemaNode {
        .object(summary) {
            optional("checksum", checksum)
            optional("lastUpdate", lastUpdate)
            optional("secretName", .string("Name of the Secret."))
        }
    }

    private static let storageStatus: SchemaNode =
        .object("Where the tenant's data is.") {
            optional("certificate", secretStatus("The client certificate."))
            optional(
                "config",
                .object("The credentials.") {
                    optional("checksum", checksum)
                    optional("secretName", .string("Name of the Secret."))
                })
            optional("dataStoreName", .string("Name of the DataStore that is in use."))
            optional("driver", .string("Its driver."))
            optional(
                "setup",
                .object("What was made in the datastore.") {
                    optional("checksum", .string("MD5 of the credentials that were set."))
                    optional("lastUpdate", lastUpdate)
                    optional("schema", .string("Name of the database, key prefix or bucket."))
                    optional("user", .string("Name of the user."))
                })
        }

    private static let certificatesStatus: SchemaNode =
        .object("The control plane's certificates.") {
            for name in ["apiServer", "apiServerKubeletClient", "ca", "frontProxyCA", "frontProxyClient", "sa"] {
                optional(name, secretStatus())
            }
            optional(
                "etcd",
                .object("Kept for upstream's clients; never written.") {
                    for name in ["apiServer", "ca"] { optional(name, secretStatus()) }
                })
        }

    private static let resourcesStatus: SchemaNode =
        .object("The control plane's objects in the admin cluster.") {
            optional(
                "version",
                .object("What the tenant runs.") {
                    optional(
                        "status",
                        .string("What the control plane is doing.").default("Provisioning").oneOf([
                            "Unknown", "Provisioning", "CertificateAuthorityRotating", "Upgrading", "Migrating",
                            "Ready",
                            "NotReady", "Sleeping", "WriteLimited",
                        ]))
                    optional("version", .string("The version that is installed."))
                })
            optional(
                "deployment",
                .object("The Deployment.") {
                    Embedded.deploymentStatus
                    optional("lastUpdate", lastUpdate)
                    required("name", .string("Its name."))
                    required("namespace", .string("Its namespace."))
                    required("selector", .string("Selector of its pods, as text."))
                })
            optional("service", serviceStatus)
            optional(
                "ingress",
                .object("The Ingress.") {
                    Embedded.ingressStatus
                    required("name", .string("Its name."))
                    required("namespace", .string("Its namespace."))
                })
            optional("gateway", gatewayStatus)
        }

    private static let serviceStatus: SchemaNode =
        .object("The Service.") {
            Embedded.serviceStatus
            required("name", .string("Its name."))
            required("namespace", .string("Its namespace."))
            required("port", .int32("The port that is served."))
        }

    private static let gatewayStatus: SchemaNode =
        .object("The TLSRoute.") {
            optional(
                "accessPoints",
                .array(
                    "Where the route is reached.",
                    of: .object("One place.") {
                        required("port", .int32("Its port."))
                        required("type", Embedded.addressType)
                        optional("urls", .strings("Its URLs."))
                        required("value", .string("Its address."))
                    }))
            required("parents", Embedded.routeParents)
            optional("routeRef", Embedded.localReference("The route."))
        }

    private static let addonsStatus: SchemaNode =
        .object("What is installed inside the tenant.") {
            for name in ["coreDNS", "kubeProxy"] {
                optional(
                    name,
                    .object("One addon.") {
                        required("enabled", .boolean("Whether it is there."))
                        optional("lastUpdate", lastUpdate)
                    })
            }
            optional(
                "konnectivity",
                .object("The tunnel.") {
                    required("enabled", .boolean("Whether it is there."))
                    optional(
                        "agent",
                        .object("The agents' workload.") {
                            tenantObject
                            optional("mode", .string("DaemonSet or Deployment."))
                        })
                    optional("certificate", secretStatus())
                    optional("clusterrolebinding", .object("The server's rights in the tenant.") { tenantObject })
                    optional(
                        "configMap",
                        .object("The API server's egress configuration.") {
                            optional("checksum", checksum)
                            optional("name", .string("Name of the ConfigMap."))
                        })
                    optional("gateway", gatewayStatus)
                    optional("kubeconfig", secretStatus())
                    optional("sa", .object("The agents' service account.") { tenantObject })
                    optional("service", serviceStatus)
                })
        }

    @FieldList private static var tenantObject: [SchemaField] {
        optional("lastUpdate", lastUpdate)
        optional("name", .string("Its name in the tenant."))
        optional("namespace", .string("Its namespace in the tenant."))
    }
}
