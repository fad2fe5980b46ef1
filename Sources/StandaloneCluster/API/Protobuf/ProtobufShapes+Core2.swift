extension ProtobufShapes {
    /// v1, part 2 in alphabetical order.
    static let core2 = #"""
        /core
        PersistentVolumeSpec 1capacity:<q> 2:^PersistentVolumeSource 3accessModes:[s] 4claimRef:*ObjectReference
          5persistentVolumeReclaimPolicy 6storageClassName 7mountOptions:[s] 8volumeMode:S
          9nodeAffinity:*VolumeNodeAffinity 10volumeAttributesClassName:S
        PersistentVolumeStatus 1phase 2message 3reason 4lastPhaseTransitionTime:t
        PhotonPersistentDiskVolumeSource 1pdID 2fsType
        Pod 1metadata:meta/ObjectMeta 2spec:PodSpec 3status:PodStatus
        PodAffinity 1requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
          2preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
        PodAffinityTerm 1labelSelector:*meta/LabelSelector 2namespaces:[s] 3topologyKey
          4namespaceSelector:*meta/LabelSelector 5matchLabelKeys:[s] 6mismatchLabelKeys:[s]
        PodAntiAffinity 1requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
          2preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
        PodCertificateProjection 1signerName 2keyType 3maxExpirationSeconds:I 4credentialBundlePath 5keyPath
          6certificateChainPath 7userAnnotations:<s>
        PodCondition 1type 2status 3lastProbeTime:t 4lastTransitionTime:t 5reason 6message 7observedGeneration:i
        PodDNSConfig 1nameservers:[s] 2searches:[s] 3options:[PodDNSConfigOption]
        PodDNSConfigOption 1name 2value:S
        PodExtendedResourceClaimStatus 1requestMappings:[ContainerExtendedResourceRequest] 2resourceClaimName
        PodIP 1ip
        PodOS 1name
        PodReadinessGate 1conditionType
        PodResourceClaim 1name 3resourceClaimName:S 4resourceClaimTemplateName:S
        PodResourceClaimStatus 1name 2resourceClaimName:S
        PodSchedulingGate 1name
        PodSchedulingGroup 1podGroupName:S
        PodSecurityContext 1seLinuxOptions:*SELinuxOptions 2runAsUser:I 3runAsNonRoot:B 4supplementalGroups:[i]
          5fsGroup:I 6runAsGroup:I 7sysctls:[Sysctl] 8windowsOptions:*WindowsSecurityContextOptions
          9fsGroupChangePolicy:S 10seccompProfile:*SeccompProfile 11appArmorProfile:*AppArmorProfile
          12supplementalGroupsPolicy:S 13seLinuxChangePolicy:S
        PodSpec 1volumes:[Volume] 2containers:[Container] 3restartPolicy 4terminationGracePeriodSeconds:I
          5activeDeadlineSeconds:I 6dnsPolicy 7nodeSelector:<s> 8serviceAccountName 9serviceAccount 10nodeName
          11hostNetwork:b 12hostPID:b 13hostIPC:b 14securityContext:*PodSecurityContext
          15imagePullSecrets:[LocalObjectReference] 16hostname 17subdomain 18affinity:*Affinity 19schedulerName
          20initContainers:[Container] 21automountServiceAccountToken:B 22tolerations:[Toleration]
          23hostAliases:[HostAlias] 24priorityClassName 25priority:I 26dnsConfig:*PodDNSConfig
          27shareProcessNamespace:B 28readinessGates:[PodReadinessGate] 29runtimeClassName:S 30enableServiceLinks:B
          31preemptionPolicy:S 32overhead:<q> 33topologySpreadConstraints:[TopologySpreadConstraint]
          34ephemeralContainers:[EphemeralContainer] 35setHostnameAsFQDN:B 36os:*PodOS 37hostUsers:B
          38schedulingGates:[PodSchedulingGate] 39resourceClaims:[PodResourceClaim]
          40resources:*ResourceRequirements 41hostnameOverride:S 43schedulingGroup:*PodSchedulingGroup
        PodStatus 1phase 2conditions:[PodCondition] 3message 4reason 5hostIP 6podIP 7startTime:t
          8containerStatuses:[ContainerStatus] 9qosClass 10initContainerStatuses:[ContainerStatus]
          11nominatedNodeName 12podIPs:[PodIP] 13ephemeralContainerStatuses:[ContainerStatus] 14resize
          15resourceClaimStatuses:[PodResourceClaimStatus] 16hostIPs:[HostIP] 17observedGeneration:i
          18extendedResourceClaimStatus:*PodExtendedResourceClaimStatus 19allocatedResources:<q>
          20resources:*ResourceRequirements
          21nodeAllocatableResourceClaimStatuses:[NodeAllocatableResourceClaimStatus]
        PodTemplate 1metadata:meta/ObjectMeta 2template:PodTemplateSpec
        PodTemplateSpec 1metadata:meta/ObjectMeta 2spec:PodSpec
        PortStatus 1port:i 2protocol 3error:S
        PortworxVolumeSource 1volumeID 2fsType 3readOnly:b
        PreferredSchedulingTerm 1weight:i 2preference:NodeSelectorTerm
        Probe 1:^ProbeHandler 2initialDelaySeconds:i 3timeoutSeconds:i 4periodSeconds:i 5successThreshold:i
          6failureThreshold:i 7terminationGracePeriodSeconds:I
        ProbeHandler 1exec:*ExecAction 2httpGet:*HTTPGetAction 3tcpSocket:*TCPSocketAction 4grpc:*GRPCAction
        ProjectedVolumeSource 1sources:[VolumeProjection] 2defaultMode:I
        QuobyteVolumeSource 1registry 2volume 3readOnly:b 4user 5group 6tenant
        RBDPersistentVolumeSource 1monitors:[s] 2image 3fsType 4pool 5user 6keyring 7secretRef:*SecretReference
          8readOnly:b
        RBDVolumeSource 1monitors:[s] 2image 3fsType 4pool 5user 6keyring 7secretRef:*LocalObjectReference
          8readOnly:b
        ReplicationController 1metadata:meta/ObjectMeta 2spec:ReplicationControllerSpec
          3status:ReplicationControllerStatus
        ReplicationControllerCondition 1type 2status 3lastTransitionTime:t 4reason 5message
        ReplicationControllerSpec 1replicas:I 2selector:<s> 3template:*PodTemplateSpec 4minReadySeconds:i
        ReplicationControllerStatus 1replicas:i 2fullyLabeledReplicas:i 3observedGeneration:i 4readyReplicas:i
          5availableReplicas:i 6conditions:[ReplicationControllerCondition]
        ResourceClaim 1name 2request
        ResourceFieldSelector 1containerName 2resource 3divisor:q
        ResourceHealth 1resourceID 2health 6message:S
        ResourceQuota 1metadata:meta/ObjectMeta 2spec:ResourceQuotaSpec 3status:ResourceQuotaStatus
        ResourceQuotaSpec 1hard:<q> 2scopes:[s] 3scopeSelector:*ScopeSelector
        ResourceQuotaStatus 1hard:<q> 2used:<q>
        ResourceRequirements 1limits:<q> 2requests:<q> 3claims:[ResourceClaim]
        ResourceStatus 1name 2resources:[ResourceHealth]
        SELinuxOptions 1user 2role 3type 4level
        ScaleIOPersistentVolumeSource 1gateway 2system 3secretRef:*SecretReference 4sslEnabled:b 5protectionDomain
          6storagePool 7storageMode 8volumeName 9fsType 10readOnly:b
        ScaleIOVolumeSource 1gateway 2system 3secretRef:*LocalObjectReference 4sslEnabled:b 5protectionDomain
          6storagePool 7storageMode 8volumeName 9fsType 10readOnly:b
        ScopeSelector 1matchExpressions:[ScopedResourceSelectorRequirement]
        ScopedResourceSelectorRequirement 1scopeName 2operator 3values:[s]
        SeccompProfile 1type 2localhostProfile:S
        Secret 1metadata:meta/ObjectMeta 2data:<y> 3type 4stringData:<s> 5immutable:B
        SecretEnvSource 1:^LocalObjectReference 2optional:B
        SecretKeySelector 1:^LocalObjectReference 2key 3optional:B
        SecretProjection 1:^LocalObjectReference 2items:[KeyToPath] 4optional:B
        SecretReference 1name 2namespace
        SecretVolumeSource 1secretName 2items:[KeyToPath] 3defaultMode:I 4optional:B
        SecurityContext 1capabilities:*Capabilities 2privileged:B 3seLinuxOptions:*SELinuxOptions 4runAsUser:I
          5runAsNonRoot:B 6readOnlyRootFilesystem:B 7allowPrivilegeEscalation:B 8runAsGroup:I 9procMount:S
          10windowsOptions:*WindowsSecurityContextOptions 11seccompProfile:*SeccompProfile
          12appArmorProfile:*AppArmorProfile
        Service 1metadata:meta/ObjectMeta 2spec:ServiceSpec 3status:ServiceStatus
        ServiceAccount 1metadata:meta/ObjectMeta 2secrets:[ObjectReference] 3imagePullSecrets:[LocalObjectReference]
          4automountServiceAccountToken:B
        ServiceAccountTokenProjection 1audience 2expirationSeconds:I 3path
        ServicePort 1name 2protocol 3port:i 4targetPort:x 5nodePort:i 6appProtocol:S
        ServiceSpec 1ports:[ServicePort] 2selector:<s> 3clusterIP 4type 5externalIPs:[s] 7sessionAffinity
          8loadBalancerIP 9loadBalancerSourceRanges:[s] 10externalName 11externalTrafficPolicy
          12healthCheckNodePort:i 13publishNotReadyAddresses:b 14sessionAffinityConfig:*SessionAffinityConfig
          17ipFamilyPolicy:S 18clusterIPs:[s] 19ipFamilies:[s] 20allocateLoadBalancerNodePorts:B
          21loadBalancerClass:S 22internalTrafficPolicy:S 23trafficDistribution:S
        ServiceStatus 1loadBalancer:LoadBalancerStatus 2conditions:[meta/Condition]
        SessionAffinityConfig 1clientIP:*ClientIPConfig
        SleepAction 1seconds:i
        StorageOSPersistentVolumeSource 1volumeName 2volumeNamespace 3fsType 4readOnly:b 5secretRef:*ObjectReference
        StorageOSVolumeSource 1volumeName 2volumeNamespace 3fsType 4readOnly:b 5secretRef:*LocalObjectReference
        Sysctl 1name 2value
        TCPSocketAction 1port:x 2host
        Taint 1key 2value 3effect 4timeAdded:t
        Toleration 1key 2operator 3value 4effect 5tolerationSeconds:I
        TopologySelectorLabelRequirement 1key 2values:[s]
        TopologySelectorTerm 1matchLabelExpressions:[TopologySelectorLabelRequirement]
        TopologySpreadConstraint 1maxSkew:i 2topologyKey 3whenUnsatisfiable 4labelSelector:*meta/LabelSelector
          5minDomains:I 6nodeAffinityPolicy:S 7nodeTaintsPolicy:S 8matchLabelKeys:[s]
        TypedLocalObjectReference 1apiGroup:S 2kind 3name
        TypedObjectReference 1apiGroup:S 2kind 3name 4namespace:S
        Volume 1name 2:^VolumeSource
        VolumeDevice 1name 2devicePath
        VolumeMount 1name 2readOnly:b 3mountPath 4subPath 5mountPropagation:S 6subPathExpr 7recursiveReadOnly:S
        VolumeMountStatus 1name 2mountPath 3readOnly:b 4recursiveReadOnly:S 5volumeStatus:*VolumeStatus
        VolumeNodeAffinity 1required:*NodeSelector
        VolumeProjection 1secret:*SecretProjection 2downwardAPI:*DownwardAPIProjection
          3configMap:*ConfigMapProjection 4serviceAccountToken:*ServiceAccountTokenProjection
          5clusterTrustBundle:*ClusterTrustBundleProjection 6podCertificate:*PodCertificateProjection
        VolumeResourceRequirements 1limits:<q> 2requests:<q>
        VolumeSource 1hostPath:*HostPathVolumeSource 2emptyDir:*EmptyDirVolumeSource
          3gcePersistentDisk:*GCEPersistentDiskVolumeSource 4awsElasticBlockStore:*AWSElasticBlockStoreVolumeSource
          5gitRepo:*GitRepoVolumeSource 6secret:*SecretVolumeSource 7nfs:*NFSVolumeSource 8iscsi:*ISCSIVolumeSource
          9glusterfs:*GlusterfsVolumeSource 10persistentVolumeClaim:*PersistentVolumeClaimVolumeSource
          11rbd:*RBDVolumeSource 12flexVolume:*FlexVolumeSource 13cinder:*CinderVolumeSource
          14cephfs:*CephFSVolumeSource 15flocker:*FlockerVolumeSource 16downwardAPI:*DownwardAPIVolumeSource
          17fc:*FCVolumeSource 18azureFile:*AzureFileVolumeSource 19configMap:*ConfigMapVolumeSource
          20vsphereVolume:*VsphereVirtualDiskVolumeSource 21quobyte:*QuobyteVolumeSource
          22azureDisk:*AzureDiskVolumeSource 23photonPersistentDisk:*PhotonPersistentDiskVolumeSource
          24portworxVolume:*PortworxVolumeSource 25scaleIO:*ScaleIOVolumeSource 26projected:*ProjectedVolumeSource
          27storageos:*StorageOSVolumeSource 28csi:*CSIVolumeSource 29ephemeral:*EphemeralVolumeSource
          30image:*ImageVolumeSource
        VolumeStatus 1image:*ImageVolumeStatus
        VsphereVirtualDiskVolumeSource 1volumePath 2fsType 3storagePolicyName 4storagePolicyID
        WeightedPodAffinityTerm 1weight:i 2podAffinityTerm:PodAffinityTerm
        WindowsSecurityContextOptions 1gmsaCredentialSpecName:S 2gmsaCredentialSpec:S 3runAsUserName:S
          4hostProcess:B
        """#
}
