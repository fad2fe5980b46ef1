/// What upstream's webhooks refuse, said in CEL, so that no webhook stands in the way of a write. Every rule is bounded
/// by the maxLength and maxItems of what it walks: the API server prices rules before it takes a CRD.
extension CustomResources {
    static let specRules: [SchemaRule] = [
        rule("!has(oldSelf.dataStore) || has(self.dataStore)", "unsetting the dataStore is not supported"),
        rule(
            "!has(oldSelf.dataStoreSchema) || has(self.dataStoreSchema)",
            "unsetting the dataStoreSchema is not supported"),
        rule(
            "!has(oldSelf.dataStoreUsername) || has(self.dataStoreUsername)",
            "unsetting the dataStoreUsername is not supported"),
        rule(
            "!has(self.networkProfile) || !has(self.networkProfile.loadBalancerSourceRanges) || "
                + "size(self.networkProfile.loadBalancerSourceRanges) == 0 || "
                + "self.controlPlane.service.serviceType == 'LoadBalancer'",
            "LoadBalancer source ranges are supported only with LoadBalancer service type"),
        rule(
            "!has(self.networkProfile) || !has(self.networkProfile.loadBalancerClass) || "
                + "self.controlPlane.service.serviceType == 'LoadBalancer'",
            "LoadBalancerClass is supported only with LoadBalancer service type"),
        rule(
            "!has(self.controlPlane.service.allocateLoadBalancerNodePorts) || "
                + "self.controlPlane.service.serviceType == 'LoadBalancer'",
            "allocateLoadBalancerNodePorts is supported only with LoadBalancer service type"),
        rule(
            "self.controlPlane.service.serviceType != 'LoadBalancer' || "
                + "oldSelf.controlPlane.service.serviceType != 'LoadBalancer' || "
                + "(has(self.networkProfile) && has(self.networkProfile.loadBalancerClass)) == "
                + "(has(oldSelf.networkProfile) && has(oldSelf.networkProfile.loadBalancerClass))",
            "LoadBalancerClass cannot be set or unset at runtime"),
    ]

    private static let parses = "self.matches('\(versionPattern)')"
    private static let versionPattern =
        #"^v?[0-9]{1,3}[.][0-9]{1,4}[.][0-9]{1,9}(-[0-9A-Za-z.-]+)?([+][0-9A-Za-z.-]+)?$"#
    private static func minor(_ version: String) -> String { "int(\(version).split('.')[1])" }
    private static func major(_ version: String) -> String { "int(\(version).replace('v', '').split('.')[0])" }

    static let versionRules: [SchemaRule] = [
        rule(parses, "the Kubernetes version must be a semantic version such as v1.36.2"),
        rule(
            "!\(parses) || (\(major("self")) == 1 && \(minor("self")) <= \(latestMinor))",
            "the Kubernetes version is greater than the supported one, which is 1.\(latestMinor)"),
        rule(
            "!\(parses) || !oldSelf.matches('\(versionPattern)') || \(minor("self")) >= \(minor("oldSelf"))",
            "unable to downgrade a TenantControlPlane to an earlier minor version of Kubernetes", reason: .forbidden),
        rule(
            "!\(parses) || !oldSelf.matches('\(versionPattern)') || \(minor("self")) - \(minor("oldSelf")) <= 1",
            "unable to upgrade to a non-sequential minor version: go up one minor version at a time",
            reason: .forbidden),
    ]

    static let networkRules: [SchemaRule] = [
        rule(
            "has(self.serviceCidrs) || (has(self.serviceCidr) && self.serviceCidr != '')",
            "a service network is needed: set serviceCidrs", reason: .required, at: ".serviceCidrs"),
        rule(
            "!has(self.dnsServiceIPs) || self.dnsServiceIPs.all(x, !isIP(x) || (has(self.serviceCidrs) "
                + "? self.serviceCidrs.exists(c, isCIDR(c) && cidr(c).containsIP(x)) "
                + ": (has(self.serviceCidr) && isCIDR(self.serviceCidr) && cidr(self.serviceCidr).containsIP(x))))",
            "each dnsServiceIPs entry must be inside a service network", at: ".dnsServiceIPs"),
    ]

    static func uniqueNameRules(of list: String) -> [SchemaRule] {
        [
            rule(
                "self.all(a, self.exists_one(b, b.name == a.name))", "names in \(list) must be unique",
                reason: .duplicate)
        ]
    }

    static let reservedContainerRules: [SchemaRule] = [
        rule(
            "self.all(c, !(c.name in ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', "
                + "'konnectivity-server']))",
            "the resulting Deployment will generate a configuration error: kube-apiserver, kube-controller-manager, "
                + "kube-scheduler and konnectivity-server are names of Kamaji's own containers")
    ]

    static let reservedVolumeRules: [SchemaRule] = []

    static func mountRules(of component: String) -> [SchemaRule] {
        [
            rule(
                "self.all(a, self.exists_one(b, b.mountPath == a.mountPath))",
                "the resulting Deployment will generate a configuration error: mount paths must be unique",
                reason: .duplicate)
        ]
    }

    static func rule(
        _ rule: String, _ message: String, reason: SchemaRule.Reason? = nil, at fieldPath: String? = nil
    ) -> SchemaRule {
        SchemaRule(rule: rule, message: message, reason: reason, fieldPath: fieldPath)
    }
}
