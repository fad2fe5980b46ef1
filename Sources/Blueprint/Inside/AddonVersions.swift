import KubeObjects
import TenantAPI

/// Which images the addons run, by the tenant's Kubernetes version. A new minor version of Kubernetes is one more row
/// here.
enum AddonVersions {
    static let registry = "registry.k8s.io"

    /// CoreDNS by the Kubernetes minor version from which on kubeadm installs it, oldest first: kubeadm's
    /// `CoreDNSVersion` in the last patch release of each minor.
    private static let coreDNS: [(minor: Int, tag: String)] = [
        (22, "v1.8.4"), (23, "v1.8.6"), (25, "v1.9.3"), (27, "v1.10.1"), (29, "v1.11.1"), (31, "v1.11.3"),
        (33, "v1.12.0"), (34, "v1.12.1"), (35, "v1.13.1"), (36, "v1.14.2"),
    ]

    /// The tag of CoreDNS for a Kubernetes: of an unknown newer one the newest, of an older one the oldest.
    static func coreDNSTag(for kubernetes: KubernetesVersion?) -> String {
        let newest = coreDNS.last?.tag ?? ""
        guard let kubernetes else { return newest }
        return coreDNS.last { $0.minor <= kubernetes.minor }?.tag ?? coreDNS.first?.tag ?? newest
    }

    /// The tunnel's images carry the Kubernetes minor as theirs: v0.36.0 belongs to v1.36.
    static func konnectivityTag(for kubernetes: KubernetesVersion?) -> String {
        kubernetes.map { "v0.\($0.minor).0" } ?? ""
    }
}

extension TenantControlPlane {
    /// The tenant's version, read; nil where the tag names none.
    var kubernetesVersion: KubernetesVersion? { KubernetesVersion(spec.kubernetes.version) }

    /// CoreDNS of the user's repository, tag or both. Kubernetes' own registry has it one folder deeper than mirrors do.
    func coreDNSImage(_ addon: Addon) -> String {
        let tag = addon.imageTag.given ?? AddonVersions.coreDNSTag(for: kubernetesVersion)
        guard let repository = addon.imageRepository.given else {
            return "\(AddonVersions.registry)/coredns/coredns:\(tag)"
        }
        return "\(repository)/coredns:\(tag)"
    }

    func kubeProxyImage(_ addon: Addon) -> String {
        "\(addon.imageRepository.given ?? AddonVersions.registry)/kube-proxy:"
            + "\(addon.imageTag.given ?? spec.kubernetes.version)"
    }

    func konnectivityAgentImage(_ agent: Konnectivity.Agent) -> String {
        "\(agent.image):\(agent.version.given ?? AddonVersions.konnectivityTag(for: kubernetesVersion))"
    }
}

extension String? {
    /// Nil also for the empty text, which says nothing.
    fileprivate var given: String? { self?.isEmpty == true ? nil : self }
}
