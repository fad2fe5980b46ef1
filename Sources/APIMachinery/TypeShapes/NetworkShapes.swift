extension BuiltInShapes {
    /// Ingresses, network policies and endpoint slices.
    static let network = """
        /networking
        HTTPIngressPath backend:IngressBackend!= path pathType!
        HTTPIngressRuleValue paths:[HTTPIngressPath]!
        IPBlock cidr! except:[s]
        Ingress apiVersion kind metadata:meta/ObjectMeta= spec:IngressSpec= status:IngressStatus=
        IngressBackend resource:core/TypedLocalObjectReference service:IngressServiceBackend
        IngressClass apiVersion kind metadata:meta/ObjectMeta= spec:IngressClassSpec=
        IngressClassParametersReference apiGroup kind! name! namespace scope
        IngressClassSpec controller parameters:IngressClassParametersReference
        IngressLoadBalancerIngress hostname ip ports:[IngressPortStatus]
        IngressLoadBalancerStatus ingress:[IngressLoadBalancerIngress]
        IngressPortStatus error port:i! protocol!
        IngressRule host http:HTTPIngressRuleValue
        IngressServiceBackend name! port:ServiceBackendPort=
        IngressSpec defaultBackend:IngressBackend ingressClassName rules:[IngressRule] tls:[IngressTLS]
        IngressStatus loadBalancer:IngressLoadBalancerStatus=
        IngressTLS hosts:[s] secretName
        NetworkPolicy apiVersion kind metadata:meta/ObjectMeta= spec:NetworkPolicySpec=
        NetworkPolicyEgressRule ports:[NetworkPolicyPort] to:[NetworkPolicyPeer]
        NetworkPolicyIngressRule from:[NetworkPolicyPeer] ports:[NetworkPolicyPort]
        NetworkPolicyPeer ipBlock:IPBlock namespaceSelector:meta/LabelSelector podSelector:meta/LabelSelector
        NetworkPolicyPort endPort:i port:x protocol
        NetworkPolicySpec egress:[NetworkPolicyEgressRule] ingress:[NetworkPolicyIngressRule]
          podSelector:meta/LabelSelector= policyTypes:[s]
        #ServiceBackendPort name number:i
        /discovery
        Endpoint addresses:{s}! conditions:EndpointConditions= deprecatedTopology:<s> hints:EndpointHints hostname
          nodeName targetRef:core/ObjectReference zone
        EndpointConditions ready:b serving:b terminating:b
        EndpointHints forNodes:[ForNode] forZones:[ForZone]
        #EndpointPort appProtocol name port:i protocol
        EndpointSlice addressType! apiVersion endpoints:[Endpoint] kind metadata:meta/ObjectMeta= ports:[EndpointPort]
        ForNode name!
        ForZone name!
        """
}
