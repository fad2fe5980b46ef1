import KubeObjects

/// v1.Volume: what pods of today use. What Kubernetes has left to CSI drivers stands in Volumes+Legacy.
extension Embedded {
    static let volume: SchemaNode =
        .object("A volume of the pod: one of its sources.") {
            required("name", .string("Its name, a DNS label.").length(max: 63))
            optional(
                "configMap",
                .object("Keys of a ConfigMap as files.") {
                    optional("defaultMode", fileMode)
                    optional("items", keysToPaths)
                    optional("name", .string("Name of the ConfigMap.").default(""))
                    optional("optional", .boolean("Whether it may be missing."))
                }.atomic())
            optional(
                "csi",
                .object("A volume of a CSI driver, made with the pod.") {
                    required("driver", .string("Name of the driver."))
                    optional("fsType", fileSystem)
                    optional("nodePublishSecretRef", localReference("Secret that the driver is given."))
                    optional("readOnly", readOnly)
                    optional("volumeAttributes", .map("Settings for the driver.", of: .string()))
                })
            optional(
                "downwardAPI",
                .object("Fields of the pod as files.") {
                    optional("defaultMode", fileMode)
                    optional("items", downwardFiles)
                })
            optional(
                "emptyDir",
                .object("An empty directory that goes with the pod.") {
                    optional("medium", .string("Memory; the node's disk when empty."))
                    optional("sizeLimit", quantity("The most it may hold."))
                })
            optional(
                "ephemeral",
                .object("A claim that goes with the pod.") {
                    optional(
                        "volumeClaimTemplate",
                        .object("The claim.") {
                            optional("metadata", .object("Labels and annotations of the claim.") {})
                            required("spec", claimSpec)
                        })
                })
            optional(
                "hostPath",
                .object("A path on the node.") {
                    required("path", .string("The path."))
                    optional("type", .string("What must be there; unchecked when empty."))
                })
            optional(
                "image",
                .object("The files of an OCI image.") {
                    optional("pullPolicy", .string("Always, Never or IfNotPresent."))
                    optional("reference", .string("The image."))
                })
            optional(
                "nfs",
                .object("A share of an NFS server.") {
                    required("path", .string("The share."))
                    optional("readOnly", readOnly)
                    required("server", .string("The server."))
                })
            optional(
                "persistentVolumeClaim",
                .object("A claim in the same namespace.") {
                    required("claimName", .string("Its name."))
                    optional("readOnly", readOnly)
                })
            optional(
                "projected",
                .object("Several sources in one directory.") {
                    optional("defaultMode", fileMode)
                    optional("sources", .array("The sources.", of: projection).atomic())
                })
            optional(
                "secret",
                .object("Keys of a Secret as files.") {
                    optional("defaultMode", fileMode)
                    optional("items", keysToPaths)
                    optional("optional", .boolean("Whether it may be missing."))
                    optional("secretName", .string("Name of the Secret."))
                })
            legacySources
        }

    static let readOnly: SchemaNode = .boolean("Whether it is read only.")
    static let fileSystem: SchemaNode = .string("File system; the driver's choice when empty.")
    private static let fileMode: SchemaNode = .int32("Permission bits of the files; 0644 when absent.")

    private static let keysToPaths: SchemaNode =
        .array(
            "Which keys become which files; all when absent.",
            of: .object("One key.") {
                required("key", .string("The key."))
                optional("mode", fileMode)
                required("path", .string("Path of the file."))
            }
        ).atomic()

    private static let downwardFiles: SchemaNode =
        .array(
            "The files.",
            of: .object("One file.") {
                optional("fieldRef", fieldReference("A field of the pod."))
                optional("mode", fileMode)
                required("path", .string("Path of the file."))
                optional("resourceFieldRef", resourceFieldReference("A resource of a container."))
            }
        ).atomic()

    private static let projection: SchemaNode =
        .object("One source.") {
            optional(
                "clusterTrustBundle",
                .object("Certificates of ClusterTrustBundles.") {
                    optional("labelSelector", labelSelector("Labels of the bundles."))
                    optional("name", .string("Name of the one bundle."))
                    optional("optional", .boolean("Whether it may be missing."))
                    required("path", .string("Path of the file."))
                    optional("signerName", .string("Signer of the bundles."))
                })
            for (name, summary) in [("configMap", "Keys of a ConfigMap."), ("secret", "Keys of a Secret.")] {
                optional(
                    name,
                    .object(summary) {
                        optional("items", keysToPaths)
                        optional("name", .string("Its name.").default(""))
                        optional("optional", .boolean("Whether it may be missing."))
                    }.atomic())
            }
            optional("downwardAPI", .object("Fields of the pod.") { optional("items", downwardFiles) })
            optional(
                "podCertificate",
                .object("A key and a certificate made for the pod.") {
                    optional("certificateChainPath", .string("Path of the certificates' file."))
                    optional("credentialBundlePath", .string("Path of the file with key and certificates."))
                    optional("keyPath", .string("Path of the key's file."))
                    required("keyType", .string("Kind of the key."))
                    optional("maxExpirationSeconds", .int32("How long the certificate may hold."))
                    required("signerName", .string("Who signs it."))
                    optional("userAnnotations", .map("What the signer is told.", of: .string()))
                })
            optional(
                "serviceAccountToken",
                .object("A token of the pod's service account.") {
                    optional("audience", .string("Whom it is for."))
                    optional("expirationSeconds", .int64("How long it holds; an hour when absent."))
                    required("path", .string("Path of the file."))
                })
        }

    private static let claimSpec: SchemaNode =
        .object("What is claimed.") {
            optional("accessModes", .strings("How it is shared.").atomic())
            optional(
                "dataSource",
                .object("What fills it.") {
                    optional("apiGroup", .string("API group of the source; the core group when absent."))
                    required("kind", .string("Its kind."))
                    required("name", .string("Its name."))
                }.atomic())
            optional(
                "dataSourceRef",
                .object("What fills it, of any kind.") {
                    optional("apiGroup", .string("API group of the source; the core group when absent."))
                    required("kind", .string("Its kind."))
                    required("name", .string("Its name."))
                    optional("namespace", .string("Its namespace; the claim's when absent."))
                })
            optional(
                "resources",
                .object("How much.") {
                    optional("limits", .map("The most.", of: quantity()))
                    optional("requests", .map("The least.", of: quantity()))
                })
            optional("selector", labelSelector("Labels of the volumes that will do."))
            optional("storageClassName", .string("StorageClass; the default one when absent."))
            optional("volumeAttributesClassName", .string("VolumeAttributesClass."))
            optional("volumeMode", .string("Filesystem or Block."))
            optional("volumeName", .string("The one volume that is meant."))
        }
}
