import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KubeadmConfigTests {
    private static func configuration(
        _ change: String = "{}", _ facts: DatastoreFacts = Sample.etcd, at exposure: Exposure = Sample.exposure
    ) throws -> JSON {
        try Sample.tenant(change).text("ClusterConfiguration", of: "kube-system/kubeadm-config", facts, at: exposure)
    }

    @Test func `it says what kubeadm wants to know of the cluster`() throws {
        #expect(
            try Self.configuration() == [
                "apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "ClusterConfiguration",
                "apiServer": [
                    "certSANs": [
                        "127.0.0.1", "localhost", "green", "green.tenants.svc", "green.tenants.svc.cluster.local",
                        "10.96.7.7",
                    ],
                    "extraArgs": [
                        ["name": "etcd-compaction-interval", "value": "0s"],
                        ["name": "etcd-prefix", "value": "/green"],
                    ],
                ],
                "caCertificateValidityPeriod": "87600h0m0s", "certificateValidityPeriod": "8760h0m0s",
                "certificatesDir": "/etc/kubernetes/pki", "clusterName": "green",
                "controlPlaneEndpoint": "10.96.7.7:6443", "controllerManager": [:], "dns": [:],
                "encryptionAlgorithm": "ECDSA-P256",
                "etcd": [
                    "external": [
                        "caFile": "", "certFile": "", "keyFile": "",
                        "endpoints": ["https://etcd-0.etcd:2379", "https://etcd-1.etcd:2379"],
                    ]
                ],
                "imageRepository": "registry.k8s.io", "kubernetesVersion": "v1.36.0",
                "networking": [
                    "dnsDomain": "cluster.local", "podSubnet": "10.244.0.0/16", "serviceSubnet": "10.96.0.0/16",
                ],
                "proxy": [:], "scheduler": [:],
            ])
    }

    @Test(arguments: [("v1.29.3", "v1beta3"), ("v1.30.14", "v1beta3"), ("v1.31.0", "v1beta4"), ("v1.36.0", "v1beta4")])
    func `it is in the version that the tenant's kubeadm reads`(kubernetes: String, version: String) throws {
        let configuration = try Self.configuration("spec: {kubernetes: {version: \(kubernetes)}}")
        #expect(configuration["apiVersion"] == .string("kubeadm.k8s.io/\(version)"))
        #expect(configuration["kubernetesVersion"] == .string(kubernetes))
        let isOld = version == "v1beta3"
        // Fields of v1beta4 alone.
        for field in ["caCertificateValidityPeriod", "certificateValidityPeriod", "encryptionAlgorithm", "proxy"] {
            #expect((configuration[field] == nil) == isOld)
        }
        if isOld {
            #expect(
                configuration[path: "apiServer", "extraArgs"] == [
                    "etcd-compaction-interval": "0s", "etcd-prefix": "/green",
                ])
            #expect(configuration[path: "apiServer", "timeoutForControlPlane"] == "4m0s")
        }
    }

    @Test func `networks stand in the user's order`() throws {
        let configuration = try Self.configuration(
            """
            spec:
              networkProfile:
                clusterDomain: green.example
                serviceCidrs: ["fd00:10:96::/112", 10.96.0.0/16]
                podCidrs: ["fd00:10:244::/56", 10.244.0.0/16]
            """)
        #expect(
            configuration["networking"] == [
                "dnsDomain": "green.example", "podSubnet": "fd00:10:244::/56,10.244.0.0/16",
                "serviceSubnet": "fd00:10:96::/112,10.96.0.0/16",
            ])
    }

    @Test func `the endpoint is the published one, an IPv6 address in brackets`() throws {
        #expect(
            try Self.configuration(at: Sample.exposure("fd00::1"))["controlPlaneEndpoint"] == "[fd00::1]:6443")
    }

    @Test func `etcd stands as URLs, which is what kubeadm takes`() throws {
        var open = Sample.etcd
        open.authorityCertificate = nil
        func endpoints(_ facts: DatastoreFacts) throws -> JSON? {
            try Self.configuration("{}", facts)[path: "etcd", "external", "endpoints"]
        }
        #expect(try endpoints(open) == ["http://etcd-0.etcd:2379", "http://etcd-1.etcd:2379"])
        #expect(try endpoints(Sample.postgreSQL) == ["http://127.0.0.1:2379"])
    }
}
