import KubeObjects

/// What one check found.
package struct CheckResult: Sendable, Hashable {
    package enum Verdict: String, Sendable, Hashable, Comparable {
        case ok, warning, error

        package static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }
        private var rank: Int { [.ok: 0, .warning: 1, .error: 2][self] ?? 0 }
    }

    /// kubeadm's name for the check where it has one, so that lists of checks to ignore carry over.
    package var name: String
    package var verdict: Verdict
    /// What was found, with the measured value.
    package var finding: String
    /// What to do; empty when there is nothing to.
    package var remedy: String

    package init(_ name: String, _ verdict: Verdict, _ finding: String, _ remedy: String = "") {
        self.name = name
        self.verdict = verdict
        self.finding = finding
        self.remedy = remedy
    }

    package static func ok(_ name: String, _ finding: String) -> CheckResult { CheckResult(name, .ok, finding) }

    package var json: JSON {
        [
            "name": .string(name), "verdict": .string(verdict.rawValue), "finding": .string(finding),
            "remedy": .string(remedy),
        ]
    }

    /// As kubeadm prints it.
    package var line: String {
        let text = remedy.isEmpty ? finding : "\(finding). \(remedy)"
        return verdict == .ok ? "[OK \(name)]: \(text)" : "[\(verdict.rawValue.uppercased()) \(name)]: \(text)"
    }
}
