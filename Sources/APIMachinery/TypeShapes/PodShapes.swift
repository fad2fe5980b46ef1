extension BuiltInShapes {
    /// What a pod is made of, but for its volumes.
    static let pods = """
        /core
        Affinity nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
        AppArmorProfile localhostProfile type!
        Capabilities add:[s] drop:[s]
        ConfigMapEnvSource name optional:b
        #ConfigMapKeySelector key! name optional:b
        Container args:[s] command:[s] env:[EnvVar]@name~name envFrom:[EnvFromSource] image imagePullPolicy
          lifecycle:Lifecycle livenessProbe:Probe name! ports:[ContainerPort]@containerPort,protocol~containerPort
          readinessProbe:Probe resizePolicy:[ContainerResizePolicy] resources:ResourceRequirements= restartPolicy
          restartPolicyRules:[ContainerRestartRule] securityContext:SecurityContext startupProbe:Probe stdin:b
          stdinOnce:b terminationMessagePath terminationMessagePolicy tty:b
          volumeDevices:[VolumeDevice]@devicePath~devicePath volumeMounts:[VolumeMount]@mountPath~mountPath workingDir
        ContainerPort containerPort:i! hostIP hostPort:i name protocol=TCP
        ContainerResizePolicy resourceName! restartPolicy!
        ContainerRestartRule action! exitCodes:ContainerRestartRuleOnExitCodes
        ContainerRestartRuleOnExitCodes operator! values:{i}
        EnvFromSource configMapRef:ConfigMapEnvSource prefix secretRef:SecretEnvSource
        EnvVar name! value valueFrom:EnvVarSource
        EnvVarSource configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef:FileKeySelector
          resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
        EphemeralContainer args:[s] command:[s] env:[EnvVar]@name~name envFrom:[EnvFromSource] image imagePullPolicy
          lifecycle:Lifecycle livenessProbe:Probe name! ports:[ContainerPort]@containerPort,protocol~containerPort
          readinessProbe:Probe resizePolicy:[ContainerResizePolicy] resources:ResourceRequirements= restartPolicy
          restartPolicyRules:[ContainerRestartRule] securityContext:SecurityContext startupProbe:Probe stdin:b
          stdinOnce:b targetContainerName terminationMessagePath terminationMessagePolicy tty:b
          volumeDevices:[VolumeDevice]@devicePath~devicePath volumeMounts:[VolumeMount]@mountPath~mountPath workingDir
        ExecAction command:[s]
        #FileKeySelector key! optional:b path! volumeName!
        GRPCAction port:i! service
        HTTPGetAction host httpHeaders:[HTTPHeader] path port:x! scheme
        HTTPHeader name! value!
        HostAlias hostnames:[s] ip!
        Lifecycle postStart:LifecycleHandler preStop:LifecycleHandler stopSignal
        LifecycleHandler exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction
        #LocalObjectReference name
        NodeAffinity preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]
          requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
        #NodeSelector nodeSelectorTerms:[NodeSelectorTerm]!
        NodeSelectorRequirement key! operator! values:[s]
        #NodeSelectorTerm matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]
        #ObjectFieldSelector apiVersion fieldPath!
        PersistentVolumeClaimSpec accessModes:[s] dataSource:TypedLocalObjectReference
          dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements= selector:meta/LabelSelector
          storageClassName volumeAttributesClassName volumeMode volumeName
        PersistentVolumeClaimTemplate metadata:meta/ObjectMeta= spec:PersistentVolumeClaimSpec!=
        PodAffinity preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
          requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
        PodAffinityTerm labelSelector:meta/LabelSelector matchLabelKeys:[s] mismatchLabelKeys:[s]
          namespaceSelector:meta/LabelSelector namespaces:[s] topologyKey!
        PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
          requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
        PodDNSConfig nameservers:[s] options:[PodDNSConfigOption] searches:[s]
        PodDNSConfigOption name value
        PodOS name!
        PodReadinessGate conditionType!
        PodResourceClaim name! resourceClaimName resourceClaimTemplateName
        PodSchedulingGate name!
        PodSchedulingGroup podGroupName
        PodSecurityContext appArmorProfile:AppArmorProfile fsGroup:l fsGroupChangePolicy runAsGroup:l runAsNonRoot:b
          runAsUser:l seLinuxChangePolicy seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile
          supplementalGroups:[l] supplementalGroupsPolicy sysctls:[Sysctl]
          windowsOptions:WindowsSecurityContextOptions
        PodSpec activeDeadlineSeconds:l affinity:Affinity automountServiceAccountToken:b
          containers:[Container]@name~name! dnsConfig:PodDNSConfig dnsPolicy enableServiceLinks:b
          ephemeralContainers:[EphemeralContainer]@name~name hostAliases:[HostAlias]@ip~ip hostIPC:b hostNetwork:b
          hostPID:b hostUsers:b hostname hostnameOverride imagePullSecrets:[LocalObjectReference]@name~name
          initContainers:[Container]@name~name nodeName nodeSelector:#<s> os:PodOS overhead:<q> preemptionPolicy
          priority:i priorityClassName readinessGates:[PodReadinessGate] resourceClaims:[PodResourceClaim]@name~name+
          resources:ResourceRequirements restartPolicy runtimeClassName schedulerName
          schedulingGates:[PodSchedulingGate]@name~name schedulingGroup:PodSchedulingGroup
          securityContext:PodSecurityContext serviceAccount serviceAccountName setHostnameAsFQDN:b
          shareProcessNamespace:b subdomain terminationGracePeriodSeconds:l tolerations:[Toleration]
          topologySpreadConstraints:[TopologySpreadConstraint]@topologyKey,whenUnsatisfiable~topologyKey
          volumes:[Volume]@name~name+
        PreferredSchedulingTerm preference:NodeSelectorTerm!= weight:i!
        Probe exec:ExecAction failureThreshold:i grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:i
          periodSeconds:i successThreshold:i tcpSocket:TCPSocketAction terminationGracePeriodSeconds:l
          timeoutSeconds:i
        ResourceClaim name! request
        #ResourceFieldSelector containerName divisor:q resource!
        ResourceRequirements claims:[ResourceClaim]@name limits:<q> requests:<q>
        SELinuxOptions level role type user
        SeccompProfile localhostProfile type!
        SecretEnvSource name optional:b
        #SecretKeySelector key! name optional:b
        SecurityContext allowPrivilegeEscalation:b appArmorProfile:AppArmorProfile capabilities:Capabilities
          privileged:b procMount readOnlyRootFilesystem:b runAsGroup:l runAsNonRoot:b runAsUser:l
          seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions
        SleepAction seconds:l!
        Sysctl name! value!
        TCPSocketAction host port:x!
        Toleration effect key operator tolerationSeconds:l value
        TopologySpreadConstraint labelSelector:meta/LabelSelector matchLabelKeys:[s] maxSkew:i! minDomains:i
          nodeAffinityPolicy nodeTaintsPolicy topologyKey! whenUnsatisfiable!
        #TypedLocalObjectReference apiGroup kind! name!
        TypedObjectReference apiGroup kind! name! namespace
        VolumeDevice devicePath! name!
        VolumeMount mountPath! mountPropagation name! readOnly:b recursiveReadOnly subPath subPathExpr
        VolumeResourceRequirements limits:<q> requests:<q>
        WeightedPodAffinityTerm podAffinityTerm:PodAffinityTerm!= weight:i!
        WindowsSecurityContextOptions gmsaCredentialSpec gmsaCredentialSpecName hostProcess:b runAsUserName
        """
}
