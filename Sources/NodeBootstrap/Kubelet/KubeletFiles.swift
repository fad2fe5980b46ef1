import KubeObjects
import NodeIdentity

/// A file of the node, as it should be.
package struct NodeFile: Sendable, Hashable {
    package var path: String
    package var mode: UInt32
    package var content: [UInt8]

    package init(_ path: String, mode: UInt32, _ content: [UInt8]) {
        self.path = path
        self.mode = mode
        self.content = content
    }

    package init(_ path: String, mode: UInt32, _ text: String) { self.init(path, mode: mode, Array(text.utf8)) }
}

/// The files that a kubelet starts from, where kubeadm has them and as kubeadm writes them.
package enum KubeletFiles {
    package static let bootstrapKubeconfigPath = "/etc/kubernetes/bootstrap-kubelet.conf"
    package static let kubeconfigPath = "/etc/kubernetes/kubelet.conf"
    package static let configurationPath = "/var/lib/kubelet/config.yaml"
    package static let instanceConfigurationPath = "/var/lib/kubelet/instance-config.yaml"
    package static let flagsPath = "/var/lib/kubelet/kubeadm-flags.env"
    package static let clientCertificatePath = "/var/lib/kubelet/pki/kubelet-client-current.pem"
    /// Of what the tenant has signed for the kubelet to be reached by; there only where it is told to ask for that
    /// (`serverTLSBootstrap`).
    package static let servingCertificatePath = "/var/lib/kubelet/pki/kubelet-server-current.pem"
    package static let manifestsPath = "/etc/kubernetes/manifests"
    /// Beside kubeadm's own, which is named 10-kubeadm.conf; only where that is missing.
    package static let dropInPath = "/etc/systemd/system/kubelet.service.d/20-kamaji-agent.conf"
    package static let kubeadmDropInPaths = [
        "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
        "/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
        "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
    ]

    /// What the kubelet asks for its certificate with. Holds the token.
    package static func bootstrapKubeconfig(
        clusterName: String, server: String, authorityPEM: [UInt8], token: BootstrapToken
    ) -> NodeFile {
        bootstrapKubeconfig(
            clusterName: clusterName, server: server, authorityPEM: authorityPEM, credential: .token(token))
    }

    package static func bootstrapKubeconfig(
        clusterName: String, server: String, authorityPEM: [UInt8], credential: BootstrapCredential
    ) -> NodeFile {
        let user = "tls-bootstrap-token-user"
        // The cluster alone is renamed to the tenant's; the context keeps the name it had before that was known.
        let context = "\(user)@kubernetes"
        let json: JSON = [
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster(clusterName, server, authorityPEM)],
            "contexts": [
                ["name": .string(context), "context": ["cluster": .string(clusterName), "user": .string(user)]]
            ],
            "current-context": .string(context),
            "users": [["name": .string(user), "user": credential.user]],
        ]
        var text = YAML.write(json)
        guard case .token(let token) = credential else {
            return NodeFile(bootstrapKubeconfigPath, mode: 0o600, text)
        }
        // Our writer quotes whatever begins with a digit; Go's only what a number could be made of.
        let quoted = "\"\(token.text)\"\n"
        if Double(token.text) == nil, text.hasSuffix(quoted) {
            text.removeLast(quoted.count)
            text += "\(token.text)\n"
        }
        return NodeFile(bootstrapKubeconfigPath, mode: 0o600, text)
    }

    /// What the kubelet itself writes, for when it is lost while the certificate is still there.
    package static func kubeconfig(server: String, authorityPEM: [UInt8]) -> NodeFile {
        let json: JSON = [
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster("default-cluster", server, authorityPEM)],
            "contexts": [
                [
                    "name": "default-context",
                    "context": ["cluster": "default-cluster", "namespace": "default", "user": "default-auth"],
                ]
            ],
            "current-context": "default-context",
            "users": [
                [
                    "name": "default-auth",
                    "user": [
                        "client-certificate": .string(clientCertificatePath),
                        "client-key": .string(clientCertificatePath),
                    ],
                ]
            ],
        ]
        return NodeFile(kubeconfigPath, mode: 0o600, YAML.write(json))
    }

    /// A kubeconfig as it stands, but for the authorities of its clusters; nil when it is none. A file that authorities
    /// are read from counts no more.
    package static func kubeconfig(_ text: String, trusting authorityPEM: [UInt8]) -> String? {
        guard var json = try? Kubeconfig(yaml: text).json, let clusters = json["clusters"]?.array, !clusters.isEmpty
        else { return nil }
        json["clusters"] = .array(
            clusters.map { entry in
                var entry = entry
                var cluster = entry["cluster"]?.object ?? [:]
                cluster["certificate-authority"] = nil
                cluster["certificate-authority-data"] = .string(Base64.encode(authorityPEM))
                entry["cluster"] = .object(cluster)
                return entry
            })
        return YAML.write(json)
    }

    private static func cluster(_ name: String, _ server: String, _ authorityPEM: [UInt8]) -> JSON {
        [
            "name": .string(name),
            "cluster": [
                "certificate-authority-data": .string(Base64.encode(authorityPEM)), "server": .string(server),
            ],
        ]
    }

    package static func authorities(_ pem: [UInt8], path: String) -> NodeFile { NodeFile(path, mode: 0o644, pem) }

    /// What differs from node to node in the kubelet's configuration; `kubeadm upgrade node` merges it again.
    package static func instanceConfiguration(criSocket: String) -> NodeFile {
        NodeFile(
            instanceConfigurationPath, mode: 0o644,
            "containerRuntimeEndpoint: \(String(decoding: JSON.string(criSocket).encoded(), as: UTF8.self))\n")
    }

    package static func configuration(_ configuration: JSON) -> NodeFile {
        NodeFile(configurationPath, mode: 0o644, YAML.write(configuration))
    }

    package static func flags(_ arguments: [KubeletArgument]) -> NodeFile {
        NodeFile(
            flagsPath, mode: 0o644,
            "KUBELET_KUBEADM_ARGS=\(GoText.quoted(arguments.map(\.text).joined(separator: " ")))\n")
    }

    /// Makes the packaged kubelet.service start with the files above, as the drop-in of the kubeadm package does.
    package static func dropIn(kubelet: String) -> NodeFile {
        NodeFile(
            dropInPath, mode: 0o644,
            """
            # Written by kamaji-agent join, removed by kamaji-agent reset.
            [Service]
            Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=\(bootstrapKubeconfigPath) \
            --kubeconfig=\(kubeconfigPath)"
            Environment="KUBELET_CONFIG_ARGS=--config=\(configurationPath)"
            EnvironmentFile=-\(flagsPath)
            EnvironmentFile=-/etc/default/kubelet
            EnvironmentFile=-/etc/sysconfig/kubelet
            ExecStart=
            ExecStart=\(kubelet) $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS

            """)
    }
}

/// How Go writes a text between quotation marks.
enum GoText {
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{07}": quoted += "\\a"
            case "\u{08}": quoted += "\\b"
            case "\u{0B}": quoted += "\\v"
            case "\u{0C}": quoted += "\\f"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
