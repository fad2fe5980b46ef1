extension Ruling {
    static let tenantCreations = [
        Ruling("a tenant that says the least is taken", tenant, "{}"),
        Ruling(
            "a name that starts with a digit is refused", tenant, "metadata: {name: 1green}",
            refusal: "the provided name is invalid"),
        Ruling(
            "a name with a dot is refused", tenant, "metadata: {name: green.blue}",
            refusal: "the provided name is invalid"),
        Ruling("a name of 63 letters is taken", tenant, "metadata: {name: \(String(repeating: "a", count: 63))}"),
        Ruling(
            "a name of 64 letters is refused", tenant, "metadata: {name: \(String(repeating: "a", count: 64))}",
            refusal: "the provided name is invalid"),
        Ruling("a tenant without a spec is refused", tenant, "spec: null", refusal: "spec: Required value"),
        Ruling(
            "a tenant without a service type is refused", tenant,
            "spec: {controlPlane: {service: {serviceType: null}}}",
            refusal: "serviceType: Required value"),
        Ruling(
            "an unknown service type is refused", tenant,
            "spec: {controlPlane: {service: {serviceType: ExternalName}}}",
            refusal: "Unsupported value"),

        Ruling("a version without its v is taken", tenant, "spec: {kubernetes: {version: 1.36.2}}"),
        Ruling("a release candidate is taken", tenant, "spec: {kubernetes: {version: v1.36.0-rc.1}}"),
        Ruling("a vendor's build is taken", tenant, "spec: {kubernetes: {version: v1.30.4+k3s1}}"),
        Ruling(
            "a version that is none is refused", tenant, "spec: {kubernetes: {version: latest}}",
            refusal: "must be a semantic version"),
        Ruling(
            "a version without a patch is refused", tenant, "spec: {kubernetes: {version: v1.36}}",
            refusal: "must be a semantic version"),
        Ruling(
            "a minor version above the ceiling is refused", tenant, "spec: {kubernetes: {version: v1.37.0}}",
            refusal: "greater than the supported one, which is v1.36"),
        Ruling(
            "a major version above the ceiling is refused", tenant, "spec: {kubernetes: {version: v2.0.0}}",
            refusal: "greater than the supported one"),

        Ruling(
            "SANs of every kind are taken", tenant,
            "spec: {networkProfile: {certSANs: [10.1.2.3, 'fd00::1', api.example.com, '*.example.com', localhost]}}"),
        Ruling(
            "a SAN with a port is refused", tenant, "spec: {networkProfile: {certSANs: ['api.example.com:6443']}}",
            refusal: "each certSANs entry must be"),
        Ruling(
            "a SAN with a star in the middle is refused", tenant,
            "spec: {networkProfile: {certSANs: ['api.*.com']}}", refusal: "each certSANs entry must be"),

        Ruling(
            "a DNS address inside the default network is taken", tenant,
            "spec: {networkProfile: {dnsServiceIPs: [10.96.0.53]}}"),
        Ruling(
            "a DNS address that is none is refused", tenant, "spec: {networkProfile: {dnsServiceIPs: [dns]}}",
            refusal: "each dnsServiceIPs entry must be a valid IP address"),
        Ruling(
            "a DNS address outside every network is refused", tenant,
            "spec: {networkProfile: {dnsServiceIPs: [10.97.0.10]}}", refusal: "must be inside a service network"),
        Ruling(
            "the list of networks stands above the single one", tenant,
            "spec: {networkProfile: {serviceCidrs: [10.97.0.0/16], dnsServiceIPs: [10.96.0.10]}}",
            refusal: "must be inside a service network"),
        Ruling(
            "dual stack is taken", tenant,
            """
            spec: {networkProfile: {serviceCidrs: [10.96.0.0/16, 'fd00:10:96::/112'],
              podCidrs: [10.244.0.0/16, 'fd00:10:244::/56'], dnsServiceIPs: [10.96.0.10, 'fd00:10:96::a']}}
            """),
        Ruling(
            "a network that is none is refused", tenant, "spec: {networkProfile: {serviceCidr: 10.96.0.0}}",
            refusal: "serviceCidr must be empty or a valid CIDR"),
        Ruling(
            "a pod network that is none is refused", tenant, "spec: {networkProfile: {podCidr: pods}}",
            refusal: "podCidr must be empty or a valid CIDR"),
        Ruling(
            "a list with a network that is none is refused", tenant, "spec: {networkProfile: {serviceCidrs: [x]}}",
            refusal: "all serviceCidrs entries must be valid CIDRs"),
        Ruling(
            "a list with a pod network that is none is refused", tenant, "spec: {networkProfile: {podCidrs: [x]}}",
            refusal: "all podCidrs entries must be valid CIDRs"),
        Ruling("a tenant without pod networks is taken", tenant, "spec: {networkProfile: {podCidr: ''}}"),
        Ruling(
            "a tenant without a service network is refused", tenant, "spec: {networkProfile: {serviceCidr: ''}}",
            refusal: "a service network is needed"),
        Ruling(
            "an empty list of service networks is refused", tenant, "spec: {networkProfile: {serviceCidrs: []}}",
            refusal: "should have at least 1 items"),
        Ruling(
            "an advertised name is refused", tenant, "spec: {networkProfile: {advertiseAddress: api.example.com}}",
            refusal: "advertiseAddress must be a valid IP address"),
        Ruling("an empty advertised address is taken", tenant, "spec: {networkProfile: {advertiseAddress: ''}}"),
        Ruling(
            "port 0 is refused", tenant, "spec: {networkProfile: {port: 0}}",
            refusal: "should be greater than or equal to 1"),
        Ruling(
            "a cluster domain without a dot is refused", tenant, "spec: {networkProfile: {clusterDomain: cluster}}",
            refusal: "clusterDomain in body should match"),

        Ruling(
            "source ranges need a load balancer", tenant,
            "spec: {networkProfile: {loadBalancerSourceRanges: [10.0.0.0/8]}}",
            refusal: "LoadBalancer source ranges are supported only with LoadBalancer service type"),
        Ruling("no source ranges need none", tenant, "spec: {networkProfile: {loadBalancerSourceRanges: []}}"),
        Ruling(
            "source ranges are networks", tenant,
            """
            spec: {controlPlane: {service: {serviceType: LoadBalancer}},
              networkProfile: {loadBalancerSourceRanges: [10.0.0.1]}}
            """, refusal: "all LoadBalancer source range entries must be valid CIDR"),
        Ruling(
            "a load balancer's class needs a load balancer", tenant, "spec: {networkProfile: {loadBalancerClass: a}}",
            refusal: "LoadBalancerClass is supported only with LoadBalancer service type"),
        Ruling(
            "node ports for a load balancer need one", tenant,
            "spec: {controlPlane: {service: {allocateLoadBalancerNodePorts: false}}}",
            refusal: "allocateLoadBalancerNodePorts is supported only with LoadBalancer service type"),
        Ruling(
            "ingress and gateway exclude each other", tenant, "spec: {controlPlane: {ingress: {}, gateway: {}}}",
            refusal: "using both ingress and gateway is not supported"),

        Ruling(
            "one resource is overridden once", tenant,
            "spec: {dataStoreOverrides: [{resource: /events, dataStore: a}, {resource: /events, dataStore: b}]}",
            refusal: "each resource may be overridden once only"),
        Ruling(
            "one resource is overridden once, beside a DataStore that is named", tenant,
            """
            spec: {dataStore: main, dataStoreOverrides: [{resource: /events, dataStore: a},
              {resource: /events, dataStore: b}]}
            """, refusal: "each resource may be overridden once only"),
        Ruling(
            "an override names its DataStore", tenant, "spec: {dataStoreOverrides: [{resource: /events}]}",
            refusal: "dataStore: Required value"),
        Ruling(
            "an empty list of admission plugins is refused", tenant, "spec: {kubernetes: {admissionControllers: []}}",
            refusal: "should have at least 1 items"),
        Ruling(
            "an unknown admission plugin is refused", tenant,
            "spec: {kubernetes: {admissionControllers: [ValidatingAdmissionPolicy]}}", refusal: "Unsupported value"),
        Ruling(
            "address types are unlike each other", tenant,
            "spec: {kubernetes: {kubelet: {preferredAddressTypes: [Hostname, Hostname]}}}", refusal: "Duplicate value"),
        Ruling(
            "address types are known", tenant,
            "spec: {kubernetes: {kubelet: {preferredAddressTypes: [Address]}}}", refusal: "Unsupported value"),
        Ruling(
            "a DaemonSet of agents has no replicas", tenant,
            "spec: {addons: {konnectivity: {agent: {replicas: 2}}}}", refusal: "replicas must be 0 (or unset)"),
        Ruling(
            "a Deployment of agents may have replicas", tenant,
            "spec: {addons: {konnectivity: {agent: {mode: Deployment, replicas: 2}}}}"),
        Ruling(
            "a Deployment of no agents is refused", tenant,
            "spec: {addons: {konnectivity: {agent: {mode: Deployment, replicas: 0}}}}",
            refusal: "replicas must be 0 (or unset)"),
    ]

    static let tenantPorts = [
        Ruling(
            "additional ports are taken", tenant,
            """
            spec: {controlPlane: {service: {additionalPorts: [{name: dns, port: 6443, targetPort: 53, protocol: UDP},
              {name: web, port: 80, targetPort: http, appProtocol: http}]}}}
            """),
        Ruling(
            "an additional port's name is a DNS label", tenant,
            "spec: {controlPlane: {service: {additionalPorts: [{name: Web_1, port: 80, targetPort: 80}]}}}",
            refusal: "should match"),
        Ruling(
            "an additional port is not named like ours", tenant,
            "spec: {controlPlane: {service: {additionalPorts: [{name: kube-apiserver, port: 80, targetPort: 80}]}}}",
            refusal: "are Kamaji's own ports"),
        Ruling(
            "additional ports are unlike each other", tenant,
            """
            spec: {controlPlane: {service: {additionalPorts: [{name: a, port: 80, targetPort: 80},
              {name: b, port: 80, targetPort: 81}]}}}
            """, refusal: "ports in additionalPorts must be unique"),
        Ruling(
            "an additional port is not the API server's", tenant,
            "spec: {controlPlane: {service: {additionalPorts: [{name: a, port: 6443, targetPort: 80}]}}}",
            refusal: "an additional port is networkProfile.port"),
        Ruling(
            "an additional port is not the tunnel's", tenant,
            """
            spec: {controlPlane: {service: {additionalPorts: [{name: a, port: 8132, targetPort: 80}]}},
              addons: {konnectivity: {}}}
            """, refusal: "an additional port is addons.konnectivity.server.port"),
        Ruling(
            "API server and tunnel have a port each", tenant,
            "spec: {networkProfile: {port: 8132}, addons: {konnectivity: {}}}",
            refusal: "networkProfile.port and addons.konnectivity.server.port must differ"),
        Ruling(
            "two networks of one family are refused", tenant,
            "spec: {networkProfile: {serviceCidrs: [10.96.0.0/16, 10.97.0.0/16]}}",
            refusal: "two serviceCidrs must be of different IP families"),
        Ruling(
            "two pod networks of one family are refused", tenant,
            "spec: {networkProfile: {podCidrs: ['fd00::/56', 'fd01::/56']}}",
            refusal: "two podCidrs must be of different IP families"),
        Ruling(
            "one network twice is one network", tenant,
            "spec: {networkProfile: {serviceCidrs: [10.96.0.0/16, 10.96.0.0/16]}}"),
    ]

    static let tenantWorkloads = [
        Ruling(
            "an additional container may be named kine", tenant,
            "spec: {controlPlane: {deployment: {additionalContainers: [{name: kine, image: kine:1}]}}}"),
        Ruling(
            "an additional container may not be named kube-apiserver", tenant,
            "spec: {controlPlane: {deployment: {additionalContainers: [{name: kube-apiserver}]}}}",
            refusal: "the resulting Deployment will generate a configuration error"),
        Ruling(
            "an init container may not be named kine", tenant,
            "spec: {controlPlane: {deployment: {additionalInitContainers: [{name: kine}]}}}",
            refusal: "the resulting Deployment will generate a configuration error"),
        Ruling(
            "two additional containers of one name are refused", tenant,
            "spec: {controlPlane: {deployment: {additionalContainers: [{name: a}, {name: a}]}}}",
            refusal: "names in additionalContainers must be unique"),
        Ruling(
            "a name is not both a container's and an init container's", tenant,
            """
            spec: {controlPlane: {deployment: {additionalContainers: [{name: a}],
              additionalInitContainers: [{name: a}]}}}
            """, refusal: "a name is both in additionalContainers and in additionalInitContainers"),
        Ruling(
            "a mount of an additional volume is taken", tenant,
            """
            spec: {controlPlane: {deployment: {additionalVolumes: [{name: audit, emptyDir: {}}],
              additionalVolumeMounts: {apiServer: [{name: audit, mountPath: /var/log/audit}]}}}}
            """),
        Ruling(
            "a mount of a volume of ours is taken", tenant,
            """
            spec: {controlPlane: {deployment: {
              additionalVolumeMounts: {scheduler: [{name: etc-kubernetes-pki, mountPath: /pki}]}}}}
            """),
        Ruling(
            "a mount of no volume is refused", tenant,
            "spec: {controlPlane: {deployment: {additionalVolumeMounts: {apiServer: [{name: b, mountPath: /b}]}}}}",
            refusal: "names a volume that is not in additionalVolumes"),
        Ruling(
            "two mounts at one path are refused", tenant,
            """
            spec: {controlPlane: {deployment: {additionalVolumes: [{name: a}, {name: b}],
              additionalVolumeMounts: {apiServer: [{name: a, mountPath: /x}, {name: b, mountPath: /x}]}}}}
            """, refusal: "mount paths must be unique"),
        Ruling(
            "a mount over one of ours is refused", tenant,
            """
            spec: {controlPlane: {deployment: {additionalVolumes: [{name: a}],
              additionalVolumeMounts: {controllerManager: [{name: a, mountPath: /etc/kubernetes/pki}]}}}}
            """, refusal: "Kamaji itself mounts at"),
        Ruling(
            "a volume named like ours is refused", tenant,
            "spec: {controlPlane: {deployment: {additionalVolumes: [{name: etc-kubernetes-pki}]}}}",
            refusal: "are Kamaji's own volumes"),
        Ruling(
            "a quantity is checked", tenant,
            "spec: {controlPlane: {deployment: {resources: {apiServer: {limits: {cpu: many}}}}}}",
            refusal: "should match"),
        Ruling(
            "a number is a quantity", tenant,
            "spec: {controlPlane: {deployment: {resources: {apiServer: {limits: {cpu: 2, memory: 1.5Gi}}}}}}"),
        Ruling(
            "a probe's period is at least a second", tenant,
            "spec: {controlPlane: {deployment: {probes: {scheduler: {liveness: {periodSeconds: 0}}}}}}",
            refusal: "should be greater than or equal to 1"),
        Ruling(
            "a negative number of replicas is refused", tenant, "spec: {controlPlane: {deployment: {replicas: -1}}}",
            refusal: "should be greater than or equal to 0"),
        Ruling(
            "a gateway's hostname is a name", tenant, "spec: {controlPlane: {gateway: {hostname: 'Upper.Case'}}}",
            refusal: "hostname in body should match"),
    ]
}
