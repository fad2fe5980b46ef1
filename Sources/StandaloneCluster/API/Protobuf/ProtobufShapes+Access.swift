extension ProtobufShapes {
    /// Who may do what, networks, storage and admission.
    static let access = #"""
        /rbac
        AggregationRule 1clusterRoleSelectors:[meta/LabelSelector]
        ClusterRole 1metadata:meta/ObjectMeta 2rules:[PolicyRule] 3aggregationRule:*AggregationRule
        ClusterRoleBinding 1metadata:meta/ObjectMeta 2subjects:[Subject] 3roleRef:RoleRef
        PolicyRule 1verbs:[s] 2apiGroups:[s] 3resources:[s] 4resourceNames:[s] 5nonResourceURLs:[s]
        Role 1metadata:meta/ObjectMeta 2rules:[PolicyRule]
        RoleBinding 1metadata:meta/ObjectMeta 2subjects:[Subject] 3roleRef:RoleRef
        RoleRef 1apiGroup 2kind 3name
        Subject 1kind 2apiGroup 3name 4namespace
        /authentication
        BoundObjectReference 1kind 2apiVersion 3name 4uid
        SelfSubjectReview 1metadata:meta/ObjectMeta 2status:SelfSubjectReviewStatus
        SelfSubjectReviewStatus 1userInfo:UserInfo
        TokenRequest 1metadata:meta/ObjectMeta 2spec:TokenRequestSpec 3status:TokenRequestStatus
        TokenRequestSpec 1audiences:[s] 3boundObjectRef:*BoundObjectReference 4expirationSeconds:I
        TokenRequestStatus 1token 2expirationTimestamp:t
        TokenReview 1metadata:meta/ObjectMeta 2spec:TokenReviewSpec 3status:TokenReviewStatus
        TokenReviewSpec 1token 2audiences:[s]
        TokenReviewStatus 1authenticated:b 2user:UserInfo 3error 4audiences:[s]
        UserInfo 1username 2uid 3groups:[s] 4extra:<e>
        /authorization
        FieldSelectorAttributes 1rawSelector 2requirements:[meta/FieldSelectorRequirement]
        LabelSelectorAttributes 1rawSelector 2requirements:[meta/LabelSelectorRequirement]
        LocalSubjectAccessReview 1metadata:meta/ObjectMeta 2spec:SubjectAccessReviewSpec
          3status:SubjectAccessReviewStatus
        NonResourceAttributes 1path 2verb
        NonResourceRule 1verbs:[s] 2nonResourceURLs:[s]
        ResourceAttributes 1namespace 2verb 3group 4version 5resource 6subresource 7name
          8fieldSelector:*FieldSelectorAttributes 9labelSelector:*LabelSelectorAttributes
        ResourceRule 1verbs:[s] 2apiGroups:[s] 3resources:[s] 4resourceNames:[s]
        SelfSubjectAccessReview 1metadata:meta/ObjectMeta 2spec:SelfSubjectAccessReviewSpec
          3status:SubjectAccessReviewStatus
        SelfSubjectAccessReviewSpec 1resourceAttributes:*ResourceAttributes
          2nonResourceAttributes:*NonResourceAttributes
        SelfSubjectRulesReview 1metadata:meta/ObjectMeta 2spec:SelfSubjectRulesReviewSpec
          3status:SubjectRulesReviewStatus
        SelfSubjectRulesReviewSpec 1namespace
        SubjectAccessReview 1metadata:meta/ObjectMeta 2spec:SubjectAccessReviewSpec
          3status:SubjectAccessReviewStatus
        SubjectAccessReviewSpec 1resourceAttributes:*ResourceAttributes
          2nonResourceAttributes:*NonResourceAttributes 3user 4groups:[s] 5extra:<e> 6uid
        SubjectAccessReviewStatus 1allowed:b 2reason 3evaluationError 4denied:b
        SubjectRulesReviewStatus 1resourceRules:[ResourceRule] 2nonResourceRules:[NonResourceRule] 3incomplete:b
          4evaluationError
        /certificates
        CertificateSigningRequest 1metadata:meta/ObjectMeta 2spec:CertificateSigningRequestSpec
          3status:CertificateSigningRequestStatus
        CertificateSigningRequestCondition 1type 2reason 3message 4lastUpdateTime:t 5lastTransitionTime:t 6status
        CertificateSigningRequestSpec 1request:y 2username 3uid 4groups:[s] 5usages:[s] 6extra:<e> 7signerName
          8expirationSeconds:I
        CertificateSigningRequestStatus 1conditions:[CertificateSigningRequestCondition] 2certificate:y
        /coordination
        Lease 1metadata:meta/ObjectMeta 2spec:LeaseSpec
        LeaseSpec 1holderIdentity:S 2leaseDurationSeconds:I 3acquireTime:u 4renewTime:u 5leaseTransitions:I
          6strategy:S 7preferredHolder:S
        /discovery
        Endpoint 1addresses:[s] 2conditions:EndpointConditions 3hostname:S 4targetRef:*core/ObjectReference
          5deprecatedTopology:<s> 6nodeName:S 7zone:S 8hints:*EndpointHints
        EndpointConditions 1ready:B 2serving:B 3terminating:B
        EndpointHints 1forZones:[ForZone] 2forNodes:[ForNode]
        EndpointPort 1name:S 2protocol:S 3port:I 4appProtocol:S
        EndpointSlice 1metadata:meta/ObjectMeta 2endpoints:[Endpoint] 3ports:[EndpointPort] 4addressType
        ForNode 1name
        ForZone 1name
        /events
        Event 1metadata:meta/ObjectMeta 2eventTime:u 3series:*EventSeries 4reportingController 5reportingInstance
          6action 7reason 8regarding:core/ObjectReference 9related:*core/ObjectReference 10note 11type
          12deprecatedSource:core/EventSource 13deprecatedFirstTimestamp:t 14deprecatedLastTimestamp:t
          15deprecatedCount:i
        EventSeries 1count:i 2lastObservedTime:u
        /networking
        HTTPIngressPath 1path 2backend:IngressBackend 3pathType:S
        HTTPIngressRuleValue 1paths:[HTTPIngressPath]
        IPBlock 1cidr 2except:[s]
        Ingress 1metadata:meta/ObjectMeta 2spec:IngressSpec 3status:IngressStatus
        IngressBackend 3resource:*core/TypedLocalObjectReference 4service:*IngressServiceBackend
        IngressClass 1metadata:meta/ObjectMeta 2spec:IngressClassSpec
        IngressClassParametersReference 1apiGroup:S 2kind 3name 4scope:S 5namespace:S
        IngressClassSpec 1controller 2parameters:*IngressClassParametersReference
        IngressLoadBalancerIngress 1ip 2hostname 4ports:[IngressPortStatus]
        IngressLoadBalancerStatus 1ingress:[IngressLoadBalancerIngress]
        IngressPortStatus 1port:i 2protocol 3error:S
        IngressRule 1host 2:^IngressRuleValue
        IngressRuleValue 1http:*HTTPIngressRuleValue
        IngressServiceBackend 1name 2port:ServiceBackendPort
        IngressSpec 1defaultBackend:*IngressBackend 2tls:[IngressTLS] 3rules:[IngressRule] 4ingressClassName:S
        IngressStatus 1loadBalancer:IngressLoadBalancerStatus
        IngressTLS 1hosts:[s] 2secretName
        NetworkPolicy 1metadata:meta/ObjectMeta 2spec:NetworkPolicySpec
        NetworkPolicyEgressRule 1ports:[NetworkPolicyPort] 2to:[NetworkPolicyPeer]
        NetworkPolicyIngressRule 1ports:[NetworkPolicyPort] 2from:[NetworkPolicyPeer]
        NetworkPolicyPeer 1podSelector:*meta/LabelSelector 2namespaceSelector:*meta/LabelSelector 3ipBlock:*IPBlock
        NetworkPolicyPort 1protocol:S 2port:x 3endPort:I
        NetworkPolicySpec 1podSelector:meta/LabelSelector 2ingress:[NetworkPolicyIngressRule]
          3egress:[NetworkPolicyEgressRule] 4policyTypes:[s]
        ServiceBackendPort 1name 2number:i
        /storage
        CSIDriver 1metadata:meta/ObjectMeta 2spec:CSIDriverSpec
        CSIDriverSpec 1attachRequired:B 2podInfoOnMount:B 3volumeLifecycleModes:[s] 4storageCapacity:B
          5fsGroupPolicy:S 6tokenRequests:[TokenRequest] 7requiresRepublish:B 8seLinuxMount:B
          9nodeAllocatableUpdatePeriodSeconds:I 10serviceAccountTokenInSecrets:B 11preventPodSchedulingIfMissing:B
        CSINode 1metadata:meta/ObjectMeta 2spec:CSINodeSpec
        CSINodeDriver 1name 2nodeID 3topologyKeys:[s] 4allocatable:*VolumeNodeResources
        CSINodeSpec 1drivers:[CSINodeDriver]
        StorageClass 1metadata:meta/ObjectMeta 2provisioner 3parameters:<s> 4reclaimPolicy:S 5mountOptions:[s]
          6allowVolumeExpansion:B 7volumeBindingMode:S 8allowedTopologies:[core/TopologySelectorTerm]
        TokenRequest 1audience 2expirationSeconds:I
        VolumeAttachment 1metadata:meta/ObjectMeta 2spec:VolumeAttachmentSpec 3status:VolumeAttachmentStatus
        VolumeAttachmentSource 1persistentVolumeName:S 2:^core/PersistentVolumeSpec
        VolumeAttachmentSpec 1attacher 2source:VolumeAttachmentSource 3nodeName
        VolumeAttachmentStatus 1attached:b 2attachmentMetadata:<s> 3attachError:*VolumeError
          4detachError:*VolumeError
        VolumeError 1time:t 2message 3errorCode:I
        VolumeNodeResources 1count:I
        /admissionregistration
        AuditAnnotation 1key 2valueExpression
        ExpressionWarning 2fieldRef 3warning
        MatchCondition 1name 2expression
        MatchResources 1namespaceSelector:*meta/LabelSelector 2objectSelector:*meta/LabelSelector
          3resourceRules:[NamedRuleWithOperations] 4excludeResourceRules:[NamedRuleWithOperations] 7matchPolicy:S
        MutatingWebhook 1name 2clientConfig:WebhookClientConfig 3rules:[RuleWithOperations] 4failurePolicy:S
          5namespaceSelector:*meta/LabelSelector 6sideEffects:S 7timeoutSeconds:I 8admissionReviewVersions:[s]
          9matchPolicy:S 10reinvocationPolicy:S 11objectSelector:*meta/LabelSelector
          12matchConditions:[MatchCondition]
        MutatingWebhookConfiguration 1metadata:meta/ObjectMeta 2webhooks:[MutatingWebhook]
        NamedRuleWithOperations 1resourceNames:[s] 2:^RuleWithOperations
        ParamKind 1apiVersion 2kind
        ParamRef 1name 2namespace 3selector:*meta/LabelSelector 4parameterNotFoundAction:S
        Rule 1apiGroups:[s] 2apiVersions:[s] 3resources:[s] 4scope:S
        RuleWithOperations 1operations:[s] 2:^Rule
        ServiceReference 1namespace 2name 3path:S 4port:I
        TypeChecking 1expressionWarnings:[ExpressionWarning]
        ValidatingAdmissionPolicy 1metadata:meta/ObjectMeta 2spec:ValidatingAdmissionPolicySpec
          3status:ValidatingAdmissionPolicyStatus
        ValidatingAdmissionPolicyBinding 1metadata:meta/ObjectMeta 2spec:ValidatingAdmissionPolicyBindingSpec
        ValidatingAdmissionPolicyBindingSpec 1policyName 2paramRef:*ParamRef 3matchResources:*MatchResources
          4validationActions:[s]
        ValidatingAdmissionPolicySpec 1paramKind:*ParamKind 2matchConstraints:*MatchResources
          3validations:[Validation] 4failurePolicy:S 5auditAnnotations:[AuditAnnotation]
          6matchConditions:[MatchCondition] 7variables:[Variable]
        ValidatingAdmissionPolicyStatus 1observedGeneration:i 2typeChecking:*TypeChecking
          3conditions:[meta/Condition]
        ValidatingWebhook 1name 2clientConfig:WebhookClientConfig 3rules:[RuleWithOperations] 4failurePolicy:S
          5namespaceSelector:*meta/LabelSelector 6sideEffects:S 7timeoutSeconds:I 8admissionReviewVersions:[s]
          9matchPolicy:S 10objectSelector:*meta/LabelSelector 11matchConditions:[MatchCondition]
        ValidatingWebhookConfiguration 1metadata:meta/ObjectMeta 2webhooks:[ValidatingWebhook]
        Validation 1expression 2message 3reason:S 4messageExpression
        Variable 1name 2expression
        WebhookClientConfig 1service:*ServiceReference 2caBundle:y 3url:S
        """#
}
