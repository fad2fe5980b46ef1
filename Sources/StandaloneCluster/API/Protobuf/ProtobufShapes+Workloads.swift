extension ProtobufShapes {
    /// Metadata and what runs pods.
    static let workloads = #"""
        /meta
        Condition 1type 2status 3observedGeneration:i 4lastTransitionTime:t 5reason 6message
        DeleteOptions 1gracePeriodSeconds:I 2preconditions:*Preconditions 3orphanDependents:B 4propagationPolicy:S
          5dryRun:[s] 6ignoreStoreReadErrorWithClusterBreakingPotential:B
        FieldSelectorRequirement 1key 2operator 3values:[s]
        LabelSelector 1matchLabels:<s> 2matchExpressions:[LabelSelectorRequirement]
        LabelSelectorRequirement 1key 2operator 3values:[s]
        ManagedFieldsEntry 1manager 2operation 3apiVersion 4time:t 6fieldsType 7fieldsV1:r 8subresource
        ObjectMeta 1name 2generateName 3namespace 4selfLink 5uid 6resourceVersion 7generation:i 8creationTimestamp:t
          9deletionTimestamp:t 10deletionGracePeriodSeconds:I 11labels:<s> 12annotations:<s>
          13ownerReferences:[OwnerReference] 14finalizers:[s] 17managedFields:[ManagedFieldsEntry]
        OwnerReference 1kind 3name 4uid 5apiVersion 6controller:B 7blockOwnerDeletion:B
        Preconditions 1uid 2resourceVersion:S
        /apps
        ControllerRevision 1metadata:meta/ObjectMeta 2data:r 3revision:i
        DaemonSet 1metadata:meta/ObjectMeta 2spec:DaemonSetSpec 3status:DaemonSetStatus
        DaemonSetCondition 1type 2status 3lastTransitionTime:t 4reason 5message
        DaemonSetSpec 1selector:*meta/LabelSelector 2template:core/PodTemplateSpec
          3updateStrategy:DaemonSetUpdateStrategy 4minReadySeconds:i 6revisionHistoryLimit:I
        DaemonSetStatus 1currentNumberScheduled:i 2numberMisscheduled:i 3desiredNumberScheduled:i 4numberReady:i
          5observedGeneration:i 6updatedNumberScheduled:i 7numberAvailable:i 8numberUnavailable:i 9collisionCount:I
          10conditions:[DaemonSetCondition]
        DaemonSetUpdateStrategy 1type 2rollingUpdate:*RollingUpdateDaemonSet
        Deployment 1metadata:meta/ObjectMeta 2spec:DeploymentSpec 3status:DeploymentStatus
        DeploymentCondition 1type 2status 4reason 5message 6lastUpdateTime:t 7lastTransitionTime:t
        DeploymentSpec 1replicas:I 2selector:*meta/LabelSelector 3template:core/PodTemplateSpec
          4strategy:DeploymentStrategy 5minReadySeconds:i 6revisionHistoryLimit:I 7paused:b
          9progressDeadlineSeconds:I
        DeploymentStatus 1observedGeneration:i 2replicas:i 3updatedReplicas:i 4availableReplicas:i
          5unavailableReplicas:i 6conditions:[DeploymentCondition] 7readyReplicas:i 8collisionCount:I
          9terminatingReplicas:I
        DeploymentStrategy 1type 2rollingUpdate:*RollingUpdateDeployment
        ReplicaSet 1metadata:meta/ObjectMeta 2spec:ReplicaSetSpec 3status:ReplicaSetStatus
        ReplicaSetCondition 1type 2status 3lastTransitionTime:t 4reason 5message
        ReplicaSetSpec 1replicas:I 2selector:*meta/LabelSelector 3template:core/PodTemplateSpec 4minReadySeconds:i
        ReplicaSetStatus 1replicas:i 2fullyLabeledReplicas:i 3observedGeneration:i 4readyReplicas:i
          5availableReplicas:i 6conditions:[ReplicaSetCondition] 7terminatingReplicas:I
        RollingUpdateDaemonSet 1maxUnavailable:x 2maxSurge:x
        RollingUpdateDeployment 1maxUnavailable:x 2maxSurge:x
        RollingUpdateStatefulSetStrategy 1partition:I 2maxUnavailable:x
        StatefulSet 1metadata:meta/ObjectMeta 2spec:StatefulSetSpec 3status:StatefulSetStatus
        StatefulSetCondition 1type 2status 3lastTransitionTime:t 4reason 5message
        StatefulSetOrdinals 1start:i
        StatefulSetPersistentVolumeClaimRetentionPolicy 1whenDeleted 2whenScaled
        StatefulSetSpec 1replicas:I 2selector:*meta/LabelSelector 3template:core/PodTemplateSpec
          4volumeClaimTemplates:[core/PersistentVolumeClaim] 5serviceName 6podManagementPolicy
          7updateStrategy:StatefulSetUpdateStrategy 8revisionHistoryLimit:I 9minReadySeconds:i
          10persistentVolumeClaimRetentionPolicy:*StatefulSetPersistentVolumeClaimRetentionPolicy
          11ordinals:*StatefulSetOrdinals
        StatefulSetStatus 1observedGeneration:i 2replicas:i 3readyReplicas:i 4currentReplicas:i 5updatedReplicas:i
          6currentRevision 7updateRevision 9collisionCount:I 10conditions:[StatefulSetCondition]
          11availableReplicas:i
        StatefulSetUpdateStrategy 1type 2rollingUpdate:*RollingUpdateStatefulSetStrategy
        /batch
        CronJob 1metadata:meta/ObjectMeta 2spec:CronJobSpec 3status:CronJobStatus
        CronJobSpec 1schedule 2startingDeadlineSeconds:I 3concurrencyPolicy 4suspend:B 5jobTemplate:JobTemplateSpec
          6successfulJobsHistoryLimit:I 7failedJobsHistoryLimit:I 8timeZone:S
        CronJobStatus 1active:[core/ObjectReference] 4lastScheduleTime:t 5lastSuccessfulTime:t
        Job 1metadata:meta/ObjectMeta 2spec:JobSpec 3status:JobStatus
        JobCondition 1type 2status 3lastProbeTime:t 4lastTransitionTime:t 5reason 6message
        JobSpec 1parallelism:I 2completions:I 3activeDeadlineSeconds:I 4selector:*meta/LabelSelector
          5manualSelector:B 6template:core/PodTemplateSpec 7backoffLimit:I 8ttlSecondsAfterFinished:I
          9completionMode:S 10suspend:B 11podFailurePolicy:*PodFailurePolicy 12backoffLimitPerIndex:I
          13maxFailedIndexes:I 14podReplacementPolicy:S 15managedBy:S 16successPolicy:*SuccessPolicy
        JobStatus 1conditions:[JobCondition] 2startTime:t 3completionTime:t 4active:i 5succeeded:i 6failed:i
          7completedIndexes 8uncountedTerminatedPods:*UncountedTerminatedPods 9ready:I 10failedIndexes:S
          11terminating:I
        JobTemplateSpec 1metadata:meta/ObjectMeta 2spec:JobSpec
        PodFailurePolicy 1rules:[PodFailurePolicyRule]
        PodFailurePolicyOnExitCodesRequirement 1containerName:S 2operator 3values:[i]
        PodFailurePolicyOnPodConditionsPattern 1type 2status
        PodFailurePolicyRule 1action 2onExitCodes:*PodFailurePolicyOnExitCodesRequirement
          3onPodConditions:[PodFailurePolicyOnPodConditionsPattern]
        SuccessPolicy 1rules:[SuccessPolicyRule]
        SuccessPolicyRule 1succeededIndexes:S 2succeededCount:I
        UncountedTerminatedPods 1succeeded:[s] 2failed:[s]
        /autoscaling
        Scale 1metadata:meta/ObjectMeta 2spec:ScaleSpec 3status:ScaleStatus
        ScaleSpec 1replicas:i
        ScaleStatus 1replicas:i 2selector
        /autoscaling2
        ContainerResourceMetricSource 1name 2target:MetricTarget 3container
        ContainerResourceMetricStatus 1name 2current:MetricValueStatus 3container
        CrossVersionObjectReference 1kind 2name 3apiVersion
        ExternalMetricSource 1metric:MetricIdentifier 2target:MetricTarget
        ExternalMetricStatus 1metric:MetricIdentifier 2current:MetricValueStatus
        HPAScalingPolicy 1type 2value:i 3periodSeconds:i
        HPAScalingRules 1selectPolicy:S 2policies:[HPAScalingPolicy] 3stabilizationWindowSeconds:I 4tolerance:q
        HorizontalPodAutoscaler 1metadata:meta/ObjectMeta 2spec:HorizontalPodAutoscalerSpec
          3status:HorizontalPodAutoscalerStatus
        HorizontalPodAutoscalerBehavior 1scaleUp:*HPAScalingRules 2scaleDown:*HPAScalingRules
        HorizontalPodAutoscalerCondition 1type 2status 3lastTransitionTime:t 4reason 5message
        HorizontalPodAutoscalerSpec 1scaleTargetRef:CrossVersionObjectReference 2minReplicas:I 3maxReplicas:i
          4metrics:[MetricSpec] 5behavior:*HorizontalPodAutoscalerBehavior
        HorizontalPodAutoscalerStatus 1observedGeneration:I 2lastScaleTime:t 3currentReplicas:i 4desiredReplicas:i
          5currentMetrics:[MetricStatus] 6conditions:[HorizontalPodAutoscalerCondition]
        MetricIdentifier 1name 2selector:*meta/LabelSelector
        MetricSpec 1type 2object:*ObjectMetricSource 3pods:*PodsMetricSource 4resource:*ResourceMetricSource
          5external:*ExternalMetricSource 7containerResource:*ContainerResourceMetricSource
        MetricStatus 1type 2object:*ObjectMetricStatus 3pods:*PodsMetricStatus 4resource:*ResourceMetricStatus
          5external:*ExternalMetricStatus 7containerResource:*ContainerResourceMetricStatus
        MetricTarget 1type 2value:q 3averageValue:q 4averageUtilization:I
        MetricValueStatus 1value:q 2averageValue:q 3averageUtilization:I
        ObjectMetricSource 1describedObject:CrossVersionObjectReference 2target:MetricTarget
          3metric:MetricIdentifier
        ObjectMetricStatus 1metric:MetricIdentifier 2current:MetricValueStatus
          3describedObject:CrossVersionObjectReference
        PodsMetricSource 1metric:MetricIdentifier 2target:MetricTarget
        PodsMetricStatus 1metric:MetricIdentifier 2current:MetricValueStatus
        ResourceMetricSource 1name 2target:MetricTarget
        ResourceMetricStatus 1name 2current:MetricValueStatus
        /policy
        Eviction 1metadata:meta/ObjectMeta 2deleteOptions:*meta/DeleteOptions
        PodDisruptionBudget 1metadata:meta/ObjectMeta 2spec:PodDisruptionBudgetSpec
          3status:PodDisruptionBudgetStatus
        PodDisruptionBudgetSpec 1minAvailable:x 2selector:*meta/LabelSelector 3maxUnavailable:x
          4unhealthyPodEvictionPolicy:S
        PodDisruptionBudgetStatus 1observedGeneration:i 2disruptedPods:<t> 3disruptionsAllowed:i 4currentHealthy:i
          5desiredHealthy:i 6expectedPods:i 7conditions:[meta/Condition]
        /scheduling
        PriorityClass 1metadata:meta/ObjectMeta 2value:i 3globalDefault:b 4description 5preemptionPolicy:S
        /node
        Overhead 1podFixed:<q>
        RuntimeClass 1metadata:meta/ObjectMeta 2handler 3overhead:*Overhead 4scheduling:*Scheduling
        Scheduling 1nodeSelector:<s> 2tolerations:[core/Toleration]
        """#
}
