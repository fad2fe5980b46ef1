import FoundationEssentials
import Glibc

/// Where upstream's control-plane programs lie on this machine.
struct UpstreamPrograms: Sendable, Equatable {
    /// Searched in this order.
    let directories: [String]
    /// Path by name of those that were found.
    let found: [String: String]

    static let needed = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"]

    /// Whether tenants can be run by them.
    var areComplete: Bool { missing.isEmpty }
    var missing: [String] { Self.needed.filter { found[$0] == nil } }

    /// - Parameter directory: `--bin-dir`; it comes first, before `$KUBEBUILDER_ASSETS`, envtest's directory and `PATH`.
    init(directory: String?, environment: [String: String]) {
        var directories = [directory, environment["KUBEBUILDER_ASSETS"], "/usr/local/kubebuilder/bin"].compactMap { $0 }
        directories += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        var seen: Set<String> = []
        self.directories = directories.filter { !$0.isEmpty && seen.insert($0).inserted }
        var found: [String: String] = [:]
        for name in Self.needed {
            found[name] = self.directories.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
        }
        self.found = found
    }
}

/// What runs the tenants.
enum TenantEngine: String, Sendable, CaseIterable {
    /// Upstream's programs, on etcd.
    case upstream
    /// Our own API server, on SQLite.
    case embedded
}
