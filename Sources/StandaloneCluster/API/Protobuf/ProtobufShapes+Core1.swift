extension ProtobufShapes {
    /// v1, part 1 in alphabetical order.
    static let core1 = #"""
        /core
        AWSElasticBlockStoreVolumeSource 1volumeID 2fsType 3partition:i 4readOnly:b
        Affinity 1nodeAffinity:*NodeAffinity 2podAffinity:*PodAffinity 3podAntiAffinity:*PodAntiAffinity
        AppArmorProfile 1type 2localhostProfile:S
        AttachedVolume 1name 2devicePath
        AzureDiskVolumeSource 1diskName 2diskURI 3cachingMode:S 4fsType:S 5readOnly:B 6kind:S
        AzureFilePersistentVolumeSource 1secretName 2shareName 3readOnly:b 4secretNamespace:S
        AzureFileVolumeSource 1secretName 2shareName 3readOnly:b
        Binding 1metadata:meta/ObjectMeta 2target:ObjectReference
        CSIPersistentVolumeSource 1driver 2volumeHandle 3readOnly:b 4fsType 5volumeAttributes:<s>
          6controllerPublishSecretRef:*SecretReference 7nodeStageSecretRef:*SecretReference
          8nodePublishSecretRef:*SecretReference 9controllerExpandSecretRef:*SecretReference
          10nodeExpandSecretRef:*SecretReference
        CSIVolumeSource 1driver 2readOnly:B 3fsType:S 4volumeAttributes:<s>
          5nodePublishSecretRef:*LocalObjectReference
        Capabilities 1add:[s] 2drop:[s]
        CephFSPersistentVolumeSource 1monitors:[s] 2path 3user 4secretFile 5secretRef:*SecretReference 6readOnly:b
        CephFSVolumeSource 1monitors:[s] 2path 3user 4secretFile 5secretRef:*LocalObjectReference 6readOnly:b
        CinderPersistentVolumeSource 1volumeID 2fsType 3readOnly:b 4secretRef:*SecretReference
        CinderVolumeSource 1volumeID 2fsType 3readOnly:b 4secretRef:*LocalObjectReference
        ClientIPConfig 1timeoutSeconds:I
        ClusterTrustBundleProjection 1name:S 2signerName:S 3labelSelector:*meta/LabelSelector 4path 5optional:B
        ConfigMap 1metadata:meta/ObjectMeta 2data:<s> 3binaryData:<y> 4immutable:B
        ConfigMapEnvSource 1:^LocalObjectReference 2optional:B
        ConfigMapKeySelector 1:^LocalObjectReference 2key 3optional:B
        ConfigMapNodeConfigSource 1namespace 2name 3uid 4resourceVersion 5kubeletConfigKey
        ConfigMapProjection 1:^LocalObjectReference 2items:[KeyToPath] 4optional:B
        ConfigMapVolumeSource 1:^LocalObjectReference 2items:[KeyToPath] 3defaultMode:I 4optional:B
        Container 1name 2image 3command:[s] 4args:[s] 5workingDir 6ports:[ContainerPort] 7env:[EnvVar]
          8resources:ResourceRequirements 9volumeMounts:[VolumeMount] 10livenessProbe:*Probe 11readinessProbe:*Probe
          12lifecycle:*Lifecycle 13terminationMessagePath 14imagePullPolicy 15securityContext:*SecurityContext
          16stdin:b 17stdinOnce:b 18tty:b 19envFrom:[EnvFromSource] 20terminationMessagePolicy
          21volumeDevices:[VolumeDevice] 22startupProbe:*Probe 23resizePolicy:[ContainerResizePolicy]
          24restartPolicy:S 25restartPolicyRules:[ContainerRestartRule]
        ContainerExtendedResourceRequest 1containerName 2resourceName 3requestName
        ContainerImage 1names:[s] 2sizeBytes:i
        ContainerPort 1name 2hostPort:i 3containerPort:i 4protocol 5hostIP
        ContainerResizePolicy 1resourceName 2restartPolicy
        ContainerRestartRule 1action 2exitCodes:*ContainerRestartRuleOnExitCodes
        ContainerRestartRuleOnExitCodes 1operator 2values:[i]
        ContainerState 1waiting:*ContainerStateWaiting 2running:*ContainerStateRunning
          3terminated:*ContainerStateTerminated
        ContainerStateRunning 1startedAt:t
        ContainerStateTerminated 1exitCode:i 2signal:i 3reason 4message 5startedAt:t 6finishedAt:t 7containerID
        ContainerStateWaiting 1reason 2message
        ContainerStatus 1name 2state:ContainerState 3lastState:ContainerState 4ready:b 5restartCount:i 6image
          7imageID 8containerID 9started:B 10allocatedResources:<q> 11resources:*ResourceRequirements
          12volumeMounts:[VolumeMountStatus] 13user:*ContainerUser 14allocatedResourcesStatus:[ResourceStatus]
          15stopSignal:S
        ContainerUser 1linux:*LinuxContainerUser
        DaemonEndpoint 1Port:i
        DownwardAPIProjection 1items:[DownwardAPIVolumeFile]
        DownwardAPIVolumeFile 1path 2fieldRef:*ObjectFieldSelector 3resourceFieldRef:*ResourceFieldSelector 4mode:I
        DownwardAPIVolumeSource 1items:[DownwardAPIVolumeFile] 2defaultMode:I
        EmptyDirVolumeSource 1medium 2sizeLimit:q
        EndpointAddress 1ip 2targetRef:*ObjectReference 3hostname 4nodeName:S
        EndpointPort 1name 2port:i 3protocol 4appProtocol:S
        EndpointSubset 1addresses:[EndpointAddress] 2notReadyAddresses:[EndpointAddress] 3ports:[EndpointPort]
        Endpoints 1metadata:meta/ObjectMeta 2subsets:[EndpointSubset]
        EnvFromSource 1prefix 2configMapRef:*ConfigMapEnvSource 3secretRef:*SecretEnvSource
        EnvVar 1name 2value 3valueFrom:*EnvVarSource
        EnvVarSource 1fieldRef:*ObjectFieldSelector 2resourceFieldRef:*ResourceFieldSelector
          3configMapKeyRef:*ConfigMapKeySelector 4secretKeyRef:*SecretKeySelector 5fileKeyRef:*FileKeySelector
        EphemeralContainer 1:^EphemeralContainerCommon 2targetContainerName
        EphemeralContainerCommon 1name 2image 3command:[s] 4args:[s] 5workingDir 6ports:[ContainerPort]
          7env:[EnvVar] 8resources:ResourceRequirements 9volumeMounts:[VolumeMount] 10livenessProbe:*Probe
          11readinessProbe:*Probe 12lifecycle:*Lifecycle 13terminationMessagePath 14imagePullPolicy
          15securityContext:*SecurityContext 16stdin:b 17stdinOnce:b 18tty:b 19envFrom:[EnvFromSource]
          20terminationMessagePolicy 21volumeDevices:[VolumeDevice] 22startupProbe:*Probe
          23resizePolicy:[ContainerResizePolicy] 24restartPolicy:S 25restartPolicyRules:[ContainerRestartRule]
        EphemeralVolumeSource 1volumeClaimTemplate:*PersistentVolumeClaimTemplate
        Event 1metadata:meta/ObjectMeta 2involvedObject:ObjectReference 3reason 4message 5source:EventSource
          6firstTimestamp:t 7lastTimestamp:t 8count:i 9type 10eventTime:u 11series:*EventSeries 12action
          13related:*ObjectReference 14reportingComponent 15reportingInstance
        EventSeries 1count:i 2lastObservedTime:u
        EventSource 1component 2host
        ExecAction 1command:[s]
        FCVolumeSource 1targetWWNs:[s] 2lun:I 3fsType 4readOnly:b 5wwids:[s]
        FileKeySelector 1volumeName 2path 3key 4optional:B
        FlexPersistentVolumeSource 1driver 2fsType 3secretRef:*SecretReference 4readOnly:b 5options:<s>
        FlexVolumeSource 1driver 2fsType 3secretRef:*LocalObjectReference 4readOnly:b 5options:<s>
        FlockerVolumeSource 1datasetName 2datasetUUID
        GCEPersistentDiskVolumeSource 1pdName 2fsType 3partition:i 4readOnly:b
        GRPCAction 1port:i 2service:S
        GitRepoVolumeSource 1repository 2revision 3directory
        GlusterfsPersistentVolumeSource 1endpoints 2path 3readOnly:b 4endpointsNamespace:S
        GlusterfsVolumeSource 1endpoints 2path 3readOnly:b
        HTTPGetAction 1path 2port:x 3host 4scheme 5httpHeaders:[HTTPHeader]
        HTTPHeader 1name 2value
        HostAlias 1ip 2hostnames:[s]
        HostIP 1ip
        HostPathVolumeSource 1path 2type:S
        ISCSIPersistentVolumeSource 1targetPortal 2iqn 3lun:i 4iscsiInterface 5fsType 6readOnly:b 7portals:[s]
          8chapAuthDiscovery:b 10secretRef:*SecretReference 11chapAuthSession:b 12initiatorName:S
        ISCSIVolumeSource 1targetPortal 2iqn 3lun:i 4iscsiInterface 5fsType 6readOnly:b 7portals:[s]
          8chapAuthDiscovery:b 10secretRef:*LocalObjectReference 11chapAuthSession:b 12initiatorName:S
        ImageVolumeSource 1reference 2pullPolicy
        ImageVolumeStatus 1imageRef
        KeyToPath 1key 2path 3mode:I
        Lifecycle 1postStart:*LifecycleHandler 2preStop:*LifecycleHandler 3stopSignal:S
        LifecycleHandler 1exec:*ExecAction 2httpGet:*HTTPGetAction 3tcpSocket:*TCPSocketAction 4sleep:*SleepAction
        LimitRange 1metadata:meta/ObjectMeta 2spec:LimitRangeSpec
        LimitRangeItem 1type 2max:<q> 3min:<q> 4default:<q> 5defaultRequest:<q> 6maxLimitRequestRatio:<q>
        LimitRangeSpec 1limits:[LimitRangeItem]
        LinuxContainerUser 1uid:i 2gid:i 3supplementalGroups:[i]
        LoadBalancerIngress 1ip 2hostname 3ipMode:S 4ports:[PortStatus]
        LoadBalancerStatus 1ingress:[LoadBalancerIngress]
        LocalObjectReference 1name
        LocalVolumeSource 1path 2fsType:S
        ModifyVolumeStatus 1targetVolumeAttributesClassName 2status
        NFSVolumeSource 1server 2path 3readOnly:b
        Namespace 1metadata:meta/ObjectMeta 2spec:NamespaceSpec 3status:NamespaceStatus
        NamespaceCondition 1type 2status 4lastTransitionTime:t 5reason 6message
        NamespaceSpec 1finalizers:[s]
        NamespaceStatus 1phase 2conditions:[NamespaceCondition]
        Node 1metadata:meta/ObjectMeta 2spec:NodeSpec 3status:NodeStatus
        NodeAddress 1type 2address
        NodeAffinity 1requiredDuringSchedulingIgnoredDuringExecution:*NodeSelector
          2preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]
        NodeAllocatableResourceClaimStatus 1resourceClaimName 2containers:[s] 3resources:<q>
        NodeCondition 1type 2status 3lastHeartbeatTime:t 4lastTransitionTime:t 5reason 6message
        NodeConfigSource 2configMap:*ConfigMapNodeConfigSource
        NodeConfigStatus 1assigned:*NodeConfigSource 2active:*NodeConfigSource 3lastKnownGood:*NodeConfigSource
          4error
        NodeDaemonEndpoints 1kubeletEndpoint:DaemonEndpoint
        NodeFeatures 1supplementalGroupsPolicy:B
        NodeRuntimeHandler 1name 2features:*NodeRuntimeHandlerFeatures
        NodeRuntimeHandlerFeatures 1recursiveReadOnlyMounts:B 2userNamespaces:B
        NodeSelector 1nodeSelectorTerms:[NodeSelectorTerm]
        NodeSelectorRequirement 1key 2operator 3values:[s]
        NodeSelectorTerm 1matchExpressions:[NodeSelectorRequirement] 2matchFields:[NodeSelectorRequirement]
        NodeSpec 1podCIDR 2externalID 3providerID 4unschedulable:b 5taints:[Taint] 6configSource:*NodeConfigSource
          7podCIDRs:[s]
        NodeStatus 1capacity:<q> 2allocatable:<q> 3phase 4conditions:[NodeCondition] 5addresses:[NodeAddress]
          6daemonEndpoints:NodeDaemonEndpoints 7nodeInfo:NodeSystemInfo 8images:[ContainerImage] 9volumesInUse:[s]
          10volumesAttached:[AttachedVolume] 11config:*NodeConfigStatus 12runtimeHandlers:[NodeRuntimeHandler]
          13features:*NodeFeatures 14declaredFeatures:[s]
        NodeSwapStatus 1capacity:I
        NodeSystemInfo 1machineID 2systemUUID 3bootID 4kernelVersion 5osImage 6containerRuntimeVersion
          7kubeletVersion 8kubeProxyVersion 9operatingSystem 10architecture 11swap:*NodeSwapStatus
        ObjectFieldSelector 1apiVersion 2fieldPath
        ObjectReference 1kind 2namespace 3name 4uid 5apiVersion 6resourceVersion 7fieldPath
        PersistentVolume 1metadata:meta/ObjectMeta 2spec:PersistentVolumeSpec 3status:PersistentVolumeStatus
        PersistentVolumeClaim 1metadata:meta/ObjectMeta 2spec:PersistentVolumeClaimSpec
          3status:PersistentVolumeClaimStatus
        PersistentVolumeClaimCondition 1type 2status 3lastProbeTime:t 4lastTransitionTime:t 5reason 6message
        PersistentVolumeClaimSpec 1accessModes:[s] 2resources:VolumeResourceRequirements 3volumeName
          4selector:*meta/LabelSelector 5storageClassName:S 6volumeMode:S 7dataSource:*TypedLocalObjectReference
          8dataSourceRef:*TypedObjectReference 9volumeAttributesClassName:S
        PersistentVolumeClaimStatus 1phase 2accessModes:[s] 3capacity:<q>
          4conditions:[PersistentVolumeClaimCondition] 5allocatedResources:<q> 7allocatedResourceStatuses:<s>
          8currentVolumeAttributesClassName:S 9modifyVolumeStatus:*ModifyVolumeStatus
        PersistentVolumeClaimTemplate 1metadata:meta/ObjectMeta 2spec:PersistentVolumeClaimSpec
        PersistentVolumeClaimVolumeSource 1claimName 2readOnly:b
        PersistentVolumeSource 1gcePersistentDisk:*GCEPersistentDiskVolumeSource
          2awsElasticBlockStore:*AWSElasticBlockStoreVolumeSource 3hostPath:*HostPathVolumeSource
          4glusterfs:*GlusterfsPersistentVolumeSource 5nfs:*NFSVolumeSource 6rbd:*RBDPersistentVolumeSource
          7iscsi:*ISCSIPersistentVolumeSource 8cinder:*CinderPersistentVolumeSource
          9cephfs:*CephFSPersistentVolumeSource 10fc:*FCVolumeSource 11flocker:*FlockerVolumeSource
          12flexVolume:*FlexPersistentVolumeSource 13azureFile:*AzureFilePersistentVolumeSource
          14vsphereVolume:*VsphereVirtualDiskVolumeSource 15quobyte:*QuobyteVolumeSource
          16azureDisk:*AzureDiskVolumeSource 17photonPersistentDisk:*PhotonPersistentDiskVolumeSource
          18portworxVolume:*PortworxVolumeSource 19scaleIO:*ScaleIOPersistentVolumeSource 20local:*LocalVolumeSource
          21storageos:*StorageOSPersistentVolumeSource 22csi:*CSIPersistentVolumeSource
        """#
}
