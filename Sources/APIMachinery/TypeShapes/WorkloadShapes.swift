extension BuiltInShapes {
    /// What runs pods, scales them and guards them.
    static let workloads = """
        /apps
        ControllerRevision apiVersion data:* kind metadata:meta/ObjectMeta= revision:l!
        DaemonSet apiVersion kind metadata:meta/ObjectMeta= spec:DaemonSetSpec= status:DaemonSetStatus=
        DaemonSetCondition lastTransitionTime:t message reason status! type!
        DaemonSetSpec minReadySeconds:i revisionHistoryLimit:i selector:meta/LabelSelector!
          template:core/PodTemplateSpec!= updateStrategy:DaemonSetUpdateStrategy=
        DaemonSetStatus collisionCount:i conditions:[DaemonSetCondition]@type~type currentNumberScheduled:i!
          desiredNumberScheduled:i! numberAvailable:i numberMisscheduled:i! numberReady:i! numberUnavailable:i
          observedGeneration:l updatedNumberScheduled:i
        DaemonSetUpdateStrategy rollingUpdate:RollingUpdateDaemonSet type
        Deployment apiVersion kind metadata:meta/ObjectMeta= spec:DeploymentSpec= status:DeploymentStatus=
        DeploymentCondition lastTransitionTime:t lastUpdateTime:t message reason status! type!
        DeploymentSpec minReadySeconds:i paused:b progressDeadlineSeconds:i replicas:i revisionHistoryLimit:i
          selector:meta/LabelSelector! strategy:DeploymentStrategy^= template:core/PodTemplateSpec!=
        DeploymentStatus availableReplicas:i collisionCount:i conditions:[DeploymentCondition]@type~type
          observedGeneration:l readyReplicas:i replicas:i terminatingReplicas:i unavailableReplicas:i
          updatedReplicas:i
        DeploymentStrategy rollingUpdate:RollingUpdateDeployment type
        ReplicaSet apiVersion kind metadata:meta/ObjectMeta= spec:ReplicaSetSpec= status:ReplicaSetStatus=
        ReplicaSetCondition lastTransitionTime:t message reason status! type!
        ReplicaSetSpec minReadySeconds:i replicas:i selector:meta/LabelSelector! template:core/PodTemplateSpec=
        ReplicaSetStatus availableReplicas:i conditions:[ReplicaSetCondition]@type~type fullyLabeledReplicas:i
          observedGeneration:l readyReplicas:i replicas:i! terminatingReplicas:i
        RollingUpdateDaemonSet maxSurge:x maxUnavailable:x
        RollingUpdateDeployment maxSurge:x maxUnavailable:x
        RollingUpdateStatefulSetStrategy maxUnavailable:x partition:i
        StatefulSet apiVersion kind metadata:meta/ObjectMeta= spec:StatefulSetSpec= status:StatefulSetStatus=
        StatefulSetCondition lastTransitionTime:t message reason status! type!
        StatefulSetOrdinals start:i
        StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted whenScaled
        StatefulSetSpec minReadySeconds:i ordinals:StatefulSetOrdinals
          persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy podManagementPolicy
          replicas:i revisionHistoryLimit:i selector:meta/LabelSelector! serviceName template:core/PodTemplateSpec!=
          updateStrategy:StatefulSetUpdateStrategy= volumeClaimTemplates:[core/PersistentVolumeClaim]
        StatefulSetStatus availableReplicas:i collisionCount:i conditions:[StatefulSetCondition]@type~type
          currentReplicas:i currentRevision observedGeneration:l readyReplicas:i replicas:i! updateRevision
          updatedReplicas:i
        StatefulSetUpdateStrategy rollingUpdate:RollingUpdateStatefulSetStrategy type
        /autoscaling
        Scale apiVersion kind metadata:meta/ObjectMeta= spec:ScaleSpec= status:ScaleStatus=
        ScaleSpec replicas:i
        ScaleStatus replicas:i! selector
        /autoscaling2
        ContainerResourceMetricSource container! name! target:MetricTarget!=
        ContainerResourceMetricStatus container! current:MetricValueStatus!= name!
        CrossVersionObjectReference apiVersion kind! name!
        ExternalMetricSource metric:MetricIdentifier!= target:MetricTarget!=
        ExternalMetricStatus current:MetricValueStatus!= metric:MetricIdentifier!=
        HPAScalingPolicy periodSeconds:i! type! value:i!
        HPAScalingRules policies:[HPAScalingPolicy] selectPolicy stabilizationWindowSeconds:i tolerance:q
        HorizontalPodAutoscaler apiVersion kind metadata:meta/ObjectMeta= spec:HorizontalPodAutoscalerSpec!=
          status:HorizontalPodAutoscalerStatus=
        HorizontalPodAutoscalerBehavior scaleDown:HPAScalingRules scaleUp:HPAScalingRules
        HorizontalPodAutoscalerCondition lastTransitionTime:t message reason status! type!
        HorizontalPodAutoscalerSpec behavior:HorizontalPodAutoscalerBehavior maxReplicas:i! metrics:[MetricSpec]
          minReplicas:i scaleTargetRef:CrossVersionObjectReference!=
        HorizontalPodAutoscalerStatus conditions:[HorizontalPodAutoscalerCondition]@type~type
          currentMetrics:[MetricStatus] currentReplicas:i desiredReplicas:i! lastScaleTime:t observedGeneration:l
        MetricIdentifier name! selector:meta/LabelSelector
        MetricSpec containerResource:ContainerResourceMetricSource external:ExternalMetricSource
          object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource type!
        MetricStatus containerResource:ContainerResourceMetricStatus external:ExternalMetricStatus
          object:ObjectMetricStatus pods:PodsMetricStatus resource:ResourceMetricStatus type!
        MetricTarget averageUtilization:i averageValue:q type! value:q
        MetricValueStatus averageUtilization:i averageValue:q value:q
        ObjectMetricSource describedObject:CrossVersionObjectReference!= metric:MetricIdentifier!=
          target:MetricTarget!=
        ObjectMetricStatus current:MetricValueStatus!= describedObject:CrossVersionObjectReference!=
          metric:MetricIdentifier!=
        PodsMetricSource metric:MetricIdentifier!= target:MetricTarget!=
        PodsMetricStatus current:MetricValueStatus!= metric:MetricIdentifier!=
        ResourceMetricSource name! target:MetricTarget!=
        ResourceMetricStatus current:MetricValueStatus!= name!
        /batch
        CronJob apiVersion kind metadata:meta/ObjectMeta= spec:CronJobSpec!= status:CronJobStatus=
        CronJobSpec concurrencyPolicy failedJobsHistoryLimit:i jobTemplate:JobTemplateSpec!= schedule!
          startingDeadlineSeconds:l successfulJobsHistoryLimit:i suspend:b timeZone
        CronJobStatus active:[core/ObjectReference] lastScheduleTime:t lastSuccessfulTime:t
        Job apiVersion kind metadata:meta/ObjectMeta= spec:JobSpec= status:JobStatus=
        JobCondition lastProbeTime:t lastTransitionTime:t message reason status! type!
        JobSpec activeDeadlineSeconds:l backoffLimit:i backoffLimitPerIndex:i completionMode completions:i managedBy
          manualSelector:b maxFailedIndexes:i parallelism:i podFailurePolicy:PodFailurePolicy podReplacementPolicy
          selector:meta/LabelSelector successPolicy:SuccessPolicy suspend:b template:core/PodTemplateSpec!=
          ttlSecondsAfterFinished:i
        JobStatus active:i completedIndexes completionTime:t conditions:[JobCondition]~type failed:i failedIndexes
          ready:i startTime:t succeeded:i terminating:i uncountedTerminatedPods:UncountedTerminatedPods
        JobTemplateSpec metadata:meta/ObjectMeta= spec:JobSpec=
        PodFailurePolicy rules:[PodFailurePolicyRule]!
        PodFailurePolicyOnExitCodesRequirement containerName operator! values:{i}!
        PodFailurePolicyOnPodConditionsPattern status type!
        PodFailurePolicyRule action! onExitCodes:PodFailurePolicyOnExitCodesRequirement
          onPodConditions:[PodFailurePolicyOnPodConditionsPattern]
        SuccessPolicy rules:[SuccessPolicyRule]!
        SuccessPolicyRule succeededCount:i succeededIndexes
        UncountedTerminatedPods failed:{s} succeeded:{s}
        /policy
        Eviction apiVersion deleteOptions:meta/DeleteOptions kind metadata:meta/ObjectMeta=
        PodDisruptionBudget apiVersion kind metadata:meta/ObjectMeta= spec:PodDisruptionBudgetSpec=
          status:PodDisruptionBudgetStatus=
        PodDisruptionBudgetSpec maxUnavailable:x minAvailable:x selector:meta/LabelSelector unhealthyPodEvictionPolicy
        PodDisruptionBudgetStatus conditions:[meta/Condition]@type~type currentHealthy:i desiredHealthy:i
          disruptedPods:<t> disruptionsAllowed:i expectedPods:i observedGeneration:l
        /scheduling
        PriorityClass apiVersion description globalDefault:b kind metadata:meta/ObjectMeta= preemptionPolicy value:i
        /node
        Overhead podFixed:<q>
        RuntimeClass apiVersion handler! kind metadata:meta/ObjectMeta= overhead:Overhead scheduling:Scheduling
        Scheduling nodeSelector:#<s> tolerations:[core/Toleration]
        """
}
