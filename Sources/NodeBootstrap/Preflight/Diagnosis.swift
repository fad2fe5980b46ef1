/// The one thing to look at first. Causes come before their effects: a wrong clock fails certificates, a dead runtime
/// fails the kubelet. That a join stopped is an effect of what is found wrong with the machine and its surroundings, and
/// comes before what the missing rest of the join explains.
package struct Diagnosis: Sendable, Hashable {
    package var cause: CheckResult

    /// Names, or beginnings of names ending in a dash, from root causes to what follows from others.
    private static let order = [
        "IsPrivilegedUser", "ClockSkew", "DNS", "Endpoint", "TLS", "CertificateValidity-",
        "FileAvailable-", "CRI", "CgroupDriver", "SystemVerification", "KubeletVersion", "Service-kubelet",
        "DiskPressure-", "Swap", "Port-10250", "MTU", "FileExisting-", "FileContent-", "Journal", "KubeletHealth",
        "Kubeconfig", "Node", "HTTPProxy", "Leftovers", "Hostname",
    ]

    /// Nil when every check is fine.
    package init?(_ results: [CheckResult]) {
        let worst = results.map(\.verdict).max() ?? .ok
        guard worst != .ok else { return nil }
        let candidates = results.filter { $0.verdict == worst }
        guard let first = candidates.min(by: { Self.rank($0.name) < Self.rank($1.name) }) else { return nil }
        cause = first
    }

    private static func rank(_ name: String) -> Int {
        order.firstIndex { $0.hasSuffix("-") ? name.hasPrefix($0) : name == $0 } ?? order.count
    }

    package var text: String {
        let certainty = cause.verdict == .error ? "Most likely cause" : "Nothing is broken; look at this first"
        return "\(certainty): \(cause.finding)." + (cause.remedy.isEmpty ? "" : "\nWhat to do: \(cause.remedy).")
    }
}

extension JoinConfiguration {
    /// Errors that were to be ignored become warnings. `IsPrivilegedUser` stays: nothing works without it.
    package func judge(_ results: [CheckResult]) -> [CheckResult] {
        results.map { result in
            guard result.verdict == .error, result.name != "IsPrivilegedUser", ignores(result.name) else {
                return result
            }
            var ignored = result
            ignored.verdict = .warning
            return ignored
        }
    }
}
