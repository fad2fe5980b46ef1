extension BuiltInShapes {
    /// What makes the API larger or stricter.
    static let extensions = """
        /admissionregistration
        AuditAnnotation key! valueExpression!
        ExpressionWarning fieldRef! warning!
        MatchCondition expression! name!
        #MatchResources excludeResourceRules:[NamedRuleWithOperations] matchPolicy
          namespaceSelector:meta/LabelSelector objectSelector:meta/LabelSelector
          resourceRules:[NamedRuleWithOperations]
        MutatingWebhook admissionReviewVersions:[s]! clientConfig:WebhookClientConfig!= failurePolicy
          matchConditions:[MatchCondition]@name~name matchPolicy name! namespaceSelector:meta/LabelSelector
          objectSelector:meta/LabelSelector reinvocationPolicy rules:[RuleWithOperations] sideEffects!
          timeoutSeconds:i
        MutatingWebhookConfiguration apiVersion kind metadata:meta/ObjectMeta= webhooks:[MutatingWebhook]@name~name
        #NamedRuleWithOperations apiGroups:[s] apiVersions:[s] operations:[s] resourceNames:[s] resources:[s] scope
        #ParamKind apiVersion kind
        #ParamRef name namespace parameterNotFoundAction selector:meta/LabelSelector
        RuleWithOperations apiGroups:[s] apiVersions:[s] operations:[s] resources:[s] scope
        ServiceReference name! namespace! path port:i
        TypeChecking expressionWarnings:[ExpressionWarning]
        ValidatingAdmissionPolicy apiVersion kind metadata:meta/ObjectMeta= spec:ValidatingAdmissionPolicySpec=
          status:ValidatingAdmissionPolicyStatus=
        ValidatingAdmissionPolicyBinding apiVersion kind metadata:meta/ObjectMeta=
          spec:ValidatingAdmissionPolicyBindingSpec!=
        ValidatingAdmissionPolicyBindingSpec matchResources:MatchResources paramRef:ParamRef policyName!
          validationActions:{s}!
        ValidatingAdmissionPolicySpec auditAnnotations:[AuditAnnotation] failurePolicy
          matchConditions:[MatchCondition]@name~name matchConstraints:MatchResources paramKind:ParamKind
          validations:[Validation] variables:[Variable]@name~name
        ValidatingAdmissionPolicyStatus conditions:[meta/Condition]@type observedGeneration:l
          typeChecking:TypeChecking
        ValidatingWebhook admissionReviewVersions:[s]! clientConfig:WebhookClientConfig!= failurePolicy
          matchConditions:[MatchCondition]@name~name matchPolicy name! namespaceSelector:meta/LabelSelector
          objectSelector:meta/LabelSelector rules:[RuleWithOperations] sideEffects! timeoutSeconds:i
        ValidatingWebhookConfiguration apiVersion kind metadata:meta/ObjectMeta=
          webhooks:[ValidatingWebhook]@name~name
        Validation expression! message messageExpression reason
        #Variable expression! name!
        WebhookClientConfig caBundle:y service:ServiceReference url
        /apiextensions
        CustomResourceColumnDefinition description format jsonPath! name! priority:i type!
        CustomResourceConversion strategy! webhook:WebhookConversion
        CustomResourceDefinition apiVersion kind metadata:meta/ObjectMeta= spec:CustomResourceDefinitionSpec!=
          status:CustomResourceDefinitionStatus=
        CustomResourceDefinitionCondition lastTransitionTime:t message observedGeneration:l reason status! type!
        CustomResourceDefinitionNames categories:[s] kind! listKind plural! shortNames:[s] singular
        CustomResourceDefinitionSpec conversion:CustomResourceConversion group! names:CustomResourceDefinitionNames!=
          preserveUnknownFields:b scope! versions:[CustomResourceDefinitionVersion]!
        CustomResourceDefinitionStatus acceptedNames:CustomResourceDefinitionNames=
          conditions:[CustomResourceDefinitionCondition]@type observedGeneration:l storedVersions:[s]
        CustomResourceDefinitionVersion additionalPrinterColumns:[CustomResourceColumnDefinition] deprecated:b
          deprecationWarning name! schema:CustomResourceValidation selectableFields:[SelectableField] served:b!
          storage:b! subresources:CustomResourceSubresources
        CustomResourceSubresourceScale labelSelectorPath specReplicasPath! statusReplicasPath!
        CustomResourceSubresources scale:CustomResourceSubresourceScale status:<~>
        CustomResourceValidation openAPIV3Schema:JSONSchemaProps
        ExternalDocumentation description url
        JSONSchemaProps $ref $schema additionalItems:~ additionalProperties:~ allOf:[JSONSchemaProps]
          anyOf:[JSONSchemaProps] default:~ definitions:<JSONSchemaProps> dependencies:<~> description enum:[~]
          example:~ exclusiveMaximum:b exclusiveMinimum:b externalDocs:ExternalDocumentation format id items:~
          maxItems:l maxLength:l maxProperties:l maximum:d minItems:l minLength:l minProperties:l minimum:d
          multipleOf:d not:JSONSchemaProps nullable:b oneOf:[JSONSchemaProps] pattern
          patternProperties:<JSONSchemaProps> properties:<JSONSchemaProps> required:[s] title type uniqueItems:b
          x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b x-kubernetes-list-map-keys:[s]
          x-kubernetes-list-type x-kubernetes-map-type x-kubernetes-preserve-unknown-fields:b
          x-kubernetes-validations:[ValidationRule]@rule~rule
        SelectableField jsonPath!
        ServiceReference name! namespace! path port:i
        ValidationRule fieldPath message messageExpression optionalOldSelf:b reason rule!
        WebhookClientConfig caBundle:y service:ServiceReference url
        WebhookConversion clientConfig:WebhookClientConfig conversionReviewVersions:[s]!
        """
}
