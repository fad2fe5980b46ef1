import KubeObjects

/// `spec.networkProfile` and `spec.addons`.
extension CustomResources {
    static let networkProfile: SchemaNode =
        .object("Where the API server is reached, and the tenant's networks.") {
            optional(
                "address",
                .string(
                    "Address or name at which the admin cluster's side reaches the API server. It stands above what the "
                        + "Service is given; NodePort needs it."))
            optional(
                "advertiseAddress",
                .string(
                    "Address that nodes and pods of the tenant are told instead: an IP address. Both are in the API "
                        + "server's certificate."
                ).length(max: 64).rule("self == '' || isIP(self)", "advertiseAddress must be a valid IP address"))
            optional(
                "port",
                .int32("Port of the API server, in its pods and its Service.")
                    .default(6443).range(min: 1, max: 65535))
            optional(
                "clusterDomain",
                .string("DNS domain of the tenant's Services. Immutable.")
                    .default("cluster.local").matching(#".*\..*"#).length(max: 253)
                    .rule("self == oldSelf", "changing the cluster domain is not supported"))
            optional(
                "allowAddressAsExternalIP",
                .boolean(
                    "Whether `address` becomes an external IP of the Service; ClusterIP and NodePort only."))
            optional(
                "certSANs",
                .array(
                    "Further names in the API server's certificate: IP addresses, DNS names, `*.` wildcards.",
                    of: .string().length(max: 253)
                ).count(max: 128).rule(
                    "self.all(x, isIP(x) || x.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'))",
                    "each certSANs entry must be an IP address, a DNS name in lower case, or a wildcard such as *.example.com"
                ))
            optional(
                "serviceCidr",
                .string(
                    "Network of the tenant's Services. Deprecated: use serviceCidrs, which stands above it."
                ).default("10.96.0.0/16").length(max: 64)
                    .rule("self == '' || isCIDR(self)", "serviceCidr must be empty or a valid CIDR"))
            optional(
                "serviceCidrs",
                networks("serviceCidrs", "Networks of the tenant's Services, one a family; the first is primary."))
            optional(
                "podCidr",
                .string(
                    "Network of the tenant's pods; empty leaves them to the network plugin. Deprecated: use podCidrs, "
                        + "which stands above it."
                ).default("10.244.0.0/16").length(max: 64)
                    .rule("self == '' || isCIDR(self)", "podCidr must be empty or a valid CIDR"))
            optional(
                "podCidrs", networks("podCidrs", "Networks of the tenant's pods, one a family; the first is primary."))
            optional(
                "dnsServiceIPs",
                .array(
                    "Addresses of the tenant's DNS Service. When empty, one in each Service network: 10.96.0.10 in "
                        + "10.96.0.0/16, 2001:db8::10 in 2001:db8::/64.",
                    of: .string().length(max: 64)
                ).count(max: 8).rule("self.all(x, isIP(x))", "each dnsServiceIPs entry must be a valid IP address"))
            optional(
                "loadBalancerSourceRanges",
                .array(
                    "Networks whose traffic the load balancer lets in; everything when empty. LoadBalancer only.",
                    of: .string().length(max: 64)
                ).count(max: 16).rule(
                    "self.all(r, isCIDR(r))", "all LoadBalancer source range entries must be valid CIDR"))
            optional(
                "loadBalancerClass",
                .string(
                    "Which load balancer implementation serves the Service. LoadBalancer only; immutable."
                ).length(min: 1, max: 253).rule("self == oldSelf", "LoadBalancerClass is immutable"))
        }
        .rules(networkRules)
        .default([:])

    private static func networks(_ name: String, _ summary: String) -> SchemaNode {
        .array(summary, of: .string().length(max: 64)).count(min: 1, max: 2)
            .rule("self.all(x, isCIDR(x))", "all \(name) entries must be valid CIDRs")
            .rule(
                "size(self) < 2 || self[0] == self[1] || !self.all(x, isCIDR(x)) || "
                    + "cidr(self[0]).ip().family() != cidr(self[1]).ip().family()",
                "two \(name) must be of different IP families")
    }

    static let addons: SchemaNode =
        .object("What is installed inside the tenant: an addon is asked for by being here, `{}` being enough.") {
            optional("coreDNS", addon("DNS for the tenant's Services."))
            optional("kubeProxy", addon("kube-proxy on each node."))
            optional("konnectivity", konnectivity)
        }
        .default([:])

    private static func addon(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("imageRepository", .string("Registry and folder of the image; empty takes Kubernetes' own."))
            optional("imageTag", .string("Tag of the image; empty follows the tenant's Kubernetes."))
        }
    }

    private static let konnectivity: SchemaNode =
        .object("A tunnel by which the API server reaches nodes and pods that it has no route to.") {
            optional(
                "server",
                .object("The end in the control plane's pods.") {
                    required("port", .int32("Port on which it takes agents.").default(8132).range(min: 1, max: 65535))
                    optional("version", .string("Tag of the image; empty takes v0.<minor of the tenant>.0."))
                    optional(
                        "image",
                        .string("Image, without a tag.")
                            .default("registry.k8s.io/kas-network-proxy/proxy-server"))
                    optional("resources", Embedded.resourceRequirements("Limits and requests of the container."))
                    optional("extraArgs", .strings("Further flags; those that Kamaji sets stand above them."))
                    optional("securityContext", Embedded.securityContext("Security settings of the container."))
                }.default(["image": "registry.k8s.io/kas-network-proxy/proxy-server", "port": 8132]))
            optional("agent", konnectivityAgent)
        }

    private static let konnectivityAgent: SchemaNode =
        .object("The end on the tenant's nodes.") {
            optional(
                "image",
                .string("Image, without a tag.")
                    .default("registry.k8s.io/kas-network-proxy/proxy-agent"))
            optional("version", .string("Tag of the image; empty takes v0.<minor of the tenant>.0."))
            optional(
                "tolerations",
                .array("Taints that the agent's pods bear.", of: Embedded.toleration)
                    .default([["key": "CriticalAddonsOnly", "operator": "Exists"]]))
            optional("extraArgs", .strings("Further flags; they stand above those that Kamaji sets."))
            optional(
                "hostNetwork",
                .boolean("Whether the agent uses its node's network, and so needs no CNI.")
                    .default(false))
            optional("mode", .string("What runs the agent.").oneOf(["DaemonSet", "Deployment"]).default("DaemonSet"))
            optional("replicas", .int32("How many agents a Deployment runs; 0 or absent for a DaemonSet."))
        }
        .default(["image": "registry.k8s.io/kas-network-proxy/proxy-agent", "mode": "DaemonSet"])
        .rule(
            "!(self.mode == 'DaemonSet' && has(self.replicas) && self.replicas != 0) && "
                + "!(self.mode == 'Deployment' && has(self.replicas) && self.replicas == 0)",
            "replicas must be 0 (or unset) when mode is DaemonSet, and greater than 0 (or unset) when mode is "
                + "Deployment")
}
