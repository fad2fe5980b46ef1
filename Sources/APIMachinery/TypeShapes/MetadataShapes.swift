extension BuiltInShapes {
    /// What every object has, and what records what happens to objects.
    static let metadata = """
        /meta
        Condition lastTransitionTime:t! message! observedGeneration:l reason! status! type!
        DeleteOptions apiVersion dryRun:[s] gracePeriodSeconds:l ignoreStoreReadErrorWithClusterBreakingPotential:b
          kind orphanDependents:b preconditions:Preconditions propagationPolicy
        FieldSelectorRequirement key! operator! values:[s]
        #LabelSelector matchExpressions:[LabelSelectorRequirement] matchLabels:<s>
        LabelSelectorRequirement key! operator! values:[s]
        ListMeta continue remainingItemCount:l resourceVersion selfLink shardInfo:ShardInfo
        ManagedFieldsEntry apiVersion fieldsType fieldsV1:<*> manager operation subresource time:t
        ObjectMeta annotations:<s> creationTimestamp:t deletionGracePeriodSeconds:l deletionTimestamp:t
          finalizers:{s}~ generateName generation:l labels:<s> managedFields:[ManagedFieldsEntry] name namespace
          ownerReferences:[OwnerReference]@uid~uid resourceVersion selfLink uid
        #OwnerReference apiVersion! blockOwnerDeletion:b controller:b kind! name! uid!
        Preconditions resourceVersion uid
        ShardInfo selector!
        Status apiVersion code:i details:StatusDetails kind message metadata:ListMeta= reason status
        StatusCause field message reason
        StatusDetails causes:[StatusCause] group kind name retryAfterSeconds:i uid
        /coordination
        Lease apiVersion kind metadata:meta/ObjectMeta= spec:LeaseSpec=
        LeaseSpec acquireTime:u holderIdentity leaseDurationSeconds:i leaseTransitions:i preferredHolder renewTime:u
          strategy
        /events
        Event action apiVersion deprecatedCount:i deprecatedFirstTimestamp:t deprecatedLastTimestamp:t
          deprecatedSource:core/EventSource= eventTime:u! kind metadata:meta/ObjectMeta= note reason
          regarding:core/ObjectReference= related:core/ObjectReference reportingController reportingInstance
          series:EventSeries type
        EventSeries count:i! lastObservedTime:u!
        """
}
