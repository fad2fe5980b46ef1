extension BuiltInShapes {
    /// Who may do what, and how they prove who they are.
    static let access = """
        /authentication
        BoundObjectReference apiVersion kind name uid
        SelfSubjectReview apiVersion kind metadata:meta/ObjectMeta= status:SelfSubjectReviewStatus=
        SelfSubjectReviewStatus userInfo:UserInfo=
        TokenRequest apiVersion kind metadata:meta/ObjectMeta= spec:TokenRequestSpec= status:TokenRequestStatus=
        TokenRequestSpec audiences:[s] boundObjectRef:BoundObjectReference expirationSeconds:l
        TokenRequestStatus expirationTimestamp:t token
        TokenReview apiVersion kind metadata:meta/ObjectMeta= spec:TokenReviewSpec!= status:TokenReviewStatus=
        TokenReviewSpec audiences:[s] token!
        TokenReviewStatus audiences:[s] authenticated:b error user:UserInfo=
        UserInfo extra:<[s]> groups:[s] uid username
        /authorization
        FieldSelectorAttributes rawSelector requirements:[meta/FieldSelectorRequirement]
        LabelSelectorAttributes rawSelector requirements:[meta/LabelSelectorRequirement]
        LocalSubjectAccessReview apiVersion kind metadata:meta/ObjectMeta= spec:SubjectAccessReviewSpec!=
          status:SubjectAccessReviewStatus=
        NonResourceAttributes path verb
        NonResourceRule nonResourceURLs:[s] verbs:[s]!
        ResourceAttributes fieldSelector:FieldSelectorAttributes group labelSelector:LabelSelectorAttributes name
          namespace resource subresource verb version
        ResourceRule apiGroups:[s] resourceNames:[s] resources:[s] verbs:[s]!
        SelfSubjectAccessReview apiVersion kind metadata:meta/ObjectMeta= spec:SelfSubjectAccessReviewSpec!=
          status:SubjectAccessReviewStatus=
        SelfSubjectAccessReviewSpec nonResourceAttributes:NonResourceAttributes resourceAttributes:ResourceAttributes
        SelfSubjectRulesReview apiVersion kind metadata:meta/ObjectMeta= spec:SelfSubjectRulesReviewSpec!=
          status:SubjectRulesReviewStatus=
        SelfSubjectRulesReviewSpec namespace
        SubjectAccessReview apiVersion kind metadata:meta/ObjectMeta= spec:SubjectAccessReviewSpec!=
          status:SubjectAccessReviewStatus=
        SubjectAccessReviewSpec extra:<[s]> groups:[s] nonResourceAttributes:NonResourceAttributes
          resourceAttributes:ResourceAttributes uid user
        SubjectAccessReviewStatus allowed:b! denied:b evaluationError reason
        SubjectRulesReviewStatus evaluationError incomplete:b! nonResourceRules:[NonResourceRule]!
          resourceRules:[ResourceRule]!
        /certificates
        CertificateSigningRequest apiVersion kind metadata:meta/ObjectMeta= spec:CertificateSigningRequestSpec!=
          status:CertificateSigningRequestStatus=
        CertificateSigningRequestCondition lastTransitionTime:t lastUpdateTime:t message reason status! type!
        CertificateSigningRequestSpec expirationSeconds:i extra:<[s]> groups:[s] request:y! signerName! uid usages:[s]
          username
        CertificateSigningRequestStatus certificate:y conditions:[CertificateSigningRequestCondition]@type
        /rbac
        AggregationRule clusterRoleSelectors:[meta/LabelSelector]
        ClusterRole aggregationRule:AggregationRule apiVersion kind metadata:meta/ObjectMeta= rules:[PolicyRule]
        ClusterRoleBinding apiVersion kind metadata:meta/ObjectMeta= roleRef:RoleRef!= subjects:[Subject]
        PolicyRule apiGroups:[s] nonResourceURLs:[s] resourceNames:[s] resources:[s] verbs:[s]!
        Role apiVersion kind metadata:meta/ObjectMeta= rules:[PolicyRule]
        RoleBinding apiVersion kind metadata:meta/ObjectMeta= roleRef:RoleRef!= subjects:[Subject]
        #RoleRef apiGroup kind! name!
        #Subject apiGroup kind! name! namespace
        """
}
