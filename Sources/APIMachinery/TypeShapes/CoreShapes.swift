extension BuiltInShapes {
    /// The core group, but for pods and volumes.
    static let core = """
        /core
        AttachedVolume devicePath! name!
        Binding apiVersion kind metadata:meta/ObjectMeta= target:ObjectReference!=
        ClientIPConfig timeoutSeconds:i
        ConfigMap apiVersion binaryData:<y> data:<s> immutable:b kind metadata:meta/ObjectMeta=
        ConfigMapNodeConfigSource kubeletConfigKey! name! namespace! resourceVersion uid
        ContainerExtendedResourceRequest containerName! requestName! resourceName!
        ContainerImage names:[s] sizeBytes:l
        ContainerState running:ContainerStateRunning terminated:ContainerStateTerminated waiting:ContainerStateWaiting
        ContainerStateRunning startedAt:t
        ContainerStateTerminated containerID exitCode:i! finishedAt:t message reason signal:i startedAt:t
        ContainerStateWaiting message reason
        ContainerStatus allocatedResources:<q> allocatedResourcesStatus:[ResourceStatus]@name~name containerID image!
          imageID! lastState:ContainerState= name! ready:b! resources:ResourceRequirements restartCount:i! started:b
          state:ContainerState= stopSignal user:ContainerUser volumeMounts:[VolumeMountStatus]@mountPath~mountPath
        ContainerUser linux:LinuxContainerUser
        DaemonEndpoint Port:i!
        #EndpointAddress hostname ip! nodeName targetRef:ObjectReference
        #EndpointPort appProtocol name port:i! protocol
        EndpointSubset addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] ports:[EndpointPort]
        Endpoints apiVersion kind metadata:meta/ObjectMeta= subsets:[EndpointSubset]
        Event action apiVersion count:i eventTime:u firstTimestamp:t involvedObject:ObjectReference!= kind
          lastTimestamp:t message metadata:meta/ObjectMeta!= reason related:ObjectReference reportingComponent
          reportingInstance series:EventSeries source:EventSource= type
        EventSeries count:i lastObservedTime:u
        EventSource component host
        HostIP ip!
        ImageVolumeStatus imageRef!
        LimitRange apiVersion kind metadata:meta/ObjectMeta= spec:LimitRangeSpec=
        LimitRangeItem default:<q> defaultRequest:<q> max:<q> maxLimitRequestRatio:<q> min:<q> type!
        LimitRangeSpec limits:[LimitRangeItem]!
        LinuxContainerUser gid:l! supplementalGroups:[l] uid:l!
        LoadBalancerIngress hostname ip ipMode ports:[PortStatus]
        LoadBalancerStatus ingress:[LoadBalancerIngress]
        LocalVolumeSource fsType path!
        ModifyVolumeStatus status! targetVolumeAttributesClassName
        Namespace apiVersion kind metadata:meta/ObjectMeta= spec:NamespaceSpec= status:NamespaceStatus=
        NamespaceCondition lastTransitionTime:t message reason status! type!
        NamespaceSpec finalizers:[s]
        NamespaceStatus conditions:[NamespaceCondition]@type~type phase
        Node apiVersion kind metadata:meta/ObjectMeta= spec:NodeSpec= status:NodeStatus=
        NodeAddress address! type!
        NodeAllocatableResourceClaimStatus containers:{s} resourceClaimName! resources:<q>!
        NodeCondition lastHeartbeatTime:t lastTransitionTime:t message reason status! type!
        NodeConfigSource configMap:ConfigMapNodeConfigSource
        NodeConfigStatus active:NodeConfigSource assigned:NodeConfigSource error lastKnownGood:NodeConfigSource
        NodeDaemonEndpoints kubeletEndpoint:DaemonEndpoint=
        NodeFeatures supplementalGroupsPolicy:b
        NodeRuntimeHandler features:NodeRuntimeHandlerFeatures name
        NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:b userNamespaces:b
        NodeSpec configSource:NodeConfigSource externalID podCIDR podCIDRs:{s}~ providerID taints:[Taint]
          unschedulable:b
        NodeStatus addresses:[NodeAddress]@type~type allocatable:<q> capacity:<q> conditions:[NodeCondition]@type~type
          config:NodeConfigStatus daemonEndpoints:NodeDaemonEndpoints= declaredFeatures:[s] features:NodeFeatures
          images:[ContainerImage] nodeInfo:NodeSystemInfo= phase runtimeHandlers:[NodeRuntimeHandler]
          volumesAttached:[AttachedVolume] volumesInUse:[s]
        NodeSwapStatus capacity:l
        NodeSystemInfo architecture! bootID! containerRuntimeVersion! kernelVersion! kubeProxyVersion! kubeletVersion!
          machineID! operatingSystem! osImage! swap:NodeSwapStatus systemUUID!
        #ObjectReference apiVersion fieldPath kind name namespace resourceVersion uid
        Pod apiVersion kind metadata:meta/ObjectMeta= spec:PodSpec= status:PodStatus=
        PodCondition lastProbeTime:t lastTransitionTime:t message observedGeneration:l reason status! type!
        PodExtendedResourceClaimStatus requestMappings:[ContainerExtendedResourceRequest]! resourceClaimName!
        PodIP ip!
        PodResourceClaimStatus name! resourceClaimName
        PodStatus allocatedResources:<q> conditions:[PodCondition]@type~type containerStatuses:[ContainerStatus]
          ephemeralContainerStatuses:[ContainerStatus] extendedResourceClaimStatus:PodExtendedResourceClaimStatus
          hostIP hostIPs:[HostIP]~ip initContainerStatuses:[ContainerStatus] message
          nodeAllocatableResourceClaimStatuses:[NodeAllocatableResourceClaimStatus] nominatedNodeName
          observedGeneration:l phase podIP podIPs:[PodIP]@ip~ip qosClass reason resize
          resourceClaimStatuses:[PodResourceClaimStatus]@name~name+ resources:ResourceRequirements startTime:t
        PodTemplate apiVersion kind metadata:meta/ObjectMeta= template:PodTemplateSpec=
        PodTemplateSpec metadata:meta/ObjectMeta= spec:PodSpec=
        PortStatus error port:i! protocol!
        ReplicationController apiVersion kind metadata:meta/ObjectMeta= spec:ReplicationControllerSpec=
          status:ReplicationControllerStatus=
        ReplicationControllerCondition lastTransitionTime:t message reason status! type!
        ReplicationControllerSpec minReadySeconds:i replicas:i=1 selector:#<s> template:PodTemplateSpec
        ReplicationControllerStatus availableReplicas:i conditions:[ReplicationControllerCondition]@type~type
          fullyLabeledReplicas:i observedGeneration:l readyReplicas:i replicas:i!
        ResourceHealth health message resourceID!
        ResourceQuota apiVersion kind metadata:meta/ObjectMeta= spec:ResourceQuotaSpec= status:ResourceQuotaStatus=
        ResourceQuotaSpec hard:<q> scopeSelector:ScopeSelector scopes:[s]
        ResourceQuotaStatus hard:<q> used:<q>
        ResourceStatus name! resources:[ResourceHealth]@resourceID
        #ScopeSelector matchExpressions:[ScopedResourceSelectorRequirement]
        ScopedResourceSelectorRequirement operator! scopeName! values:[s]
        Secret apiVersion data:<y> immutable:b kind metadata:meta/ObjectMeta= stringData:<s> type
        #SecretReference name namespace
        Service apiVersion kind metadata:meta/ObjectMeta= spec:ServiceSpec= status:ServiceStatus=
        ServiceAccount apiVersion automountServiceAccountToken:b imagePullSecrets:[LocalObjectReference] kind
          metadata:meta/ObjectMeta= secrets:[ObjectReference]@name~name
        ServicePort appProtocol name nodePort:i port:i! protocol=TCP targetPort:x
        ServiceSpec allocateLoadBalancerNodePorts:b clusterIP clusterIPs:[s] externalIPs:[s] externalName
          externalTrafficPolicy healthCheckNodePort:i internalTrafficPolicy ipFamilies:[s] ipFamilyPolicy
          loadBalancerClass loadBalancerIP loadBalancerSourceRanges:[s] ports:[ServicePort]@port,protocol~port
          publishNotReadyAddresses:b selector:#<s> sessionAffinity sessionAffinityConfig:SessionAffinityConfig
          trafficDistribution type
        ServiceStatus conditions:[meta/Condition]@type~type loadBalancer:LoadBalancerStatus=
        SessionAffinityConfig clientIP:ClientIPConfig
        Taint effect! key! timeAdded:t value
        TopologySelectorLabelRequirement key! values:[s]!
        #TopologySelectorTerm matchLabelExpressions:[TopologySelectorLabelRequirement]
        VolumeMountStatus mountPath! name! readOnly:b recursiveReadOnly volumeStatus:VolumeStatus
        VolumeNodeAffinity required:NodeSelector
        VolumeStatus image:ImageVolumeStatus
        """
}
