import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct CertificateProfileTests {
    private static let year = Duration.seconds(365 * 24 * 3600)

    @Test(arguments: [
        (CertificateProfiles.kubeletClient, "kube-apiserver-kubelet-client"),
        (CertificateProfiles.frontProxyClient, "front-proxy-client"),
        (CertificateProfiles.konnectivityServer, "system:konnectivity-server"),
    ])
    func `a client is a client for a year, and member of no group`(profile: CertificateProfile, name: String) {
        #expect(profile.commonName == name)
        #expect(profile.organizations == [])
        #expect(profile.extendedKeyUsages == [.clientAuth])
        #expect(profile.keyUsages == [.digitalSignature, .keyEncipherment])
        #expect(profile.dnsNames == [] && profile.ipAddresses == [])
        #expect(!profile.isAuthority)
        #expect(profile.validity == Self.year)
    }

    @Test func `the client of etcd bears the name of the tenant's user there, and no group`() throws {
        let profile = try Sample.tenant("status: {storage: {setup: {schema: s, user: tenants_green}}}")
            .datastoreClientProfile
        #expect(profile.commonName == "tenants_green")
        #expect(profile.organizations == [])
        #expect(profile.extendedKeyUsages == [.clientAuth])
        #expect(profile.validity == Self.year)
    }

    @Test(arguments: ["kubernetes", "front-proxy-ca"])
    func `an authority signs for ten years and bears its name`(name: String) {
        let profile = CertificateProfiles.authority(name)
        #expect(profile.commonName == name)
        #expect(profile.dnsNames == [name])
        #expect(profile.isAuthority)
        #expect(profile.keyUsages == [.digitalSignature, .keyEncipherment, .certificateSign])
        #expect(profile.extendedKeyUsages == [])
        #expect(profile.validity == Self.year * 10)
    }

    @Test func `the API server is a server by every name of it`() throws {
        let tenant = try Sample.tenant()
        let names = tenant.apiServerNames(Sample.exposure)
        #expect(
            names.dnsNames == [
                "node", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                "kubernetes.default.svc.cluster.local", "localhost", "green", "green.tenants.svc",
                "green.tenants.svc.cluster.local",
            ])
        #expect(names.ipAddresses == ["10.96.0.1", "127.0.0.1", "10.96.7.7"])
        let profile = CertificateProfiles.apiServer(names)
        #expect(profile.commonName == "kube-apiserver")
        #expect(profile.organizations == [])
        #expect(profile.extendedKeyUsages == [.serverAuth])
        #expect(profile.validity == Self.year)
        #expect(profile.dnsNames == names.dnsNames)
    }

    @Test func `names that the user adds, the domain and the outside host are among them, once each`() throws {
        let tenant = try Sample.tenant(
            """
            spec:
              networkProfile:
                clusterDomain: green.example
                address: 192.0.2.1
                advertiseAddress: 198.51.100.1
                certSANs: [api.example, "*.tenants.example", 192.0.2.1, "FD00:0::5", localhost]
              controlPlane: {ingress: {hostname: "ingress.example:443"}}
            """)
        guard case .known(let exposure) = tenant.exposure(of: nil) else {
            Issue.record("a declared address is known")
            return
        }
        let names = tenant.apiServerNames(exposure)
        #expect(names.dnsNames.contains("kubernetes.default.svc.green.example"))
        #expect(names.dnsNames.suffix(3) == ["ingress.example", "api.example", "*.tenants.example"])
        #expect(names.dnsNames.filter { $0 == "localhost" }.count == 1)
        #expect(names.ipAddresses == ["10.96.0.1", "127.0.0.1", "192.0.2.1", "198.51.100.1", "fd00::5"])
    }

    @Test func `under dual stack it is called by the first address of both networks`() throws {
        let tenant = try Sample.tenant("spec: {networkProfile: {serviceCidrs: [10.96.0.0/16, 'fd00:10:96::/112']}}")
        #expect(tenant.apiServerNames(Sample.exposure).ipAddresses.prefix(2) == ["10.96.0.1", "fd00:10:96::1"])
    }

    @Test func `a load balancer's name is a DNS name`() throws {
        let names = try Sample.tenant().apiServerNames(Sample.exposure("lb.example", clusterIP: "10.96.7.7"))
        #expect(names.dnsNames.last == "lb.example")
    }

    @Test(arguments: [("ECDSA-P256", KeyAlgorithm.ecdsaP256), ("RSA-2048", .rsa2048)])
    func `an annotation chooses the keys to come`(value: String, algorithm: KeyAlgorithm) throws {
        let tenant = try Sample.tenant("metadata: {annotations: {kamaji.clastix.io/key-algorithm: \(value)}}")
        #expect(tenant.keyAlgorithm == algorithm)
        #expect(tenant.keyAlgorithmComplaint == nil)
    }

    @Test func `keys are P-256 unless asked, and a wrong answer is told the right ones`() throws {
        #expect(try Sample.tenant().keyAlgorithm == .ecdsaP256)
        let wrong = try Sample.tenant("metadata: {annotations: {kamaji.clastix.io/key-algorithm: DSA}}")
        let complaint = try #require(wrong.keyAlgorithmComplaint)
        #expect(complaint.contains("DSA"))
        #expect(complaint.contains("ECDSA-P256") && complaint.contains("RSA-2048"))
    }
}
