import KubeObjects
import PKI
import TenantAPI

extension TenantControlPlane {
    /// `kube-system/kubeadm-config`: what `kubeadm join` and `kubeadm upgrade node` read, in the API version that the
    /// tenant's kubeadm reads: `v1beta4` came with 1.31.
    func kubeadmConfig(_ exposure: Exposure, _ facts: DatastoreFacts) -> [TenantObject] {
        let make = TenantObjectMaker(addon: .bootstrap)
        let isOld = kubernetesVersion.map { $0.minor < 31 } ?? false
        let text = YAML.write(isOld ? oldClusterConfiguration(exposure, facts) : clusterConfiguration(exposure, facts))
        return [make.configMap("kubeadm-config", ["ClusterConfiguration": text])]
            + make.readers(
                "kubeadm:nodes-kubeadm-config", of: "kubeadm-config", in: TenantObjectMaker.namespace, .joiningNodes,
                .nodes)
    }

    private func clusterConfiguration(_ exposure: Exposure, _ facts: DatastoreFacts) -> JSON {
        var configuration = sharedClusterConfiguration(exposure, facts)
        configuration["apiVersion"] = "kubeadm.k8s.io/v1beta4"
        configuration["caCertificateValidityPeriod"] = "87600h0m0s"
        configuration["certificateValidityPeriod"] = "8760h0m0s"
        configuration["encryptionAlgorithm"] = .string(keyAlgorithm.rawValue)
        configuration["proxy"] = [:]
        configuration[path: "apiServer", "extraArgs"] = .array(
            Self.storageArguments(of: name).map { ["name": .string($0.name), "value": .string($0.value)] })
        return configuration
    }

    private func oldClusterConfiguration(_ exposure: Exposure, _ facts: DatastoreFacts) -> JSON {
        var configuration = sharedClusterConfiguration(exposure, facts)
        configuration["apiVersion"] = "kubeadm.k8s.io/v1beta3"
        for argument in Self.storageArguments(of: name) {
            configuration[path: "apiServer", "extraArgs", argument.name] = .string(argument.value)
        }
        // kubeadm's own default.
        configuration[path: "apiServer", "timeoutForControlPlane"] = "4m0s"
        return configuration
    }

    private static func storageArguments(of tenant: String) -> [(name: String, value: String)] {
        [("etcd-compaction-interval", "0s"), ("etcd-prefix", "/\(tenant)")]
    }

    private func sharedClusterConfiguration(_ exposure: Exposure, _ facts: DatastoreFacts) -> JSON {
        [
            "kind": "ClusterConfiguration",
            "apiServer": ["certSANs": JSON(kubeadmNames(exposure))],
            "certificatesDir": .string(Volume.pkiPath),
            "clusterName": .string(name),
            "controlPlaneEndpoint": .string(exposure.published.description),
            "controllerManager": [:],
            "dns": [:],
            "etcd": [
                "external": [
                    "caFile": "", "certFile": "", "keyFile": "", "endpoints": JSON(Self.storageURLs(facts)),
                ]
            ],
            "imageRepository": .string(AddonVersions.registry),
            "kubernetesVersion": .string(spec.kubernetes.version),
            "networking": [
                "dnsDomain": .string(spec.networkProfile.clusterDomain),
                "podSubnet": .string(effectivePodCIDRs.joined(separator: ",")),
                "serviceSubnet": .string(effectiveServiceCIDRs.joined(separator: ",")),
            ],
            "scheduler": [:],
        ]
    }

    /// kubeadm takes URLs only; upstream's bare `host:port` does not pass its validation.
    private static func storageURLs(_ facts: DatastoreFacts) -> [String] {
        guard facts.driver == .etcd else { return ["http://127.0.0.1:2379"] }
        let scheme = facts.authorityCertificate == nil ? "http" : "https"
        return facts.endpoints.map { $0.contains("://") ? $0 : "\(scheme)://\($0)" }
    }
}
