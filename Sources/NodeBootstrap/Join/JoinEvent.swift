import KubeObjects

/// What happens while a machine joins, for whoever watches.
package enum JoinEvent: Sendable {
    case started(JoinPhase)
    /// The phase cannot go on yet.
    case waiting(JoinPhase, String)
    case finished(JoinPhase, String, Duration)
    /// An earlier run has seen to it.
    case skipped(JoinPhase, String)
    case failed(JoinPhase, String)
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

/// The steps of a join, in their order.
package enum JoinPhase: String, Sendable, Hashable, CaseIterable {
    case preflight
    case discovery
    case configuration = "cluster-configuration"
    case files = "kubelet-files"
    case enrolment = "agent-enrolment"
    case kubeletStart = "kubelet-start"
    case bootstrap = "tls-bootstrap"
    case registered = "node-registered"
    case ready = "node-ready"

    package var title: String {
        switch self {
        case .preflight: "Check this machine"
        case .discovery: "Find the tenant and verify it"
        case .configuration: "Read the tenant's configuration"
        case .files: "Write the kubelet's files"
        case .enrolment: "Enrol this machine's agent"
        case .kubeletStart: "Start the kubelet"
        case .bootstrap: "Wait for the kubelet's certificate"
        case .registered: "Wait for the Node"
        case .ready: "Wait for the Node to be Ready"
        }
    }
}

/// Why a join stopped, and where.
package struct JoinFailure: Error, Sendable, CustomStringConvertible {
    package let phase: JoinPhase
    package let message: String

    package init(_ phase: JoinPhase, _ message: String) {
        self.phase = phase
        self.message = message
    }

    package var description: String { "\(phase.rawValue): \(message)" }
}
