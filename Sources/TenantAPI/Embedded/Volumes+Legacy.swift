import KubeObjects

/// Volume sources that Kubernetes has deprecated for CSI drivers, or removed; the API still knows them.
extension Embedded {
    @FieldList static var legacySources: [SchemaField] {
        optional(
            "awsElasticBlockStore",
            .object("Deprecated: an AWS disk.") {
                optional("fsType", fileSystem)
                optional("partition", .int32())
                optional("readOnly", readOnly)
                required("volumeID", .string())
            })
        optional(
            "azureDisk",
            .object("Deprecated: an Azure disk.") {
                optional("cachingMode", .string())
                required("diskName", .string())
                required("diskURI", .string())
                optional("fsType", fileSystem.default("ext4"))
                optional("kind", .string())
                optional("readOnly", readOnly.default(false))
            })
        optional(
            "azureFile",
            .object("Deprecated: an Azure share.") {
                optional("readOnly", readOnly)
                required("secretName", .string())
                required("shareName", .string())
            })
        optional(
            "cephfs",
            .object("Deprecated: a Ceph file system.") {
                required("monitors", .strings().atomic())
                optional("path", .string())
                optional("readOnly", readOnly)
                optional("secretFile", .string())
                optional("secretRef", secret)
                optional("user", .string())
            })
        optional(
            "cinder",
            .object("Deprecated: an OpenStack disk.") {
                optional("fsType", fileSystem)
                optional("readOnly", readOnly)
                optional("secretRef", secret)
                required("volumeID", .string())
            })
        optional(
            "fc",
            .object("A Fibre Channel disk.") {
                optional("fsType", fileSystem)
                optional("lun", .int32())
                optional("readOnly", readOnly)
                optional("targetWWNs", .strings().atomic())
                optional("wwids", .strings().atomic())
            })
        optional(
            "flexVolume",
            .object("Deprecated: a volume of an executable plugin.") {
                required("driver", .string())
                optional("fsType", fileSystem)
                optional("options", .map(of: .string()))
                optional("readOnly", readOnly)
                optional("secretRef", secret)
            })
        optional(
            "flocker",
            .object("Deprecated: a Flocker volume.") {
                optional("datasetName", .string())
                optional("datasetUUID", .string())
            })
        optional(
            "gcePersistentDisk",
            .object("Deprecated: a Google disk.") {
                optional("fsType", fileSystem)
                optional("partition", .int32())
                required("pdName", .string())
                optional("readOnly", readOnly)
            })
        optional(
            "gitRepo",
            .object("Deprecated: a git repository.") {
                optional("directory", .string())
                required("repository", .string())
                optional("revision", .string())
            })
        optional(
            "glusterfs",
            .object("Deprecated: a GlusterFS volume.") {
                required("endpoints", .string())
                required("path", .string())
                optional("readOnly", readOnly)
            })
        optional(
            "iscsi",
            .object("An iSCSI disk.") {
                optional("chapAuthDiscovery", .boolean())
                optional("chapAuthSession", .boolean())
                optional("fsType", fileSystem)
                optional("initiatorName", .string())
                required("iqn", .string())
                optional("iscsiInterface", .string().default("default"))
                required("lun", .int32())
                optional("portals", .strings().atomic())
                optional("readOnly", readOnly)
                optional("secretRef", secret)
                required("targetPortal", .string())
            })
        clusterSources
    }

    @FieldList private static var clusterSources: [SchemaField] {
        optional(
            "photonPersistentDisk",
            .object("Deprecated: a Photon disk.") {
                optional("fsType", fileSystem)
                required("pdID", .string())
            })
        optional(
            "portworxVolume",
            .object("Deprecated: a Portworx volume.") {
                optional("fsType", fileSystem)
                optional("readOnly", readOnly)
                required("volumeID", .string())
            })
        optional(
            "quobyte",
            .object("Deprecated: a Quobyte volume.") {
                optional("group", .string())
                optional("readOnly", readOnly)
                required("registry", .string())
                optional("tenant", .string())
                optional("user", .string())
                required("volume", .string())
            })
        optional(
            "rbd",
            .object("Deprecated: a Ceph block device.") {
                optional("fsType", fileSystem)
                required("image", .string())
                optional("keyring", .string().default("/etc/ceph/keyring"))
                required("monitors", .strings().atomic())
                optional("pool", .string().default("rbd"))
                optional("readOnly", readOnly)
                optional("secretRef", secret)
                optional("user", .string().default("admin"))
            })
        optional(
            "scaleIO",
            .object("Deprecated: a ScaleIO volume.") {
                optional("fsType", fileSystem.default("xfs"))
                required("gateway", .string())
                optional("protectionDomain", .string())
                optional("readOnly", readOnly)
                required("secretRef", secret)
                optional("sslEnabled", .boolean())
                optional("storageMode", .string().default("ThinProvisioned"))
                optional("storagePool", .string())
                required("system", .string())
                optional("volumeName", .string())
            })
        optional(
            "storageos",
            .object("Deprecated: a StorageOS volume.") {
                optional("fsType", fileSystem)
                optional("readOnly", readOnly)
                optional("secretRef", secret)
                optional("volumeName", .string())
                optional("volumeNamespace", .string())
            })
        optional(
            "vsphereVolume",
            .object("Deprecated: a vSphere disk.") {
                optional("fsType", fileSystem)
                optional("storagePolicyID", .string())
                optional("storagePolicyName", .string())
                required("volumePath", .string())
            })
    }

    private static var secret: SchemaNode { localReference("Secret with the credentials.") }
}
