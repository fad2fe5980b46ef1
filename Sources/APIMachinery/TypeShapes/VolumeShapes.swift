extension BuiltInShapes {
    /// The volumes of pods, and the kinds of storage.
    static let volumes = """
        /core
        AWSElasticBlockStoreVolumeSource fsType partition:i readOnly:b volumeID!
        AzureDiskVolumeSource cachingMode=ReadWrite diskName! diskURI! fsType=ext4 kind=Shared readOnly:b
        AzureFilePersistentVolumeSource readOnly:b secretName! secretNamespace shareName!
        AzureFileVolumeSource readOnly:b secretName! shareName!
        CSIPersistentVolumeSource controllerExpandSecretRef:SecretReference controllerPublishSecretRef:SecretReference
          driver! fsType nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference
          nodeStageSecretRef:SecretReference readOnly:b volumeAttributes:<s> volumeHandle!
        CSIVolumeSource driver! fsType nodePublishSecretRef:LocalObjectReference readOnly:b volumeAttributes:<s>
        CephFSPersistentVolumeSource monitors:[s]! path readOnly:b secretFile secretRef:SecretReference user
        CephFSVolumeSource monitors:[s]! path readOnly:b secretFile secretRef:LocalObjectReference user
        CinderPersistentVolumeSource fsType readOnly:b secretRef:SecretReference volumeID!
        CinderVolumeSource fsType readOnly:b secretRef:LocalObjectReference volumeID!
        ClusterTrustBundleProjection labelSelector:meta/LabelSelector name optional:b path! signerName
        ConfigMapProjection items:[KeyToPath] name optional:b
        ConfigMapVolumeSource defaultMode:i items:[KeyToPath] name optional:b
        DownwardAPIProjection items:[DownwardAPIVolumeFile]
        DownwardAPIVolumeFile fieldRef:ObjectFieldSelector mode:i path! resourceFieldRef:ResourceFieldSelector
        DownwardAPIVolumeSource defaultMode:i items:[DownwardAPIVolumeFile]
        EmptyDirVolumeSource medium sizeLimit:q
        EphemeralVolumeSource volumeClaimTemplate:PersistentVolumeClaimTemplate
        FCVolumeSource fsType lun:i readOnly:b targetWWNs:[s] wwids:[s]
        FlexPersistentVolumeSource driver! fsType options:<s> readOnly:b secretRef:SecretReference
        FlexVolumeSource driver! fsType options:<s> readOnly:b secretRef:LocalObjectReference
        FlockerVolumeSource datasetName datasetUUID
        GCEPersistentDiskVolumeSource fsType partition:i pdName! readOnly:b
        GitRepoVolumeSource directory repository! revision
        GlusterfsPersistentVolumeSource endpoints! endpointsNamespace path! readOnly:b
        GlusterfsVolumeSource endpoints! path! readOnly:b
        HostPathVolumeSource path! type
        ISCSIPersistentVolumeSource chapAuthDiscovery:b chapAuthSession:b fsType initiatorName iqn!
          iscsiInterface=default lun:i! portals:[s] readOnly:b secretRef:SecretReference targetPortal!
        ISCSIVolumeSource chapAuthDiscovery:b chapAuthSession:b fsType initiatorName iqn! iscsiInterface=default
          lun:i! portals:[s] readOnly:b secretRef:LocalObjectReference targetPortal!
        ImageVolumeSource pullPolicy reference
        KeyToPath key! mode:i path!
        NFSVolumeSource path! readOnly:b server!
        PersistentVolume apiVersion kind metadata:meta/ObjectMeta= spec:PersistentVolumeSpec=
          status:PersistentVolumeStatus=
        PersistentVolumeClaim apiVersion kind metadata:meta/ObjectMeta= spec:PersistentVolumeClaimSpec=
          status:PersistentVolumeClaimStatus=
        PersistentVolumeClaimCondition lastProbeTime:t lastTransitionTime:t message reason status! type!
        PersistentVolumeClaimSpec accessModes:[s] dataSource:TypedLocalObjectReference
          dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements= selector:meta/LabelSelector
          storageClassName volumeAttributesClassName volumeMode volumeName
        PersistentVolumeClaimStatus accessModes:[s] allocatedResourceStatuses:<s> allocatedResources:<q> capacity:<q>
          conditions:[PersistentVolumeClaimCondition]@type~type currentVolumeAttributesClassName
          modifyVolumeStatus:ModifyVolumeStatus phase
        PersistentVolumeClaimTemplate metadata:meta/ObjectMeta= spec:PersistentVolumeClaimSpec!=
        PersistentVolumeClaimVolumeSource claimName! readOnly:b
        PersistentVolumeSpec accessModes:[s] awsElasticBlockStore:AWSElasticBlockStoreVolumeSource
          azureDisk:AzureDiskVolumeSource azureFile:AzureFilePersistentVolumeSource capacity:<q>
          cephfs:CephFSPersistentVolumeSource cinder:CinderPersistentVolumeSource claimRef:%ObjectReference
          csi:CSIPersistentVolumeSource fc:FCVolumeSource flexVolume:FlexPersistentVolumeSource
          flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource
          glusterfs:GlusterfsPersistentVolumeSource hostPath:HostPathVolumeSource iscsi:ISCSIPersistentVolumeSource
          local:LocalVolumeSource mountOptions:[s] nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity
          persistentVolumeReclaimPolicy photonPersistentDisk:PhotonPersistentDiskVolumeSource
          portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource rbd:RBDPersistentVolumeSource
          scaleIO:ScaleIOPersistentVolumeSource storageClassName storageos:StorageOSPersistentVolumeSource
          volumeAttributesClassName volumeMode vsphereVolume:VsphereVirtualDiskVolumeSource
        PersistentVolumeStatus lastPhaseTransitionTime:t message phase reason
        PhotonPersistentDiskVolumeSource fsType pdID!
        PodCertificateProjection certificateChainPath credentialBundlePath keyPath keyType! maxExpirationSeconds:i
          signerName! userAnnotations:<s>
        PortworxVolumeSource fsType readOnly:b volumeID!
        ProjectedVolumeSource defaultMode:i sources:[VolumeProjection]
        QuobyteVolumeSource group readOnly:b registry! tenant user volume!
        RBDPersistentVolumeSource fsType image! keyring=/etc/ceph/keyring monitors:[s]! pool=rbd readOnly:b
          secretRef:SecretReference user=admin
        RBDVolumeSource fsType image! keyring=/etc/ceph/keyring monitors:[s]! pool=rbd readOnly:b
          secretRef:LocalObjectReference user=admin
        ScaleIOPersistentVolumeSource fsType=xfs gateway! protectionDomain readOnly:b secretRef:SecretReference!
          sslEnabled:b storageMode=ThinProvisioned storagePool system! volumeName
        ScaleIOVolumeSource fsType=xfs gateway! protectionDomain readOnly:b secretRef:LocalObjectReference!
          sslEnabled:b storageMode=ThinProvisioned storagePool system! volumeName
        SecretProjection items:[KeyToPath] name optional:b
        SecretVolumeSource defaultMode:i items:[KeyToPath] optional:b secretName
        ServiceAccountTokenProjection audience expirationSeconds:l path!
        StorageOSPersistentVolumeSource fsType readOnly:b secretRef:ObjectReference volumeName volumeNamespace
        StorageOSVolumeSource fsType readOnly:b secretRef:LocalObjectReference volumeName volumeNamespace
        Volume awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource
          azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource cinder:CinderVolumeSource
          configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource
          emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource
          flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource
          glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource image:ImageVolumeSource
          iscsi:ISCSIVolumeSource name! nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource
          photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource
          projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource
          secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource
        VolumeProjection clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection
          downwardAPI:DownwardAPIProjection podCertificate:PodCertificateProjection secret:SecretProjection
          serviceAccountToken:ServiceAccountTokenProjection
        VsphereVirtualDiskVolumeSource fsType storagePolicyID storagePolicyName volumePath!
        /storage
        CSIDriver apiVersion kind metadata:meta/ObjectMeta= spec:CSIDriverSpec!=
        CSIDriverSpec attachRequired:b fsGroupPolicy nodeAllocatableUpdatePeriodSeconds:l podInfoOnMount:b
          preventPodSchedulingIfMissing:b requiresRepublish:b seLinuxMount:b serviceAccountTokenInSecrets:b
          storageCapacity:b tokenRequests:[TokenRequest] volumeLifecycleModes:{s}
        CSINode apiVersion kind metadata:meta/ObjectMeta= spec:CSINodeSpec!=
        CSINodeDriver allocatable:VolumeNodeResources name! nodeID! topologyKeys:[s]
        CSINodeSpec drivers:[CSINodeDriver]@name~name!
        StorageClass allowVolumeExpansion:b allowedTopologies:[core/TopologySelectorTerm] apiVersion kind
          metadata:meta/ObjectMeta= mountOptions:[s] parameters:<s> provisioner! reclaimPolicy volumeBindingMode
        TokenRequest audience! expirationSeconds:l
        VolumeAttachment apiVersion kind metadata:meta/ObjectMeta= spec:VolumeAttachmentSpec!=
          status:VolumeAttachmentStatus=
        VolumeAttachmentSource inlineVolumeSpec:core/PersistentVolumeSpec persistentVolumeName
        VolumeAttachmentSpec attacher! nodeName! source:VolumeAttachmentSource!=
        VolumeAttachmentStatus attachError:VolumeError attached:b! attachmentMetadata:<s> detachError:VolumeError
        VolumeError errorCode:i message time:t
        VolumeNodeResources count:i
        """
}
