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

    /// Why a directory that somebody named is none to find the programs in; nil when one of them is there. What is missing in
    /// it is looked for elsewhere, which must not happen unnoticed where all of it is.
    static func complaint(about directory: String) -> String? {
        guard !needed.contains(where: { access("\(directory)/\($0)", X_OK) == 0 }) else { return nil }
        let trouble =
            access(directory, F_OK) == 0
            ? "none of \(needed.joined(separator: ", ")) is there" : "there is no such directory"
        return
            "\(trouble): name the one that holds upstream's programs, or leave the option out to have them looked for"
    }

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
