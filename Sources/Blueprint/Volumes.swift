import KubeObjects

/// Names and paths of the control plane's volumes; upstream's, for users mount beside them.
enum Volume {
    static let pki = "etc-kubernetes-pki"
    static let certificateBundles = [
        ("etc-ca-certificates", "/etc/ca-certificates"),
        ("usr-share-ca-certificates", "/usr/share/ca-certificates"),
        ("usr-local-share-ca-certificates", "/usr/local/share/ca-certificates"),
    ]
    static let schedulerKubeconfig = "scheduler-kubeconfig"
    static let controllerManagerKubeconfig = "controller-manager-kubeconfig"
    static let kineSocket = "kine-uds"
    static let kineMaterial = "kine-config"
    static let kineCertificates = "kine-certs"
    static let konnectivitySocket = "konnectivity-uds"
    static let egressSelector = "egress-selector-configuration"
    static let konnectivityKubeconfig = "konnectivity-server-kubeconfig"
    /// Ours: upstream lays every key of the control plane before the tunnel server.
    static let konnectivityCertificate = "konnectivity-server-certificate"

    static let pkiPath = "/etc/kubernetes/pki"

    /// The file of the one certificate that signs, while the usual one holds all that is trusted.
    static func signer(_ files: AuthorityFiles) -> String { "\(files.prefix)-signer.crt" }

    static func clusterSigner(isRotating: Bool) -> String {
        "\(pkiPath)/\(isRotating ? signer(.cluster) : AuthorityFiles.cluster.certificate)"
    }

    static func secret(_ name: String, _ secret: String, items: [(key: String, path: String)] = []) -> JSON {
        var source: JSON = ["secretName": .string(secret), "defaultMode": 420]
        if !items.isEmpty {
            source["items"] = .array(items.map { ["key": .string($0.key), "path": .string($0.path)] })
        }
        return ["name": .string(name), "secret": source]
    }

    /// One source of a projected volume: keys of a Secret, each under its own path.
    static func projection(_ secret: String, _ items: [(key: String, path: String)]) -> JSON {
        [
            "secret": [
                "name": .string(secret),
                "items": .array(items.map { ["key": .string($0.key), "path": .string($0.path)] }),
            ]
        ]
    }

    static func emptyDirectory(_ name: String, inMemory: Bool) -> JSON {
        ["name": .string(name), "emptyDir": inMemory ? ["medium": "Memory"] : [:]]
    }

    static func mount(_ name: String, at path: String, readOnly: Bool = true, subPath: String? = nil) -> JSON {
        var mount: JSON = ["name": .string(name), "mountPath": .string(path)]
        if readOnly { mount["readOnly"] = true }
        if let subPath { mount["subPath"] = .string(subPath) }
        return mount
    }
}
