import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// `kube-system/kubelet-config`: what each node's kubelet starts from.
    ///
    /// - Throws: when one of `configurationJSONPatches` does not apply.
    func kubeletConfig() throws(TenantObjectError) -> [TenantObject] {
        let make = TenantObjectMaker(addon: .bootstrap)
        // Before 1.24 the ConfigMap, and with it the Role, carried the minor version.
        let suffix = kubernetesVersion.flatMap { $0.minor < 24 ? "-\($0.major).\($0.minor)" : nil } ?? ""
        let name = "kubelet-config\(suffix)"
        return [make.configMap(name, ["kubelet": YAML.write(try kubeletConfiguration())])]
            + make.readers(
                "kubeadm:\(name)", of: name, in: TenantObjectMaker.namespace, .nodes, .joiningNodes)
    }

    /// What kubeadm says to kubelets, and nothing else: every kubelet has defaults of its own version for the rest, and
    /// those of another version may be fields that it does not know.
    func kubeletConfiguration() throws(TenantObjectError) -> JSON {
        let kubelet = spec.kubernetes.kubelet
        var configuration: JSON = [
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": [
                "anonymous": ["enabled": false],
                "webhook": ["enabled": true],
                "x509": ["clientCAFile": .string("\(Volume.pkiPath)/ca.crt")],
            ],
            "authorization": ["mode": "Webhook"],
            "cgroupDriver": .string(kubelet.cgroupfs ?? "systemd"),
            "clusterDNS": JSON(effectiveDNSServiceIPs),
            "clusterDomain": .string(spec.networkProfile.clusterDomain),
            "healthzBindAddress": "127.0.0.1",
            "healthzPort": 10248,
            "rotateCertificates": true,
            "staticPodPath": "/etc/kubernetes/manifests",
        ]
        for (index, operation) in kubelet.configurationJSONPatches.enumerated() {
            do {
                let patch = try JSONPatch([operation])
                KubeletDefaults.fill(&configuration, for: operation)
                configuration = try patch.apply(to: configuration)
            } catch {
                throw TenantObjectError(
                    field: "spec.kubernetes.kubelet.configurationJSONPatches[\(index)]",
                    message: "\(operation) does not apply to the kubelets' configuration: \(error.message); change "
                        + "its path to one that is there, or take it out")
            }
        }
        return configuration
    }
}
