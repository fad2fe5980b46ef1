import KubeObjects
import PKI
import TenantAPI

/// One kubeconfig that a Secret should hold (parity sheet, 4.3).
package struct KubeconfigPlan: Sendable, Hashable {
    package let component: Component
    /// Keys of the Secret and the server each names; all share one client certificate.
    package let servers: [String: String]
    package let profile: CertificateProfile
}

extension TenantControlPlane {
    /// The kubeconfigs whose clients the tenant's own authority vouches for. Konnectivity's is made of its certificate
    /// and not listed here.
    package func kubeconfigPlans(_ exposure: Exposure) -> [KubeconfigPlan] {
        let published = "https://\(exposure.published)"
        let inCluster = "https://\(name).\(namespace).svc:\(spec.networkProfile.port)"
        let loopback = "https://127.0.0.1:\(spec.networkProfile.port)"
        return [
            KubeconfigPlan(
                component: .adminKubeconfig, servers: ["admin.conf": published, "admin.svc": inCluster],
                profile: CertificateProfiles.client("kubernetes-admin", organizations: ["kubeadm:cluster-admins"])),
            KubeconfigPlan(
                component: .adminKubeconfig, servers: ["super-admin.conf": published, "super-admin.svc": inCluster],
                profile: CertificateProfiles.client("kubernetes-super-admin", organizations: ["system:masters"])),
            KubeconfigPlan(
                component: .controllerManagerKubeconfig, servers: ["controller-manager.conf": loopback],
                profile: CertificateProfiles.client("system:kube-controller-manager")),
            KubeconfigPlan(
                component: .schedulerKubeconfig, servers: ["scheduler.conf": loopback],
                profile: CertificateProfiles.client("system:kube-scheduler")),
        ]
    }

    /// The text of one kubeconfig, its cluster named after the tenant.
    package func kubeconfig(
        server: String, authorityPEM: [UInt8], user: String, certificatePEM: [UInt8], keyPEM: [UInt8]
    ) -> String {
        Kubeconfig(
            clusterName: name, server: server, certificateAuthorityPEM: authorityPEM, userName: user,
            clientCertificatePEM: certificatePEM, clientKeyPEM: keyPEM
        ).yaml
    }

    /// The tunnel server's kubeconfig: its API server is in the same pod.
    package func konnectivityKubeconfig(authorityPEM: [UInt8], certificatePEM: [UInt8], keyPEM: [UInt8]) -> String {
        Kubeconfig(
            clusterName: "kubernetes", server: "https://localhost:\(spec.networkProfile.port)",
            certificateAuthorityPEM: authorityPEM, userName: TunnelServer.serverUser,
            clientCertificatePEM: certificatePEM, clientKeyPEM: keyPEM
        ).yaml
    }
}
