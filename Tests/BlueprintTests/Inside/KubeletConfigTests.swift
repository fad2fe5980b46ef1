import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KubeletConfigTests {
    private static func configuration(patches: String = "[]", _ change: String = "") throws -> JSON {
        try Sample.tenant(
            "spec: {kubernetes: {kubelet: {configurationJSONPatches: \(patches)}}\(change.isEmpty ? "" : ", ")\(change)}"
        ).text("kubelet", of: "kube-system/kubelet-config")
    }

    private static let untouched: JSON = [
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "authentication": [
            "anonymous": ["enabled": false], "webhook": ["enabled": true],
            "x509": ["clientCAFile": "/etc/kubernetes/pki/ca.crt"],
        ],
        "authorization": ["mode": "Webhook"], "cgroupDriver": "systemd", "clusterDNS": ["10.96.0.10"],
        "clusterDomain": "cluster.local", "healthzBindAddress": "127.0.0.1", "healthzPort": 10248,
        "rotateCertificates": true, "staticPodPath": "/etc/kubernetes/manifests",
    ]

    @Test func `it says what kubeadm says to kubelets, and leaves them their own defaults`() throws {
        #expect(try Self.configuration() == Self.untouched)
    }

    @Test func `DNS is where the DNS Service is, in every family`() throws {
        let tenant = try Sample.withAddons("networkProfile: {clusterDomain: green.example, \(Sample.dualStack)}")
        let configuration = try tenant.text("kubelet", of: "kube-system/kubelet-config")
        #expect(configuration["clusterDNS"] == ["10.96.0.10", "fd00:10:96::10"])
        #expect(configuration["clusterDomain"] == "green.example")
        #expect(
            try tenant.inside("Service kube-system/kube-dns")[path: "spec", "clusterIPs"]
                == configuration["clusterDNS"])
    }

    @Test(arguments: ["systemd", "cgroupfs"]) func `the cgroup driver is the user's`(driver: String) throws {
        let tenant = try Sample.tenant("spec: {kubernetes: {kubelet: {cgroupfs: \(driver)}}}")
        #expect(try tenant.text("kubelet", of: "kube-system/kubelet-config")["cgroupDriver"] == .string(driver))
    }

    @Test(arguments: [
        ("v1.23.17", "kubelet-config-1.23"), ("v1.24.0", "kubelet-config"), ("v1.36.0", "kubelet-config"),
    ])
    func `it has the name that the tenant's kubeadm asks for`(kubernetes: String, name: String) throws {
        let inside = try Sample.tenant("spec: {kubernetes: {version: \(kubernetes)}}").inside()
        #expect(
            inside.keys.filter { $0.contains("ConfigMap kube-system/kubelet") } == ["ConfigMap kube-system/\(name)"])
        #expect(
            inside["Role kube-system/kubeadm:\(name)"]?["rules"]?[0]?["resourceNames"] == [.string(name)])
        #expect(inside["RoleBinding kube-system/kubeadm:\(name)"] != nil)
    }

    @Test func `patches apply in their order`() throws {
        let configuration = try Self.configuration(
            patches: """
                [{op: add, path: /featureGates, value: {KubeletCrashLoopBackOffMax: false}},
                 {op: replace, path: /cgroupDriver, value: cgroupfs},
                 {op: add, path: /featureGates/Other, value: true}]
                """)
        #expect(configuration["featureGates"] == ["KubeletCrashLoopBackOffMax": false, "Other": true])
        #expect(configuration["cgroupDriver"] == "cgroupfs")
    }

    @Test(arguments: [
        // Taken out for older kubelets; here they never stood in.
        ("[{op: remove, path: /crashLoopBackOff}, {op: remove, path: /mergeDefaultEvictionSettings}]", "{}"),
        ("[{op: replace, path: /maxPods, value: 200}]", "{maxPods: 200}"),
        (
            "[{op: add, path: /memorySwap/swapBehavior, value: LimitedSwap}]",
            "{memorySwap: {swapBehavior: LimitedSwap}}"
        ),
        (
            "[{op: add, path: /enforceNodeAllocatable/-, value: system-reserved}]",
            "{enforceNodeAllocatable: [pods, system-reserved]}"
        ),
        (
            "[{op: test, path: /syncFrequency, value: 1m0s}, {op: copy, from: /syncFrequency, path: /fileCheckFrequency}]",
            "{syncFrequency: 1m0s, fileCheckFrequency: 1m0s}"
        ),
        (
            "[{op: replace, path: /authorization/webhook/cacheAuthorizedTTL, value: 1m}]",
            "{authorization: {mode: Webhook, webhook: {cacheAuthorizedTTL: 1m, cacheUnauthorizedTTL: 30s}}}"
        ),
    ])
    func `a patch that was written against a text with kubelet's defaults applies`(patches: String, adds: String) throws
    {
        let added = try #require(YAML.parse(adds).first)
        #expect(try Self.configuration(patches: patches) == MergePatch.apply(added, to: Self.untouched))
    }

    @Test(arguments: [
        "{op: replace, path: /nowhere/at/all, value: 1}", "{op: remove, path: /noSuchField}",
        "{op: increase, path: /maxPods}",
        "{op: test, path: /cgroupDriver, value: cgroupfs}",
    ])
    func `a patch that fails is named`(operation: String) throws {
        let tenant = try Sample.tenant(
            """
            spec: {kubernetes: {kubelet: {configurationJSONPatches: [{op: add, path: /maxPods, value: 9}, \(operation)]}}}
            """)
        let error = try #require(throws: TenantObjectError.self) { try tenant.inside() }
        #expect(error.field == "spec.kubernetes.kubelet.configurationJSONPatches[1]")
        #expect(error.message.contains("does not apply"))
    }
}
