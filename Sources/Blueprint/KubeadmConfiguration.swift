import KubeObjects
import PKI
import TenantAPI

extension TenantControlPlane {
    /// `<tenant>-kubeadmconfig`: kubeadm's configuration in the JSON of its internal types, as upstream keeps it: each
    /// text ends with its line.
    func kubeadmConfiguration(_ exposure: Exposure, _ facts: DatastoreFacts) -> ManagedObject {
        configMap(
            .kubeadmConfiguration,
            [
                "InitConfiguration": "\(initConfiguration(exposure))\n",
                "ClusterConfiguration": "\(clusterConfiguration(exposure, facts))\n",
            ])
    }

    /// The names of the API server, as kubeadm's configuration lists them.
    func kubeadmNames(_ exposure: Exposure) -> [String] {
        var names = ["127.0.0.1", "localhost", name, "\(name).\(namespace).svc"]
        names.append("\(name).\(namespace).svc.cluster.local")
        for host in [exposure.assigned.host] + spec.networkProfile.certSANs + [exposure.advertised.host]
        where !names.contains(host) {
            names.append(host)
        }
        return names
    }

    private func initConfiguration(_ exposure: Exposure) -> JSON {
        [
            "BootstrapTokens": [],
            "CertificateKey": "",
            "DryRun": false,
            "LocalAPIEndpoint": [
                "AdvertiseAddress": .string(exposure.advertised.host), "BindPort": JSON(spec.networkProfile.port),
            ],
            "NodeRegistration": [
                "CRISocket": "unix:///var/run/containerd/containerd.sock",
                "IgnorePreflightErrors": nil, "ImagePullSerial": true, "KubeletExtraArgs": nil, "Name": "node",
                "Taints": nil, "imagePullPolicy": "IfNotPresent",
            ],
            "Patches": nil,
            "SkipPhases": nil,
            // kubeadm's own defaults of its 1.36 release.
            "Timeouts": [
                "ControlPlaneComponentHealthCheck": "4m0s", "Discovery": "5m0s", "EtcdAPICall": "2m0s",
                "KubeletHealthCheck": "4m0s", "KubernetesAPICall": "1m0s", "TLSBootstrap": "5m0s",
                "UpgradeManifests": "5m0s",
            ],
        ]
    }

    private func clusterConfiguration(_ exposure: Exposure, _ facts: DatastoreFacts) -> JSON {
        let none: JSON = ["ExtraArgs": nil, "ExtraEnvs": nil, "ExtraVolumes": nil]
        return [
            "APIServer": [
                "CertSANs": JSON(kubeadmNames(exposure)),
                "ExtraArgs": [
                    ["Name": "etcd-compaction-interval", "Value": "0s"],
                    ["Name": "etcd-prefix", "Value": .string("/\(name)")],
                ],
                "ExtraEnvs": nil, "ExtraVolumes": nil, "TimeoutForControlPlane": "0s",
            ],
            "CACertificateValidityPeriod": "87600h0m0s",
            "CIImageRepository": "",
            "CIKubernetesVersion": "",
            "CertificateValidityPeriod": "8760h0m0s",
            "CertificatesDir": .string(Volume.pkiPath),
            "ClusterName": .string(name),
            "ComponentConfigs": nil,
            "ControlPlaneEndpoint": .string(exposure.published.description),
            "ControllerManager": none,
            "DNS": ["Disabled": false, "ImageRepository": "", "ImageTag": ""],
            "EncryptionAlgorithm": .string(keyAlgorithm.rawValue),
            "Etcd": [
                "External": [
                    "CAFile": "", "CertFile": "", "KeyFile": "", "HTTPEndpoints": nil,
                    "Endpoints": JSON(facts.driver == .etcd ? facts.endpoints : ["127.0.0.1:2379"]),
                ],
                "Local": nil,
            ],
            "FeatureGates": nil,
            "ImageRepository": "registry.k8s.io",
            "KubernetesVersion": .string(spec.kubernetes.version),
            "Networking": [
                "DNSDomain": .string(spec.networkProfile.clusterDomain),
                "PodSubnet": .string(effectivePodCIDRs.joined(separator: ",")),
                "ServiceSubnet": .string(effectiveServiceCIDRs.joined(separator: ",")),
            ],
            "Proxy": ["Disabled": false],
            "Scheduler": none,
        ]
    }
}
