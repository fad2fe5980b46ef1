import KubeObjects
import NodeIdentity

/// All that decides how this machine joins: kubeadm's `JoinConfiguration` as far as a worker has use for it, and where
/// the tenant's tunnel is. Complete and checked: what a default fills in has been filled in.
package struct JoinConfiguration: Sendable, Hashable {
    package enum Discovery: Sendable, Hashable {
        case token(TokenDiscovery)
        /// A kubeconfig: an absolute path, or an `https://` URL that the system's trust store vouches for.
        case file(String)
        /// What an earlier run found is gone on with.
        case resumed(fingerprint: String)
    }

    package struct TokenDiscovery: Sendable, Hashable {
        package var endpoint: JoinEndpoint
        package var token: BootstrapToken
        /// Empty only when `skipsAuthorityVerification`.
        package var pins: [AuthorityPin]
        /// Whoever knows the token may then pass for the tenant.
        package var skipsAuthorityVerification: Bool
    }

    package var nodeName: NodeName
    /// `unix://` and an absolute path; nil looks for one.
    package var criSocket: String?
    package var taints: [NodeTaint]
    /// In the order given, repeats kept.
    package var kubeletExtraArguments: [KubeletArgument]
    /// Lower case; `all` alone or none of it.
    package var ignoredChecks: Set<String>
    /// Absolute, ends in `.crt`.
    package var authorityPath: String
    package var discovery: Discovery
    /// What the kubelet and the agent ask for their certificates with; nil when the discovery file brings its own.
    package var bootstrapToken: BootstrapToken?
    /// Of the tenant's tunnel servers; several are tried in turn.
    package var tunnels: [JoinEndpoint]
    package var skippedPhases: Set<String>
    /// Absolute.
    package var patchesDirectory: String?
    package var timeouts: JoinTimeouts
    package var isDryRun: Bool

    /// kubeadm's own place for the tenant's certificate authorities.
    package static let defaultAuthorityPath = "/etc/kubernetes/pki/ca.crt"

    /// Beneath which the daemon's unit lets it write (`ReadWritePaths=`).
    package static let authorityFolders = ["/etc/kubernetes", "/var/lib/kubelet"]

    static func mayHold(authority path: String) -> Bool {
        authorityFolders.contains { path.hasPrefix("\($0)/") } && !path.split(separator: "/").contains("..")
    }

    /// Whether the check of this name is to warn where it would fail.
    package func ignores(_ check: String) -> Bool {
        ignoredChecks.contains("all") || ignoredChecks.contains(check.lowercased())
    }

    /// The text by which a later run tells whether it was asked for the same. Without the token's secret half.
    package var fingerprint: String {
        let discovery: String
        switch self.discovery {
        case .resumed(let fingerprint): return fingerprint
        case .token(let token):
            discovery = "\(token.endpoint) \(token.pins.map(\.description).joined(separator: ","))"
        case .file(let path): discovery = path
        }
        return [
            nodeName.text, criSocket ?? "", taints.map(\.text).joined(separator: ","),
            kubeletExtraArguments.map(\.text).joined(separator: " "), authorityPath, discovery,
            patchesDirectory ?? "", tunnels.map(\.description).joined(separator: ","),
        ].joined(separator: "\n")
    }
}

/// A Node's taint: `key=value:Effect`.
package struct NodeTaint: Sendable, Hashable {
    package var key: String
    package var value: String
    package var effect: String

    package init(key: String, value: String, effect: String) {
        self.key = key
        self.value = value
        self.effect = effect
    }

    /// As `--register-with-taints` takes it.
    package var text: String { value.isEmpty ? "\(key):\(effect)" : "\(key)=\(value):\(effect)" }
}

/// One flag of the kubelet, its name without dashes.
package struct KubeletArgument: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    package var text: String { "--\(name)=\(value)" }
}

/// How long a join waits for each thing, with kubeadm's names and defaults.
package struct JoinTimeouts: Sendable, Hashable {
    package var discovery = Duration.seconds(300)
    package var kubeletHealthCheck = Duration.seconds(240)
    package var tlsBootstrap = Duration.seconds(300)

    package init() {}
}
