import KubeObjects
import NodeIdentity
import PKI
import Testing

@testable import NodeBootstrap

@Suite struct KubeletFileTests {
    private static func authority() throws -> [UInt8] {
        let data = try Vectors.all()[path: "ca", "rsa", "certificateAuthorityData"]?.string
        return try #require(Base64.decode(data ?? "%"))
    }

    @Test func `the bootstrap kubeconfig is kubeadm's, byte for byte`() throws {
        let vector = try #require(try Vectors.all()[path: "kubeconfigs", "bootstrapKubelet"])
        let content = try #require(vector["content"]?.string)
        let server = try #require(
            Kubeconfig(yaml: content).cluster("tenant-00")?.server)
        let file = KubeletFiles.bootstrapKubeconfig(
            clusterName: "tenant-00", server: server, authorityPEM: try Self.authority(),
            token: try #require(BootstrapToken(vector["token"]?.string ?? "")))
        #expect(String(decoding: file.content, as: UTF8.self) == content)
        #expect(file.mode == 0o600 && vector["mode"]?.string == "0600")
    }

    @Test func `the kubelet's own kubeconfig is the kubelet's, byte for byte`() throws {
        let vector = try #require(try Vectors.all()[path: "kubeconfigs", "kubelet"])
        let content = try #require(vector["content"]?.string)
        let server = try #require(Kubeconfig(yaml: content).cluster("default-cluster")?.server)
        let file = KubeletFiles.kubeconfig(server: server, authorityPEM: try Self.authority())
        #expect(String(decoding: file.content, as: UTF8.self) == content)
        #expect(file.mode == 0o600)
    }

    @Test func `the instance configuration is kubeadm's, byte for byte`() throws {
        let vector = try #require(try Vectors.all()["instanceConfig"])
        let file = KubeletFiles.instanceConfiguration(criSocket: "unix:///var/run/containerd/containerd.sock")
        #expect(file.path == vector["path"]?.string)
        #expect(String(decoding: file.content, as: UTF8.self) == vector["content"]?.string)
    }

    @Test func `the flags are kubeadm's, byte for byte`() throws {
        let cases = try Vectors.list("kubeletFlagsEnv")
        let socket = "unix:///var/run/containerd/containerd.sock"
        func flags(
            _ name: String = "localhost", taints: [NodeTaint] = [], socket: String? = nil, extra: [KubeletArgument] = []
        ) -> String {
            String(
                decoding: KubeletFiles.flags(
                    KubeletFlags.arguments(
                        nodeName: name, hostName: "localhost", taints: taints, criSocket: socket, extra: extra)
                ).content, as: UTF8.self)
        }
        let made = [
            flags(), flags("edge-0001"), flags(socket: socket),
            flags(
                "edge-0001", taints: [NodeTaint(key: "dedicated", value: "edge", effect: "NoSchedule")],
                extra: [KubeletArgument("node-ip", "10.10.0.21"), KubeletArgument("v", "2")]),
            flags("edge-0001", extra: [KubeletArgument("hostname-override", "x")]),
        ]
        #expect(cases.count == made.count)
        for (entry, text) in zip(cases, made) { #expect(entry["content"]?.string == text) }
    }

    @Test func `quotation marks, backslashes and control characters are written as Go writes them`() {
        #expect(GoText.quoted("a\"b\\c\nd\u{01}") == "\"a\\\"b\\\\c\\nd\\x01\"")
    }

    @Test func `the drop-in starts the kubelet with what join wrote`() {
        let text = String(decoding: KubeletFiles.dropIn(kubelet: "/opt/bin/kubelet").content, as: UTF8.self)
        #expect(text.contains("ExecStart=\nExecStart=/opt/bin/kubelet $KUBELET_KUBECONFIG_ARGS"))
        #expect(
            text.contains(
                "\"KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=")
        )
    }
}

@Suite struct KubeletConfigurationTests {
    private static func merge(_ cluster: JSON, resolved: Bool = false) throws -> KubeletConfigurationMerge {
        try KubeletConfigurationMerge(
            cluster: cluster, authorityPath: "/etc/kubernetes/pki/ca.crt", serviceSubnet: "10.45.0.0/16,fd00::/112",
            dnsDomain: "cluster.local", usesResolved: resolved)
    }

    @Test func `an empty configuration gets all that a node needs`() throws {
        let made = try Self.merge([:], resolved: true).configuration
        #expect(made["clusterDNS"] == ["10.45.0.10"])
        #expect(made[path: "authentication", "x509", "clientCAFile"] == "/etc/kubernetes/pki/ca.crt")
        #expect(made["rotateCertificates"] == true && made["cgroupDriver"] == "systemd")
        #expect(made["resolvConf"] == "/run/systemd/resolve/resolv.conf")
        #expect(KubeletConfigurationMerge.healthURL(made) == "http://127.0.0.1:10248/healthz")
    }

    @Test func `what the tenant says stands, but for rotation, and is told`() throws {
        let merge = try Self.merge(["clusterDNS": ["10.0.0.53"], "rotateCertificates": false, "healthzPort": 0])
        #expect(merge.configuration["clusterDNS"] == ["10.0.0.53"])
        #expect(merge.configuration["rotateCertificates"] == true)
        #expect(merge.warnings.count == 2)
        #expect(KubeletConfigurationMerge.healthURL(merge.configuration) == nil)
    }

    @Test func `what is no kubelet's configuration is refused`() {
        #expect(throws: KubeletConfigurationError.self) { try Self.merge(["kind": "KubeProxyConfiguration"]) }
        #expect(throws: KubeletConfigurationError.self) { try Self.merge("text") }
    }

    @Test func `patches apply in order, and what the instance has comes last`() throws {
        var merge = try Self.merge([:])
        let patches =
            try KubeletPatch.read("failCgroupV1: false\ncgroupDriver: cgroupfs\n", file: "a", form: .strategic)
            + KubeletPatch.read("[{op: replace, path: /cgroupDriver, value: systemd}]", file: "b", form: .json)
            + KubeletPatch.read("healthzPort: null\n---\n", file: "c", form: .merge)
        try merge.apply(patches, criSocket: "unix:///a.sock")
        #expect(merge.configuration["failCgroupV1"] == false && merge.configuration["cgroupDriver"] == "systemd")
        #expect(merge.configuration["healthzPort"] == nil)
        #expect(merge.configuration["containerRuntimeEndpoint"] == "unix:///a.sock")
    }

    @Test func `directives of a strategic patch are refused by name`() {
        let error = #expect(throws: KubeletConfigurationError.self) {
            try KubeletPatch.read("authentication: {$patch: replace}", file: "a.yaml", form: .strategic)
        }
        #expect(error?.description.contains("$patch") == true)
    }

    @Test func `a kubelet is neither newer than the tenant nor more than three minors older`() throws {
        let server = try #require(KubernetesVersion("v1.36.2"))
        for (text, isFine) in [
            ("v1.36.9", true), ("v1.33.0", true), ("v1.32.9", false), ("v1.37.0", false), ("v2.0.0", false),
        ] {
            let kubelet = try #require(KubernetesVersion(text))
            #expect((KubeletVersion.complaint(kubelet: kubelet, server: server) == nil) == isFine, "\(text)")
        }
    }
}
