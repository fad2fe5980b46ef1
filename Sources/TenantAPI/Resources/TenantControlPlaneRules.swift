/// What upstream's webhooks refuse, said in CEL, so that no webhook stands in the way of a write. Every rule is bounded
/// by the maxLength and maxItems of what it walks: the API server prices rules before it takes a CRD.
extension CustomResources {
    private static let conflict = "the resulting Deployment will generate a configuration error: "

    static let specRules: [SchemaRule] =
        [
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
            rule(
                "!\(tunnelPort.isThere) || !\(serverPort.isThere) || \(tunnelPort.field) != \(serverPort.field)",
                "the resulting Service would be refused: networkProfile.port and addons.konnectivity.server.port must differ"
            ),
        ]
        + [serverPort, tunnelPort].map { port in
            let ports = "self.controlPlane.service.additionalPorts"
            return rule(
                "!has(\(ports)) || !\(port.isThere) || "
                    + "\(ports).all(p, (has(p.protocol) && p.protocol != 'TCP') || p.port != \(port.field))",
                "the resulting Service would be refused: an additional port is \(port.field.dropFirst("self.".count))")
        }

    private static let serverPort = (
        field: "self.networkProfile.port", isThere: "(has(self.networkProfile) && has(self.networkProfile.port))"
    )
    private static let tunnelPort = (
        field: "self.addons.konnectivity.server.port",
        isThere: "(has(self.addons) && has(self.addons.konnectivity) && has(self.addons.konnectivity.server))"
    )

    /// On the Service's additional ports.
    static let portRules: [SchemaRule] =
        uniqueNameRules(of: "additionalPorts") + [
            rule(
                "self.all(a, self.exists_one(b, b.port == a.port && b.protocol == a.protocol))",
                "ports in additionalPorts must be unique"),
            rule(
                "self.all(p, !(p.name in ['kube-apiserver', 'konnectivity-server']))",
                "kube-apiserver and konnectivity-server are Kamaji's own ports"),
        ]

    /// On the object: its name names a Service.
    static let nameRules: [SchemaRule] = [
        rule(
            "size(self.metadata.name) <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
            "the provided name is invalid: it must be a DNS-1035 label, at most 63 lower-case letters, digits and "
                + "hyphens, starting with a letter and ending with a letter or digit", at: ".metadata.name")
    ]

    /// Semantic versions, with the optional `v`; numbers are bounded so that `int()` takes them.
    private static let versionPattern =
        "^v?(0|[1-9][0-9]{0,2})[.](0|[1-9][0-9]{0,2})[.](0|[1-9][0-9]{0,8})(-[0-9A-Za-z.-]+)?([+][0-9A-Za-z.-]+)?$"

    private static func parses(_ version: String) -> String { "\(version).matches('\(versionPattern)')" }

    /// Major and minor as one number: 1.36 is 1036.
    private static func minor(_ version: String) -> String {
        "(int(\(version).replace('v', '').split('.')[0]) * 1000 + int(\(version).split('.')[1]))"
    }

    /// On `spec.kubernetes.version`. Patch releases move freely, in both directions.
    static let versionRules: [SchemaRule] = [
        rule(parses("self"), "the Kubernetes version must be a semantic version such as v\(latest).0"),
        rule(
            "!\(parses("self")) || \(minor("self")) <= \(1000 + latestMinor)",
            "the Kubernetes version is greater than the supported one, which is v\(latest)"),
        rule(
            "!\(parses("self")) || !\(parses("oldSelf")) || \(minor("self")) >= \(minor("oldSelf"))",
            "unable to downgrade: the Kubernetes version cannot go back to an earlier minor version",
            reason: .forbidden),
        rule(
            "!\(parses("self")) || !\(parses("oldSelf")) || \(minor("self")) - \(minor("oldSelf")) <= 1",
            "non-sequential upgrade: the Kubernetes version can go up by one minor version at a time",
            reason: .forbidden),
    ]

    private static let latest = "1.\(latestMinor)"

    static let networkRules: [SchemaRule] = [
        rule(
            "has(self.serviceCidrs) || !has(self.serviceCidr) || self.serviceCidr != ''",
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
                "self.all(a, self.exists_one(b, b.name == a.name))", "names in \(list) must be unique")
        ]
    }

    private static let containers = [
        "kube-apiserver", "kube-controller-manager", "kube-scheduler", "konnectivity-server",
    ]

    private static func list(_ words: [String]) -> String { "[\(words.map { "'\($0)'" }.joined(separator: ", "))]" }

    /// `kine` is not among them: an entry of that name changes the container that Kamaji makes.
    static let containerRules: [SchemaRule] = [
        rule(
            "self.all(c, !(c.name in \(list(containers))))",
            conflict + "\(containers.joined(separator: ", ")) are Kamaji's own containers")
    ]

    static let initContainerRules: [SchemaRule] = [
        rule(
            "self.all(c, !(c.name in \(list(containers + ["kine"]))))",
            conflict + "\(containers.joined(separator: ", ")) and kine are Kamaji's own containers")
    ]

    private static let volumes = [
        "etc-kubernetes-pki", "etc-ca-certificates", "usr-share-ca-certificates", "usr-local-share-ca-certificates",
        "scheduler-kubeconfig", "controller-manager-kubeconfig", "kine-uds", "kine-config", "kine-certs",
        "konnectivity-uds", "egress-selector-configuration", "konnectivity-server-kubeconfig",
        "konnectivity-server-certificate",
    ]

    static let volumeRules: [SchemaRule] = [
        rule(
            "self.all(v, !(v.name in \(list(volumes))))",
            conflict + "\(volumes.joined(separator: ", ")) are Kamaji's own volumes")
    ]

    private static let certificatePaths = [
        "/etc/kubernetes/pki", "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
    ]
    private static let mountPaths = [
        "apiServer": certificatePaths + ["/uds", "/run/konnectivity", "/etc/kubernetes/konnectivity/configurations"],
        "controllerManager": certificatePaths + ["/etc/kubernetes"],
        "scheduler": ["/etc/kubernetes"],
    ]

    /// On the mounts of a component.
    static func mountRules(of component: String) -> [SchemaRule] {
        let taken = mountPaths[component] ?? []
        return [
            rule(
                "self.all(a, self.exists_one(b, b.mountPath == a.mountPath))",
                conflict + "mount paths must be unique"),
            rule(
                "self.all(m, !(m.mountPath in \(list(taken))))",
                conflict + "Kamaji itself mounts at \(taken.joined(separator: ", "))"),
        ]
    }

    /// On `spec.controlPlane.deployment`: what its lists must agree on.
    static let deploymentRules: [SchemaRule] =
        [
            rule(
                "!has(self.additionalContainers) || !has(self.additionalInitContainers) || self.additionalContainers.all(c, "
                    + "!self.additionalInitContainers.exists(i, i.name == c.name))",
                conflict + "a name is both in additionalContainers and in additionalInitContainers")
        ]
        + ["apiServer", "controllerManager", "scheduler"].map { component in
            let mounts = "self.additionalVolumeMounts.\(component)"
            return rule(
                "!has(self.additionalVolumeMounts) || !has(\(mounts)) || \(mounts).all(m, m.name in \(list(volumes)) || "
                    + "(has(self.additionalVolumes) && self.additionalVolumes.exists(v, v.name == m.name)))",
                conflict + "additionalVolumeMounts.\(component) names a volume that is not in additionalVolumes")
        }

    static func rule(
        _ rule: String, _ message: String, reason: SchemaRule.Reason? = nil, at fieldPath: String? = nil
    ) -> SchemaRule {
        SchemaRule(rule: rule, message: message, reason: reason, fieldPath: fieldPath)
    }
}
