import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KubeProxyTests {
    private static func configuration(_ network: String = "{}") throws -> JSON {
        try Sample.withAddons("networkProfile: \(network)").text("config.conf", of: "kube-system/kube-proxy")
    }

    @Test(arguments: [
        ("{}", "registry.k8s.io/kube-proxy:v1.36.0"), ("{imageTag: v9}", "registry.k8s.io/kube-proxy:v9"),
        ("{imageRepository: mirror.example}", "mirror.example/kube-proxy:v1.36.0"),
    ])
    func `it runs in the tenant's version, or in the user's`(addon: String, image: String) throws {
        let set = try Sample.tenant("spec: {addons: {kubeProxy: \(addon)}}").inside("DaemonSet kube-system/kube-proxy")
        #expect(try set.container("kube-proxy")["image"] == .string(image))
    }

    @Test func `it knows the pods' networks and its own kubeconfig`() throws {
        #expect(
            try Self.configuration() == [
                "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
                "bindAddress": "0.0.0.0", "clusterCIDR": "10.244.0.0/16",
                "clientConnection": ["kubeconfig": "/var/lib/kube-proxy/kubeconfig.conf"],
            ])
    }

    @Test(arguments: [
        ("{\(Sample.dualStack)}", "0.0.0.0", "10.244.0.0/16,fd00:10:244::/56"),
        (
            "{serviceCidrs: ['fd00:10:96::/112', 10.96.0.0/16], podCidrs: ['fd00:10:244::/56', 10.244.0.0/16]}", "::",
            "fd00:10:244::/56,10.244.0.0/16"
        ),
        ("{serviceCidr: 'fd00:10:96::/112', podCidr: 'fd00:10:244::/56'}", "::", "fd00:10:244::/56"),
    ])
    func `it listens in the tenant's first family`(network: String, address: String, networks: String) throws {
        let configuration = try Self.configuration(network)
        #expect(configuration["bindAddress"]?.string == address)
        #expect(configuration["clusterCIDR"]?.string == networks)
    }

    @Test func `it calls the published server as its service account`() throws {
        let kubeconfig = try Sample.withAddons().text(
            "kubeconfig.conf", of: "kube-system/kube-proxy", at: Sample.exposure("192.0.2.7"))
        #expect(kubeconfig["clusters"]?[0]?[path: "cluster", "server"] == "https://192.0.2.7:6443")
        #expect(
            kubeconfig["clusters"]?[0]?[path: "cluster", "certificate-authority"]
                == "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
        #expect(
            kubeconfig["users"]?[0]?[path: "user", "tokenFile"]
                == "/var/run/secrets/kubernetes.io/serviceaccount/token")
        #expect(try Kubeconfig(yaml: YAML.write(kubeconfig)).currentUser != nil)
    }

    @Test func `it starts anew where its server's address changes, which it would not notice`() throws {
        func mark(_ address: String) throws -> JSON? {
            try Sample.withAddons().inside("DaemonSet kube-system/kube-proxy", at: Sample.exposure(address))[
                path: "spec", "template", "metadata", "annotations"]
        }
        #expect(try mark("192.0.2.7") == mark("192.0.2.7"))
        #expect(try mark("192.0.2.7") != mark("192.0.2.8"))
    }

    @Test func `its pods are kubeadm's`() throws {
        let set = try Sample.withAddons().inside("DaemonSet kube-system/kube-proxy")
        #expect(set.pod["hostNetwork"] == true)
        #expect(set.pod["priorityClassName"] == "system-node-critical")
        #expect(set.pod["tolerations"] == [["operator": "Exists"]])
        let container = try set.container("kube-proxy")
        #expect(
            container["command"] == [
                "/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
                "--hostname-override=$(NODE_NAME)",
            ])
        #expect(container["env"]?[0]?[path: "valueFrom", "fieldRef", "fieldPath"] == "spec.nodeName")
        #expect(container["securityContext"] == ["privileged": true])
        #expect(
            try set.mounts("kube-proxy") == [
                "kube-proxy /var/lib/kube-proxy (rw)", "xtables-lock /run/xtables.lock (rw)",
                "lib-modules /lib/modules",
            ])
    }

    @Test func `its rights are kubeadm's`() throws {
        let inside = try Sample.withAddons().inside()
        let binding = try #require(inside["ClusterRoleBinding kubeadm:node-proxier"])
        #expect(binding[path: "roleRef", "name"] == "system:node-proxier")
        #expect(
            binding["subjects"] == [["kind": "ServiceAccount", "name": "kube-proxy", "namespace": "kube-system"]])
        #expect(
            inside["RoleBinding kube-system/kube-proxy"]?["subjects"]?[0]?["name"]
                == "system:bootstrappers:kubeadm:default-node-token")
        #expect(inside["ServiceAccount kube-system/kube-proxy"] != nil)
    }
}
