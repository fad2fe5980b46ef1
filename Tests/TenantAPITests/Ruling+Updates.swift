extension Ruling {
    static let tenantUpdates = [
        Ruling(
            "a patch release down is taken", tenant, stored: "spec: {kubernetes: {version: v1.35.7}}",
            "spec: {kubernetes: {version: v1.35.1}}"),
        Ruling(
            "one minor version up is taken", tenant, stored: "spec: {kubernetes: {version: v1.35.7}}",
            "spec: {kubernetes: {version: v1.36.0}}"),
        Ruling(
            "a minor version down is refused", tenant, stored: "spec: {kubernetes: {version: v1.23.0}}",
            "spec: {kubernetes: {version: v1.22.0}}", refusal: "unable to downgrade"),
        Ruling(
            "two minor versions up are refused", tenant, stored: "spec: {kubernetes: {version: v1.23.0}}",
            "spec: {kubernetes: {version: v1.25.0}}", refusal: "non-sequential upgrade"),
        Ruling(
            "an upgrade above the ceiling is refused", tenant, stored: "spec: {kubernetes: {version: v1.36.0}}",
            "spec: {kubernetes: {version: v1.37.0}}", refusal: "greater than the supported one"),

        Ruling("another DataStore is taken", tenant, stored: "spec: {dataStore: a}", "spec: {dataStore: b}"),
        Ruling("a DataStore may be named later", tenant, stored: "{}", "spec: {dataStore: a}"),
        Ruling(
            "a DataStore may not be unset", tenant, stored: "spec: {dataStore: a}", "{}",
            refusal: "unsetting the dataStore is not supported"),
        Ruling(
            "one resource is overridden once, later as well", tenant, stored: "spec: {dataStore: main}",
            """
            spec: {dataStore: main, dataStoreOverrides: [{resource: /events, dataStore: a},
              {resource: /events, dataStore: b}]}
            """, refusal: "each resource may be overridden once only"),
        Ruling(
            "a schema may not be unset", tenant, stored: "spec: {dataStoreSchema: a}", "{}",
            refusal: "unsetting the dataStoreSchema is not supported"),
        Ruling(
            "a schema may not change", tenant, stored: "spec: {dataStoreSchema: a}", "spec: {dataStoreSchema: b}",
            refusal: "changing the dataStoreSchema is not supported"),
        Ruling(
            "a user name may not be unset", tenant, stored: "spec: {dataStoreUsername: a}", "{}",
            refusal: "unsetting the dataStoreUsername is not supported"),
        Ruling(
            "a user name may not change", tenant, stored: "spec: {dataStoreUsername: a}",
            "spec: {dataStoreUsername: b}", refusal: "changing the dataStoreUsername is not supported"),
        Ruling(
            "a cluster domain may not change", tenant, stored: "{}",
            "spec: {networkProfile: {clusterDomain: other.local}}",
            refusal: "changing the cluster domain is not supported"),
        Ruling(
            "a load balancer's class may not change", tenant,
            stored:
                "spec: {controlPlane: {service: {serviceType: LoadBalancer}}, networkProfile: {loadBalancerClass: a}}",
            "spec: {controlPlane: {service: {serviceType: LoadBalancer}}, networkProfile: {loadBalancerClass: b}}",
            refusal: "LoadBalancerClass is immutable"),
        Ruling(
            "a load balancer's class may not be unset", tenant,
            stored:
                "spec: {controlPlane: {service: {serviceType: LoadBalancer}}, networkProfile: {loadBalancerClass: a}}",
            "spec: {controlPlane: {service: {serviceType: LoadBalancer}}}",
            refusal: "LoadBalancerClass cannot be set or unset at runtime"),
        Ruling(
            "a load balancer's class comes with the load balancer", tenant, stored: "{}",
            "spec: {controlPlane: {service: {serviceType: LoadBalancer}}, networkProfile: {loadBalancerClass: a}}"),
        Ruling(
            "a duplicate mount path cannot come later", tenant,
            stored: """
                spec: {controlPlane: {deployment: {additionalVolumes: [{name: a}],
                  additionalVolumeMounts: {apiServer: [{name: a, mountPath: /a}]}}}}
                """,
            """
            spec: {controlPlane: {deployment: {additionalVolumes: [{name: a}, {name: duplicated}],
              additionalVolumeMounts: {apiServer: [{name: a, mountPath: /a}, {name: duplicated, mountPath: /a}]}}}}
            """, refusal: "mount paths must be unique"),
        Ruling(
            "DNS addresses are checked as they will be, not as they were", tenant,
            stored: "spec: {networkProfile: {dnsServiceIPs: [10.96.0.10]}}",
            "spec: {networkProfile: {dnsServiceIPs: [10.1.0.10]}}", refusal: "must be inside a service network"),
        Ruling(
            "networks, ports and addons may change", tenant, stored: "{}",
            "spec: {networkProfile: {port: 30001, address: 10.0.0.1, serviceCidr: 10.97.0.0/16}, addons: {coreDNS: {}}}"
        ),
    ]
}
