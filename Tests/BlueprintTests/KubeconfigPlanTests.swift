import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KubeconfigPlanTests {
    private static func servers(_ change: String = "{}", at exposure: Exposure = Sample.exposure) throws
        -> [String: String]
    {
        try Sample.tenant(change).kubeconfigPlans(exposure).reduce(into: [:]) { all, plan in
            all.merge(plan.servers) { first, _ in first }
        }
    }

    @Test func `each kubeconfig names the server that its reader can reach`() throws {
        #expect(
            try Self.servers() == [
                "admin.conf": "https://10.96.7.7:6443", "admin.svc": "https://green.tenants.svc:6443",
                "super-admin.conf": "https://10.96.7.7:6443", "super-admin.svc": "https://green.tenants.svc:6443",
                "controller-manager.conf": "https://127.0.0.1:6443", "scheduler.conf": "https://127.0.0.1:6443",
            ])
    }

    @Test func `the published host is for those outside, and the profile's port for those inside`() throws {
        let exposure = Exposure(
            assigned: Endpoint(host: "10.96.7.7", port: 8443), advertised: Endpoint(host: "10.96.7.7", port: 8443),
            published: Endpoint(host: "green.example", port: 443), clusterIP: "10.96.7.7")
        let servers = try Self.servers("spec: {networkProfile: {port: 8443}}", at: exposure)
        #expect(servers["admin.conf"] == "https://green.example:443")
        #expect(servers["admin.svc"] == "https://green.tenants.svc:8443")
        #expect(servers["scheduler.conf"] == "https://127.0.0.1:8443")
    }

    @Test func `an IPv6 address stands in brackets`() throws {
        #expect(try Self.servers(at: Sample.exposure("fd00::7"))["admin.conf"] == "https://[fd00::7]:6443")
    }

    @Test func `users are kubeadm's, and two of them are administrators`() throws {
        let plans = try Sample.tenant().kubeconfigPlans(Sample.exposure)
        #expect(
            plans.map { "\($0.component.rawValue): \($0.profile.commonName) \($0.profile.organizations)" } == [
                "admin-kubeconfig: kubernetes-admin [\"kubeadm:cluster-admins\"]",
                "admin-kubeconfig: kubernetes-super-admin [\"system:masters\"]",
                "controller-manager-kubeconfig: system:kube-controller-manager []",
                "scheduler-kubeconfig: system:kube-scheduler []",
            ])
        #expect(plans.allSatisfy { $0.profile.extendedKeyUsages == [.clientAuth] })
    }

    @Test func `the cluster is named after the tenant`() throws {
        let text = try Sample.tenant().kubeconfig(
            server: "https://10.96.7.7:6443", authorityPEM: Array("ca".utf8), user: "kubernetes-admin",
            certificatePEM: Array("crt".utf8), keyPEM: Array("key".utf8))
        let config = try Kubeconfig(yaml: text)
        #expect(config.currentContext == "kubernetes-admin@green")
        #expect(config.cluster("green")?.server == "https://10.96.7.7:6443")
        #expect(config.cluster("green")?.certificateAuthorityData == Array("ca".utf8))
        #expect(config.currentUser?.clientCertificateData == Array("crt".utf8))
        #expect(config.currentUser?.clientKeyData == Array("key".utf8))
    }

    @Test func `the tunnel server calls the API server of its own pod`() throws {
        let text = try Sample.tenant("spec: {networkProfile: {port: 443}}").konnectivityKubeconfig(
            authorityPEM: Array("ca".utf8), certificatePEM: Array("crt".utf8), keyPEM: Array("key".utf8))
        let config = try Kubeconfig(yaml: text)
        #expect(config.currentContext == "system:konnectivity-server@kubernetes")
        #expect(config.cluster("kubernetes")?.server == "https://localhost:443")
        #expect(config.user("system:konnectivity-server")?.clientKeyData == Array("key".utf8))
    }
}
