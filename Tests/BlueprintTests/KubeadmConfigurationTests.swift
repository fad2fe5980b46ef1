import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KubeadmConfigurationTests {
    private static func configuration(
        _ key: String, _ change: String = "{}", _ facts: DatastoreFacts = Sample.etcd,
        at exposure: Exposure = Sample.exposure
    ) throws -> JSON {
        let map = try Sample.tenant(change).kubeadmConfiguration(exposure, facts).object
        let text = try #require(map[path: "data", key]?.string)
        #expect(text.hasSuffix("}\n"))
        return try JSON(parsing: text)
    }

    @Test func `it has two texts and their checksum`() throws {
        let map = try Sample.tenant().kubeadmConfiguration(Sample.exposure, Sample.etcd).object
        #expect(map.name == "green-kubeadmconfig")
        let data = try #require(map["data"]?.stringMap)
        #expect(Set(data.keys) == ["InitConfiguration", "ClusterConfiguration"])
        #expect(
            map.annotations["kamaji.clastix.io/checksum"] == Checksum.md5(of: data.mapValues { Array($0.utf8) }))
    }

    @Test func `no token is in it that others could join with`() throws {
        let configuration = try Self.configuration("InitConfiguration")
        #expect(configuration["BootstrapTokens"] == [])
        #expect(configuration["CertificateKey"] == "")
    }

    @Test func `the node is kubeadm's, at the address that the API server advertises`() throws {
        let exposure = Exposure(
            assigned: Endpoint(host: "192.0.2.1", port: 443), advertised: Endpoint(host: "198.51.100.1", port: 443),
            published: Endpoint(host: "green.example", port: 8443), clusterIP: nil)
        let change = "spec: {networkProfile: {port: 443}}"
        let initial = try Self.configuration("InitConfiguration", change, at: exposure)
        #expect(initial["LocalAPIEndpoint"] == ["AdvertiseAddress": "198.51.100.1", "BindPort": 443])
        #expect(initial[path: "NodeRegistration", "Name"] == "node")
        #expect(initial[path: "NodeRegistration", "CRISocket"] == "unix:///var/run/containerd/containerd.sock")
        let cluster = try Self.configuration("ClusterConfiguration", change, at: exposure)
        #expect(cluster["ControlPlaneEndpoint"] == "green.example:8443")
        #expect(
            cluster[path: "APIServer", "CertSANs"] == [
                "127.0.0.1", "localhost", "green", "green.tenants.svc", "green.tenants.svc.cluster.local",
                "192.0.2.1", "198.51.100.1",
            ])
    }

    @Test func `the cluster is the tenant's`() throws {
        let configuration = try Self.configuration(
            "ClusterConfiguration",
            """
            spec:
              networkProfile:
                clusterDomain: green.example
                certSANs: [api.example, localhost]
                serviceCidrs: [10.96.0.0/16, "fd00:10:96::/112"]
                podCidrs: [10.244.0.0/16, "fd00:10:244::/56"]
            """)
        #expect(configuration["ClusterName"] == "green")
        #expect(configuration["KubernetesVersion"] == "v1.36.0")
        #expect(configuration["CertificatesDir"] == "/etc/kubernetes/pki")
        #expect(
            configuration["Networking"] == [
                "DNSDomain": "green.example", "PodSubnet": "10.244.0.0/16,fd00:10:244::/56",
                "ServiceSubnet": "10.96.0.0/16,fd00:10:96::/112",
            ])
        #expect(
            configuration[path: "APIServer", "CertSANs"]?.strings?.suffix(2) == ["10.96.7.7", "api.example"])
        #expect(
            configuration[path: "APIServer", "ExtraArgs"] == [
                ["Name": "etcd-compaction-interval", "Value": "0s"], ["Name": "etcd-prefix", "Value": "/green"],
            ])
    }

    @Test func `etcd is named where it is, and kine's port where it is not`() throws {
        func endpoints(_ facts: DatastoreFacts) throws -> JSON? {
            try Self.configuration("ClusterConfiguration", "{}", facts)[path: "Etcd", "External", "Endpoints"]
        }
        #expect(try endpoints(Sample.etcd) == ["etcd-0.etcd:2379", "etcd-1.etcd:2379"])
        #expect(try endpoints(Sample.postgreSQL) == ["127.0.0.1:2379"])
    }

    @Test(arguments: ["ECDSA-P256", "RSA-2048"])
    func `it says which keys the tenant gets`(algorithm: String) throws {
        #expect(
            try Self.configuration(
                "ClusterConfiguration", "metadata: {annotations: {kamaji.clastix.io/key-algorithm: \(algorithm)}}")[
                    "EncryptionAlgorithm"] == .string(algorithm))
    }
}
