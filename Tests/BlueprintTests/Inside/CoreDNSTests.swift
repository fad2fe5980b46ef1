import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct CoreDNSTests {
    private static func deployment(_ addon: String = "{}", version: String = "v1.36.0") throws -> KubeObject {
        try Sample.tenant("spec: {addons: {coreDNS: \(addon)}, kubernetes: {version: \(version)}}")
            .inside("Deployment kube-system/coredns")
    }

    @Test(arguments: [
        ("{}", "registry.k8s.io/coredns/coredns:v1.14.2"),
        ("{imageTag: v9}", "registry.k8s.io/coredns/coredns:v9"),
        ("{imageRepository: mirror.example/k8s}", "mirror.example/k8s/coredns:v1.14.2"),
        ("{imageRepository: mirror.example/k8s, imageTag: v9}", "mirror.example/k8s/coredns:v9"),
        ("{imageRepository: '', imageTag: ''}", "registry.k8s.io/coredns/coredns:v1.14.2"),
    ])
    func `repository and tag count each by itself`(addon: String, image: String) throws {
        #expect(try Self.deployment(addon).container("coredns")["image"] == .string(image))
    }

    @Test(arguments: [
        ("v1.20.0", "v1.8.4"), ("v1.24.1", "v1.8.6"), ("v1.26.0", "v1.9.3"), ("v1.28.2", "v1.10.1"),
        ("v1.30.0", "v1.11.1"), ("v1.31.4", "v1.11.3"), ("v1.32.0", "v1.11.3"), ("v1.33.0", "v1.12.0"),
        ("v1.34.0", "v1.12.1"), ("v1.35.0", "v1.13.1"), ("v1.36.2", "v1.14.2"), ("v1.99.0", "v1.14.2"),
    ])
    func `the version is the one that kubeadm of the tenant's minor installs`(kubernetes: String, tag: String) {
        #expect(AddonVersions.coreDNSTag(for: KubernetesVersion(kubernetes)) == tag)
    }

    @Test func `its pods are kubeadm's`() throws {
        let deployment = try Self.deployment()
        #expect(deployment.labels["k8s-app"] == "kube-dns")
        #expect(deployment[path: "spec", "selector", "matchLabels"] == ["k8s-app": "kube-dns"])
        #expect(deployment.template.labels == ["k8s-app": "kube-dns"])
        #expect(
            deployment[path: "spec", "strategy"] == ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1]])
        #expect(deployment.pod["priorityClassName"] == "system-cluster-critical")
        #expect(deployment.pod["serviceAccountName"] == "coredns")
        #expect(deployment.pod["dnsPolicy"] == "Default")
        #expect(
            deployment.pod["tolerations"] == [
                ["key": "CriticalAddonsOnly", "operator": "Exists"],
                ["key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"],
            ])
        let container = try deployment.container("coredns")
        #expect(
            container["resources"] == ["limits": ["memory": "170Mi"], "requests": ["cpu": "100m", "memory": "70Mi"]])
        #expect(
            container["securityContext"] == [
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                "capabilities": ["add": ["NET_BIND_SERVICE"], "drop": ["ALL"]],
            ])
        #expect(
            container["ports"]?.array?.map { "\($0["name"]?.string ?? "") \($0["containerPort"]?.integer ?? 0)" } == [
                "dns 53", "dns-tcp 53", "metrics 9153", "liveness-probe 8080", "readiness-probe 8181",
            ])
    }

    @Test func `the number of replicas is left to whoever took it over`() throws {
        let objects = try Sample.withAddons().objectsInside(Sample.exposure, Sample.etcd, authorityPEM: []).made
        let deployment = try #require(objects.first { $0.type == .deployments })
        #expect(deployment.object(replicasAreForeign: false)[path: "spec", "replicas"] == 2)
        #expect(deployment.object(replicasAreForeign: true)[path: "spec", "replicas"] == nil)
    }

    @Test func `it answers for the tenant's own domain`() throws {
        let tenant = try Sample.withAddons("networkProfile: {clusterDomain: green.example}")
        let file = try #require(tenant.inside("ConfigMap kube-system/coredns")[path: "data", "Corefile"]?.string)
        let lines = file.split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(lines.first == ".:53 {")
        for line in [
            "kubernetes green.example in-addr.arpa ip6.arpa {", "fallthrough in-addr.arpa ip6.arpa", "ttl 30",
            "disable success green.example", "disable denial green.example", "forward . /etc/resolv.conf {",
            "max_concurrent 1000", "prometheus :9153", "lameduck 5s", "ready", "loop", "reload", "loadbalance",
        ] {
            #expect(lines.contains { $0 == line }, "\(line)")
        }
        #expect(lines.filter { $0.hasSuffix("{") }.count == lines.filter { $0 == "}" }.count)
    }

    @Test(arguments: [
        ("{}", ["10.96.0.10"], ["IPv4"], "SingleStack"),
        ("{serviceCidrs: ['fd00:10:96::/112']}", ["fd00:10:96::10"], ["IPv6"], "SingleStack"),
        (
            "{\(Sample.dualStack), dnsServiceIPs: ['fd00:10:96::a', 10.96.0.10]}", ["fd00:10:96::a", "10.96.0.10"],
            ["IPv6", "IPv4"], "PreferDualStack"
        ),
        ("{dnsServiceIPs: [10.96.0.77]}", ["10.96.0.77"], ["IPv4"], "SingleStack"),
        ("{dnsServiceIPs: [10.96.0.77, 10.96.0.78]}", ["10.96.0.77"], ["IPv4"], "SingleStack"),
    ])
    func `the Service has the addresses that kubelets are told`(
        network: String, addresses: [String], families: [String], policy: String
    ) throws {
        let tenant = try Sample.withAddons("networkProfile: \(network)")
        let service = try tenant.inside("Service kube-system/kube-dns")
        #expect(service[path: "spec", "clusterIP"]?.string == addresses.first)
        #expect(service[path: "spec", "clusterIPs"]?.strings == addresses)
        #expect(service[path: "spec", "ipFamilies"]?.strings == families)
        #expect(service[path: "spec", "ipFamilyPolicy"]?.string == policy)
        let told = try tenant.text("kubelet", of: "kube-system/kubelet-config")["clusterDNS"]?.strings
        #expect(told?.first == addresses.first)
    }

    @Test func `the Service is found by its labels, and its metrics by its annotations`() throws {
        let service = try Sample.withAddons().inside("Service kube-system/kube-dns")
        #expect(
            service.labels == [
                "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS",
                "kamaji.clastix.io/project": "kamaji",
            ])
        #expect(service.annotations == ["prometheus.io/port": "9153", "prometheus.io/scrape": "true"])
        #expect(service[path: "spec", "selector"] == ["k8s-app": "kube-dns"])
        #expect(
            service[path: "spec", "ports"]?.array?.map {
                "\($0["name"]?.string ?? "") \($0["port"]?.integer ?? 0)/\($0["protocol"]?.string ?? "")"
            } == ["dns 53/UDP", "dns-tcp 53/TCP", "metrics 9153/TCP"])
    }

    @Test func `a Service network without room for DNS is complained of`() throws {
        let tenant = try Sample.withAddons("networkProfile: {serviceCidr: 10.0.0.0/30}")
        let error = try #require(throws: TenantObjectError.self) { try tenant.inside() }
        #expect(error.field == "spec.networkProfile.dnsServiceIPs")
        #expect(error.message.contains("10.0.0.0/30"))
        #expect(throws: Never.self) {
            try Sample.tenant("spec: {networkProfile: {serviceCidr: 10.0.0.0/30}}").inside()
        }
    }
}
