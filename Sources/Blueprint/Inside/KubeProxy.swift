import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// What makes Services work on nodes, as kubeadm installs it.
    func kubeProxy(_ addon: Addon, _ exposure: Exposure) -> [TenantObject] {
        let make = TenantObjectMaker(addon: .kubeProxy)
        let namespace = TenantObjectMaker.namespace
        let files = [
            "config.conf": YAML.write(kubeProxyConfiguration),
            "kubeconfig.conf": YAML.write(Self.kubeProxyKubeconfig(exposure)),
        ]
        return [
            make.serviceAccount("kube-proxy"),
            make.clusterRoleBinding(
                "kubeadm:node-proxier", to: "system:node-proxier", .serviceAccount("kube-proxy")),
        ] + make.readers("kube-proxy", of: "kube-proxy", in: namespace, .joiningNodes) + [
            make.configMap("kube-proxy", labels: ["app": "kube-proxy"], files),
            make.object(
                .daemonSets, "kube-proxy", in: namespace, labels: Self.proxyPods,
                ["spec": kubeProxyWorkload(addon, configuration: Checksum.md5(of: files.mapValues { Array($0.utf8) }))]),
        ]
    }

    private static let proxyPods = ["k8s-app": "kube-proxy"]
    private static let configurationMark = "kamaji.clastix.io/configuration"

    /// What differs from kube-proxy's defaults. With the pod networks it tells traffic of pods from traffic of others.
    private var kubeProxyConfiguration: JSON {
        [
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "bindAddress": isPrimarilyIPv6 ? "::" : "0.0.0.0",
            "clientConnection": ["kubeconfig": "/var/lib/kube-proxy/kubeconfig.conf"],
            "clusterCIDR": .string(effectivePodCIDRs.joined(separator: ",")),
        ]
    }

    private static func kubeProxyKubeconfig(_ exposure: Exposure) -> JSON {
        let account = "/var/run/secrets/kubernetes.io/serviceaccount"
        return [
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                [
                    "name": "default",
                    "cluster": [
                        "certificate-authority": .string("\(account)/ca.crt"),
                        "server": .string("https://\(exposure.published)"),
                    ],
                ]
            ],
            "contexts": [
                ["name": "default", "context": ["cluster": "default", "namespace": "default", "user": "default"]]
            ],
            "current-context": "default",
            "users": [["name": "default", "user": ["tokenFile": .string("\(account)/token")]]],
        ]
    }

    /// - Parameter configuration: a checksum of its files, which it reads only when it starts.
    private func kubeProxyWorkload(_ addon: Addon, configuration: String) -> JSON {
        [
            "selector": ["matchLabels": JSON(Self.proxyPods)],
            "updateStrategy": ["type": "RollingUpdate"],
            "template": [
                "metadata": [
                    "labels": JSON(Self.proxyPods), "annotations": [Self.configurationMark: .string(configuration)],
                ],
                "spec": [
                    "priorityClassName": "system-node-critical",
                    "serviceAccountName": "kube-proxy",
                    "hostNetwork": true,
                    "nodeSelector": ["kubernetes.io/os": "linux"],
                    "tolerations": [["operator": "Exists"]],
                    "containers": [
                        [
                            "name": "kube-proxy",
                            "image": .string(kubeProxyImage(addon)),
                            "imagePullPolicy": "IfNotPresent",
                            "command": [
                                "/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
                                "--hostname-override=$(NODE_NAME)",
                            ],
                            "env": [TenantObjectMaker.variable("NODE_NAME", "spec.nodeName")],
                            // It writes the node's packet filter.
                            "securityContext": ["privileged": true],
                            "volumeMounts": [
                                ["name": "kube-proxy", "mountPath": "/var/lib/kube-proxy"],
                                ["name": "xtables-lock", "mountPath": "/run/xtables.lock"],
                                ["name": "lib-modules", "mountPath": "/lib/modules", "readOnly": true],
                            ],
                        ]
                    ],
                    "volumes": [
                        ["name": "kube-proxy", "configMap": ["name": "kube-proxy"]],
                        [
                            "name": "xtables-lock",
                            "hostPath": ["path": "/run/xtables.lock", "type": "FileOrCreate"],
                        ],
                        ["name": "lib-modules", "hostPath": ["path": "/lib/modules"]],
                    ],
                ],
            ],
        ]
    }
}
