import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The tenant's DNS, as kubeadm installs it.
    ///
    /// - Throws: when no Service network has room for the DNS Service's address, without which no kubelet finds it.
    func coreDNS(_ addon: Addon) throws(TenantObjectError) -> [TenantObject] {
        let make = TenantObjectMaker(addon: .coreDNS)
        return [
            make.serviceAccount("coredns"),
            make.clusterRole(
                "system:coredns",
                rules: TenantObjectMaker.rule(["endpoints", "services", "pods", "namespaces"], ["list", "watch"]),
                TenantObjectMaker.rule(["endpointslices"], ["list", "watch"], group: "discovery.k8s.io")),
            make.clusterRoleBinding("system:coredns", to: "system:coredns", .serviceAccount("coredns")),
            make.configMap("coredns", ["Corefile": corefile]),
            try dnsService(make),
            make.object(
                .deployments, "coredns", in: TenantObjectMaker.namespace, labels: Self.dnsPods,
                ["spec": coreDNSWorkload(addon)]),
        ]
    }

    private static let dnsPods = ["k8s-app": "kube-dns"]

    private var corefile: String {
        let domain = spec.networkProfile.clusterDomain
        return """
            .:53 {
                errors
                health {
                    lameduck 5s
                }
                ready
                kubernetes \(domain) in-addr.arpa ip6.arpa {
                    pods insecure
                    fallthrough in-addr.arpa ip6.arpa
                    ttl 30
                }
                prometheus :9153
                forward . /etc/resolv.conf {
                    max_concurrent 1000
                }
                cache 30 {
                    disable success \(domain)
                    disable denial \(domain)
                }
                loop
                reload
                loadbalance
            }

            """
    }

    /// One address of each IP family, in the order in which kubelets are told them: a Service has no more.
    private var dnsServiceAddresses: [IPAddress] {
        var addresses: [IPAddress] = []
        for address in effectiveDNSServiceIPs.compactMap(IPAddress.init)
        where !addresses.contains(where: { $0.isIPv4 == address.isIPv4 }) {
            addresses.append(address)
        }
        return addresses
    }

    private func dnsService(_ make: TenantObjectMaker) throws(TenantObjectError) -> TenantObject {
        let addresses = dnsServiceAddresses
        guard let first = addresses.first else {
            throw TenantObjectError(
                field: "spec.networkProfile.dnsServiceIPs",
                message: "none is given, and the Service networks \(effectiveServiceCIDRs.joined(separator: ", ")) are "
                    + "too small for one at the usual place: give an address inside of them, or switch CoreDNS off")
        }
        func port(_ name: String, _ number: Int, _ transport: String) -> JSON {
            [
                "name": .string(name), "port": JSON(number), "protocol": .string(transport),
                "targetPort": JSON(number),
            ]
        }
        var service = make.object(
            .services, "kube-dns", in: TenantObjectMaker.namespace,
            labels: Self.dnsPods.merging([
                "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS",
            ]) { first, _ in first },
            [
                "spec": [
                    "type": "ClusterIP",
                    "clusterIP": .string(first.description),
                    "clusterIPs": JSON(addresses.map(\.description)),
                    "ipFamilies": JSON(addresses.map { $0.isIPv4 ? "IPv4" : "IPv6" }),
                    "ipFamilyPolicy": addresses.count > 1 ? "PreferDualStack" : "SingleStack",
                    "ports": [port("dns", 53, "UDP"), port("dns-tcp", 53, "TCP"), port("metrics", 9153, "TCP")],
                    "selector": JSON(Self.dnsPods),
                ]
            ]
        ).object
        service.annotations = ["prometheus.io/port": "9153", "prometheus.io/scrape": "true"]
        return TenantObject(make.addon, .services, service)
    }

    private func coreDNSWorkload(_ addon: Addon) -> JSON {
        [
            "replicas": 2,
            "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1]],
            "selector": ["matchLabels": JSON(Self.dnsPods)],
            "template": [
                "metadata": ["labels": JSON(Self.dnsPods)],
                "spec": [
                    "priorityClassName": "system-cluster-critical",
                    "serviceAccountName": "coredns",
                    "affinity": [
                        "podAntiAffinity": [
                            "preferredDuringSchedulingIgnoredDuringExecution": [
                                [
                                    "weight": 100,
                                    "podAffinityTerm": [
                                        "labelSelector": [
                                            "matchExpressions": [
                                                ["key": "k8s-app", "operator": "In", "values": ["kube-dns"]]
                                            ]
                                        ],
                                        "topologyKey": "kubernetes.io/hostname",
                                    ],
                                ]
                            ]
                        ]
                    ],
                    "tolerations": [
                        ["key": "CriticalAddonsOnly", "operator": "Exists"],
                        ["key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"],
                    ],
                    "nodeSelector": ["kubernetes.io/os": "linux"],
                    "containers": [coreDNSContainer(addon)],
                    // The node's resolver is what it forwards to.
                    "dnsPolicy": "Default",
                    "volumes": [
                        [
                            "name": "config-volume",
                            "configMap": ["name": "coredns", "items": [["key": "Corefile", "path": "Corefile"]]],
                        ]
                    ],
                ],
            ],
        ]
    }

    private func coreDNSContainer(_ addon: Addon) -> JSON {
        func port(_ name: String, _ number: Int, _ transport: String = "TCP") -> JSON {
            ["name": .string(name), "containerPort": JSON(number), "protocol": .string(transport)]
        }
        return [
            "name": "coredns",
            "image": .string(coreDNSImage(addon)),
            "imagePullPolicy": "IfNotPresent",
            "args": ["-conf", "/etc/coredns/Corefile"],
            "resources": ["limits": ["memory": "170Mi"], "requests": ["cpu": "100m", "memory": "70Mi"]],
            "volumeMounts": [["name": "config-volume", "mountPath": "/etc/coredns", "readOnly": true]],
            "ports": [
                port("dns", 53, "UDP"), port("dns-tcp", 53), port("metrics", 9153), port("liveness-probe", 8080),
                port("readiness-probe", 8181),
            ],
            "livenessProbe": [
                "httpGet": ["path": "/health", "port": "liveness-probe", "scheme": "HTTP"],
                "initialDelaySeconds": 60, "timeoutSeconds": 5, "successThreshold": 1, "failureThreshold": 5,
            ],
            "readinessProbe": ["httpGet": ["path": "/ready", "port": "readiness-probe", "scheme": "HTTP"]],
            "securityContext": [
                "allowPrivilegeEscalation": false,
                "capabilities": ["add": ["NET_BIND_SERVICE"], "drop": ["ALL"]],
                "readOnlyRootFilesystem": true,
            ],
        ]
    }
}
