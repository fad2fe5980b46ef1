import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// `kube-public/cluster-info`: what a joining node reads before it knows whom to trust, so everybody may. The
    /// signatures `jws-kubeconfig-*` beside it are the tenant's own bootstrapsigner's, and not ours to name.
    func clusterInfo(_ exposure: Exposure, authorityPEM: [UInt8]) -> [TenantObject] {
        let make = TenantObjectMaker(addon: .bootstrap)
        let kubeconfig: JSON = [
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                [
                    "name": "",
                    "cluster": [
                        "server": .string("https://\(exposure.published)"),
                        "certificate-authority-data": .string(Base64.encode(authorityPEM)),
                    ],
                ]
            ],
            "contexts": nil,
            "current-context": "",
            "users": nil,
        ]
        return [make.configMap("cluster-info", in: "kube-public", ["kubeconfig": YAML.write(kubeconfig)])]
            + make.readers(
                "kubeadm:bootstrap-signer-clusterinfo", of: "cluster-info", in: "kube-public",
                .user("system:anonymous"))
    }
}
