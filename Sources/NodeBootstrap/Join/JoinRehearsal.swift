import KubeObjects

/// What came of a rehearsal: all that speaks against a join.
package struct JoinRehearsal: Sendable {
    /// Of this machine.
    package var failedChecks: [CheckResult]
    /// Where the way to the tenant ended, and why.
    package var failure: JoinFailure?

    package var isFit: Bool { failedChecks.isEmpty && failure == nil }

    /// Its last line, for people.
    package var text: String {
        guard !isFit else { return "Nothing speaks against this join." }
        var against = names
        if let failure { against.append("phase \(failure.phase.rawValue)") }
        let advice =
            failedChecks.isEmpty ? "" : " (--ignore-preflight-errors=NAME makes a warning of a check's error)"
        return "This join would fail: \(against.joined(separator: ", "))\(advice)."
    }

    package var json: JSON {
        var json: JSON = ["fit": .bool(isFit), "failedChecks": JSON(names)]
        if let failure {
            json["failure"] = ["phase": .string(failure.phase.rawValue), "message": .string(failure.message)]
        }
        return json
    }

    /// Several findings of one check are one name.
    private var names: [String] {
        failedChecks.map(\.name).reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
    }
}
