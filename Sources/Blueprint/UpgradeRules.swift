import KubeObjects
import TenantAPI

/// Why a control plane does not go to the version that its spec asks for, and which one it stays at.
package struct UpgradeRefusal: Sendable, Hashable {
    package let keptVersion: String
    package let message: String
}

extension TenantControlPlane {
    /// How many minor versions a kubelet may be behind its API server: Kubernetes' version skew policy, where three came
    /// with 1.28.
    static func kubeletSkew(at version: KubernetesVersion) -> Int { version.minor >= 28 ? 3 : 2 }

    /// The version that the Deployment's pods are made of; nil where its API server's image tells none.
    package func deployedVersion(_ deployment: KubeObject?) -> String? {
        let containers = deployment?[path: "spec", "template", "spec", "containers"]?.array ?? []
        guard let image = containers.first(where: { $0["name"]?.string == "kube-apiserver" })?["image"]?.string,
            let colon = image.lastIndex(of: ":")
        else { return nil }
        let tag = image[image.index(after: colon)...]
        let suffix = spec.controlPlane.deployment.registrySettings.tagSuffix ?? ""
        return String(tag.hasSuffix(suffix) ? tag.dropLast(suffix.count) : tag)
    }

    /// Whether this pass would make the pods change their version.
    package func startsUpgrade(beside deployment: KubeObject?) -> Bool {
        guard recordedVersion != nil, let deployed = deployedVersion(deployment) else { return false }
        return deployed != spec.kubernetes.version
    }

    /// What stands against the change of version, and what to do about it. The API server's rules compare a spec with the
    /// one before it; what the tenant really serves, and its nodes, are seen here only.
    ///
    /// - Parameter nodes: the tenant's; empty where they cannot be asked, which holds nothing up.
    package func upgradeRefusal(beside deployment: KubeObject?, nodes: [KubeObject]) -> UpgradeRefusal? {
        guard startsUpgrade(beside: deployment), let deployed = deployedVersion(deployment),
            let recorded = recordedVersion, let served = KubernetesVersion(recorded),
            let wanted = KubernetesVersion(spec.kubernetes.version)
        else { return nil }
        func refuse(_ message: String) -> UpgradeRefusal {
            UpgradeRefusal(
                keptVersion: deployed,
                message: "spec.kubernetes.version asks for \(spec.kubernetes.version), and the control plane stays at "
                    + "\(deployed): \(message)")
        }
        if wanted.minor > served.minor + 1 {
            return refuse(
                "it serves \(recorded) until now, and minor versions are taken one at a time; ask for "
                    + "1.\(served.minor + 1) first")
        }
        if wanted.minor < served.minor {
            return refuse("it serves \(recorded), and what a newer version stored an older one may not read")
        }
        let behind = nodes.compactMap { node -> String? in
            guard let text = node[path: "status", "nodeInfo", "kubeletVersion"]?.string,
                let kubelet = KubernetesVersion(text), kubelet.minor < wanted.minor - Self.kubeletSkew(at: wanted)
            else { return nil }
            return "\(node.name) (\(text))"
        }
        guard let first = behind.first else { return nil }
        let others = behind.count == 1 ? "" : " and \(behind.count - 1) more"
        return refuse(
            "kubelets may be \(Self.kubeletSkew(at: wanted)) minor versions behind, and these are further: \(first)\(others); "
                + "upgrade them first")
    }

    /// This tenant as if its spec asked for another version.
    package func keeping(version: String) throws -> TenantControlPlane {
        var object = object
        object[path: "spec", "kubernetes", "version"] = .string(version)
        return try TenantControlPlane(object)
    }
}
