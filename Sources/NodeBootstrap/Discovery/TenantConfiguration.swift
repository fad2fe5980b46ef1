import KubeClient
import KubeObjects
import NodeIdentity

/// What the tenant tells a machine that joins, once it has a token: kubeadm's ConfigMaps and the server's version.
package struct TenantConfiguration: Sendable, Hashable {
    package var clusterName: String
    /// Nil when the server does not say.
    package var serverVersion: KubernetesVersion?
    package var serviceSubnet: String?
    /// Of all nodes together; nil when the tenant does not say, or did not when a machine of an earlier version joined.
    package var podSubnet: String?
    package var dnsDomain: String?
    /// The KubeletConfiguration for every node, as it stands.
    package var kubelet: JSON
    /// Whether the runtime's socket stands in the kubelet's configuration file instead of among its flags.
    package var keepsSocketInFile: Bool

    package init(
        clusterConfiguration: String, kubeletConfiguration: String, serverVersion: String?
    ) throws(TenantConfigurationError) {
        let cluster = try Self.document(clusterConfiguration, "kubeadm-config")
        let name = cluster["clusterName"]?.string ?? ""
        clusterName = name.isEmpty ? "kubernetes" : name
        self.serverVersion = serverVersion.flatMap { KubernetesVersion($0) }
        serviceSubnet = cluster[path: "networking", "serviceSubnet"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        podSubnet = cluster[path: "networking", "podSubnet"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        dnsDomain = cluster[path: "networking", "dnsDomain"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        kubelet = try Self.document(kubeletConfiguration, "kubelet-config")
        keepsSocketInFile = cluster[path: "featureGates", "NodeLocalCRISocket"]?.bool ?? true
    }

    private static func document(_ text: String, _ name: String) throws(TenantConfigurationError) -> JSON {
        do {
            let documents = try YAML.parse(text).filter { !$0.isNull }
            guard let first = documents.first, first.object != nil else {
                throw TenantConfigurationError("kube-system/\(name) holds no mapping")
            }
            return first
        } catch let error as TenantConfigurationError {
            throw error
        } catch {
            throw TenantConfigurationError("kube-system/\(name): \(error)")
        }
    }

    /// For the journal, so that a later run needs no network for what is settled.
    package var json: JSON {
        var json: JSON = [
            "clusterName": .string(clusterName), "kubelet": kubelet, "keepsSocketInFile": .bool(keepsSocketInFile),
        ]
        if let serverVersion { json["serverVersion"] = .string(serverVersion.description) }
        if let serviceSubnet { json["serviceSubnet"] = .string(serviceSubnet) }
        if let podSubnet { json["podSubnet"] = .string(podSubnet) }
        if let dnsDomain { json["dnsDomain"] = .string(dnsDomain) }
        return json
    }

    package init?(_ json: JSON) {
        guard let clusterName = json["clusterName"]?.string, let kubelet = json["kubelet"] else { return nil }
        self.clusterName = clusterName
        self.kubelet = kubelet
        keepsSocketInFile = json["keepsSocketInFile"]?.bool ?? true
        serverVersion = json["serverVersion"]?.string.flatMap { KubernetesVersion($0) }
        serviceSubnet = json["serviceSubnet"]?.string
        podSubnet = json["podSubnet"]?.string
        dnsDomain = json["dnsDomain"]?.string
    }

    /// Who asks, for what it is told when it is refused.
    package enum Asker: Sendable {
        case bootstrapToken, kubelet

        fileprivate var unauthorized: TenantConfigurationError {
            switch self {
            case .bootstrapToken: .tokenRefused
            case .kubelet:
                TenantConfigurationError(
                    "the tenant does not accept the kubelet's certificate: \"kamaji-agent doctor\" looks for the cause")
            }
        }

        fileprivate func forbidden(_ name: String) -> String {
            switch self {
            case .bootstrapToken:
                "the bootstrap token may not read kube-system/\(name): its group is not "
                    + "system:bootstrappers:kubeadm:default-node-token"
            case .kubelet: "the kubelet may not read kube-system/\(name): kubeadm's Role lets the group system:nodes"
            }
        }
    }

    package static func read(
        _ client: KubeClient, as asker: Asker = .bootstrapToken
    ) async throws -> TenantConfiguration {
        func entry(_ name: String, _ field: String) async throws -> String {
            let object: KubeObject
            do {
                object = try await client.get(.configMaps, ObjectKey(namespace: "kube-system", name: name))
            } catch let error as KubeError where error.isUnauthorized {
                throw asker.unauthorized
            } catch let error as KubeError where error.isForbidden {
                throw TenantConfigurationError("\(asker.forbidden(name)) (\(error.message))")
            }
            guard let text = object[path: "data", field]?.string else {
                throw TenantConfigurationError("kube-system/\(name) has no \"\(field)\"")
            }
            return text
        }
        let cluster = try await entry("kubeadm-config", "ClusterConfiguration")
        let kubelet = try await entry("kubelet-config", "kubelet")
        let version = try await client.serverVersion()["gitVersion"]?.string
        return try TenantConfiguration(
            clusterConfiguration: cluster, kubeletConfiguration: kubelet, serverVersion: version)
    }
}

/// Why a tenant's configuration cannot be used.
package struct TenantConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    static let tokenRefused = TenantConfigurationError(
        "the tenant does not accept the bootstrap token: it has expired or is not for authentication. Make one with "
            + "\"kamaji-manager token create\"")
}
