import KubeObjects

/// `TenantControlPlane.spec`: what users write.
extension CustomResources {
    package static let tenantControlPlaneSpec: SchemaNode =
        .object("What the tenant's control plane should be.") {
            optional("writePermissions", writePermissions)
            optional(
                "dataStore",
                .string(
                    "Name of the DataStore that keeps this tenant's data; empty takes the manager's default. Changing it "
                        + "migrates the data, which works between DataStores of one driver."
                ).length(max: 253))
            optional(
                "dataStoreSchema",
                .string(
                    "Name of the tenant's database, key prefix or bucket in the DataStore; empty takes the object's uid. "
                        + "Nothing keeps two tenants from naming the same one. Immutable."
                ).length(max: 253).rule("self == oldSelf", "changing the dataStoreSchema is not supported"))
            optional(
                "dataStoreUsername",
                .string(
                    "Name of the tenant's user in the DataStore; empty takes the object's uid. Immutable."
                ).length(max: 253).rule("self == oldSelf", "changing the dataStoreUsername is not supported"))
            optional("dataStoreOverrides", dataStoreOverrides)
            required("controlPlane", controlPlane)
            required("kubernetes", kubernetes)
            optional("networkProfile", networkProfile)
            optional("addons", addons)
        }
        .rules(specRules)

    private static let writePermissions: SchemaNode =
        .object("Writes that the tenant's API refuses, to keep a full datastore readable for example.") {
            optional("blockCreation", .boolean("Refuse creations."))
            optional("blockUpdate", .boolean("Refuse updates."))
            optional("blockDeletion", .boolean("Refuse deletions."))
        }

    private static let dataStoreOverrides: SchemaNode =
        .array(
            "Kinds of the tenant's objects that another DataStore keeps; both must be etcd.",
            of: .object("One kind and its DataStore.") {
                required(
                    "resource",
                    .string("The kind, as kube-apiserver names it: `/events`, `apps/deployments`.")
                        .length(min: 1, max: 253))
                required("dataStore", .string("Name of the DataStore that keeps it.").length(min: 1, max: 253))
            }
        )
        .count(max: 32)
        .rule(
            "self.all(a, self.exists_one(b, b.resource == a.resource))",
            "each resource may be overridden once only")

    private static let controlPlane: SchemaNode =
        .object("The objects in the admin cluster that make up the control plane.") {
            optional("deployment", deployment)
            required("service", service)
            optional("ingress", ingress)
            optional("gateway", gateway)
        }
        .rule("!(has(self.ingress) && has(self.gateway))", "using both ingress and gateway is not supported")

    private static let kubernetes: SchemaNode =
        .object("The tenant's Kubernetes.") {
            required(
                "version",
                .string(
                    "Version of Kubernetes, and verbatim the images' tag: `v1.36.2`. It may go up one minor at a time, and "
                        + "never down one."
                ).length(max: 64).rules(versionRules))
            optional("kubelet", kubelet)
            optional(
                "admissionControllers",
                .array(
                    "Admission plugins of the API server.",
                    of: .string().oneOf(admissionPlugins + optionalAdmissionPlugins)
                ).default(JSON(admissionPlugins)).count(min: 1))
        }

    private static let kubelet: SchemaNode =
        .object("How the tenant's kubelets are configured.") {
            optional(
                "configurationJSONPatches",
                .array(
                    "RFC 6902 operations on the kubelets' configuration, in order.",
                    of: .object("One operation.") {
                        required(
                            "op", .string("The operation.").oneOf(["add", "remove", "replace", "move", "copy", "test"]))
                        required("path", .string("JSON pointer to the field, such as `/cgroupDriver`."))
                        optional("from", .string("JSON pointer to the source of a move or a copy."))
                        optional("value", .any("The value to add, to set or to compare with."))
                    }))
            optional(
                "preferredAddressTypes",
                .array(
                    "Addresses of nodes by which the API server reaches kubelets, the best first.",
                    of: .string().oneOf(["Hostname", "InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS"])
                ).default(["InternalIP", "ExternalIP", "Hostname"]).count(min: 1).uniqueItems())
            optional(
                "cgroupfs",
                .string("The kubelets' cgroup driver. Deprecated: use configurationJSONPatches.")
                    .oneOf(["systemd", "cgroupfs"]))
        }
        .default([:])

    /// On unless the user says otherwise.
    private static let admissionPlugins = [
        "CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "DefaultIngressClass",
        "DefaultStorageClass", "DefaultTolerationSeconds", "LimitRanger", "MutatingAdmissionWebhook",
        "NamespaceLifecycle", "PersistentVolumeClaimResize", "Priority", "ResourceQuota", "RuntimeClass",
        "ServiceAccount", "StorageObjectInUseProtection", "TaintNodesByCondition", "ValidatingAdmissionWebhook",
    ]

    private static let optionalAdmissionPlugins = [
        "AlwaysAdmit", "AlwaysDeny", "AlwaysPullImages", "DenyEscalatingExec", "DenyExecOnPrivileged",
        "DenyServiceExternalIPs", "EventRateLimit", "ExtendedResourceToleration", "ImagePolicyWebhook",
        "LimitPodHardAntiAffinityTopology", "NamespaceAutoProvision", "NamespaceExists", "NodeRestriction",
        "OwnerReferencesPermissionEnforcement", "PersistentVolumeLabel", "PodNodeSelector", "PodSecurity",
        "PodSecurityPolicy", "PodTolerationRestriction", "SecurityContextDeny",
    ]

    static let additionalMetadata: SchemaNode =
        .object("Labels and annotations to add to the object; on one that is also ours, this stands.") {
            optional("labels", .map("Labels to add.", of: .string()))
            optional("annotations", .map("Annotations to add.", of: .string()))
        }
}
