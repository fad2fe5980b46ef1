import KubeObjects

/// The steps of what takes a while, in their order.
package protocol ProgressPhase: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// For people.
    var title: String { get }
}

/// What happens in the steps of a join or an upgrade, for whoever watches.
package enum ProgressEvent<Phase: ProgressPhase>: Sendable {
    case started(Phase)
    /// The phase cannot go on yet.
    case waiting(Phase, String)
    case finished(Phase, String, Duration)
    /// There was nothing to do: an earlier run has seen to it.
    case skipped(Phase, String)
    case failed(Phase, String)
    case warning(String)
    case check(CheckResult)

    package var json: JSON {
        switch self {
        case .started(let phase): ["event": "started", "phase": .string(phase.rawValue)]
        case .waiting(let phase, let why):
            ["event": "waiting", "phase": .string(phase.rawValue), "message": .string(why)]
        case .finished(let phase, let what, let duration):
            [
                "event": "finished", "phase": .string(phase.rawValue), "message": .string(what),
                "seconds": .number((duration / .milliseconds(1)).rounded() / 1000),
            ]
        case .skipped(let phase, let why):
            ["event": "skipped", "phase": .string(phase.rawValue), "message": .string(why)]
        case .failed(let phase, let why):
            ["event": "failed", "phase": .string(phase.rawValue), "message": .string(why)]
        case .warning(let text): ["event": "warning", "message": .string(text)]
        case .check(let result): ["event": "check", "check": result.json]
        }
    }
}

/// Why a join or an upgrade stopped, and where.
package struct PhaseFailure<Phase: ProgressPhase>: Error, Sendable, CustomStringConvertible {
    package let phase: Phase
    package let message: String

    package init(_ phase: Phase, _ message: String) {
        self.phase = phase
        self.message = message
    }

    package var description: String { "\(phase.rawValue): \(message)" }
}
