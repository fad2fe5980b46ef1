import KubeObjects
import PKI
import TenantAPI

/// The certificates of a control plane (parity sheet, 4.1), as profiles: who they name and what they are good for.
///
/// Two differ from upstream on purpose: the clients of etcd and of konnectivity are no `system:masters`, may not sign
/// code, and live as long as any other leaf.
package enum CertificateProfiles {
    /// kubeadm's own: ten years for an authority, one for a leaf.
    static let authorityValidity = Duration.seconds(87_600 * 3600)
    static let leafValidity = Duration.seconds(8760 * 3600)
    /// kubeadm's margin for clocks that disagree.
    static let backdate = Duration.seconds(300)

    package static func apiServer(_ names: SubjectAlternativeNames) -> CertificateProfile {
        server("kube-apiserver", dnsNames: names.dnsNames, ipAddresses: names.ipAddresses)
    }

    /// What it may do on kubelets comes from the binding `kubeadm:apiserver-kubelet-client`, not from a group.
    package static let kubeletClient = client("kube-apiserver-kubelet-client")
    package static let frontProxyClient = client("front-proxy-client")
    package static let konnectivityServer = client(TunnelServer.serverUser)

    package static func authority(_ name: String) -> CertificateProfile {
        CertificateProfile(
            commonName: name, organizations: [], dnsNames: [name], ipAddresses: [], isAuthority: true,
            keyUsages: [.digitalSignature, .keyEncipherment, .certificateSign], extendedKeyUsages: [],
            validity: authorityValidity, backdate: backdate)
    }

    static func client(_ name: String, organizations: [String] = []) -> CertificateProfile {
        CertificateProfile(
            commonName: name, organizations: organizations, dnsNames: [], ipAddresses: [], isAuthority: false,
            keyUsages: [.digitalSignature, .keyEncipherment], extendedKeyUsages: [.clientAuth],
            validity: leafValidity, backdate: backdate)
    }

    static func server(_ name: String, dnsNames: [String], ipAddresses: [String]) -> CertificateProfile {
        CertificateProfile(
            commonName: name, organizations: [], dnsNames: dnsNames, ipAddresses: ipAddresses, isAuthority: false,
            keyUsages: [.digitalSignature, .keyEncipherment], extendedKeyUsages: [.serverAuth],
            validity: leafValidity, backdate: backdate)
    }
}

/// The names a certificate is good for.
package struct SubjectAlternativeNames: Sendable, Hashable {
    package var dnsNames: [String] = []
    package var ipAddresses: [String] = []

    /// Adds a host as what it is; one that is there already is not added again.
    mutating func insert(_ host: String) {
        if let address = IPAddress(host) {
            if !ipAddresses.contains(address.description) { ipAddresses.append(address.description) }
        } else if !host.isEmpty, !dnsNames.contains(host) {
            dnsNames.append(host)
        }
    }

    func isCovered(by certificate: Certificate) -> Bool {
        Set(dnsNames).isSubset(of: certificate.dnsNames) && Set(ipAddresses).isSubset(of: certificate.ipAddresses)
    }
}

extension TenantControlPlane {
    /// Every name under which this API server is called (parity sheet, 4.2). `node` is kubeadm's name for the machine
    /// it would run on. The Service's name is given in the admin cluster's usual domain and in the tenant's.
    package func apiServerNames(_ exposure: Exposure) -> SubjectAlternativeNames {
        let domain = spec.networkProfile.clusterDomain
        var names = SubjectAlternativeNames()
        for name in [
            "node", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.\(domain)",
            "localhost", name, "\(name).\(namespace).svc", "\(name).\(namespace).svc.cluster.local",
        ] {
            names.insert(name)
        }
        for range in effectiveServiceCIDRs {
            if let first = CIDR(range)?.address(at: 1) { names.insert(first.description) }
        }
        names.insert("127.0.0.1")
        for host in [exposure.assigned.host, exposure.advertised.host, exposure.published.host] { names.insert(host) }
        for host in spec.networkProfile.certSANs { names.insert(host) }
        return names
    }
}
