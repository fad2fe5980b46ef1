package typealias JoinEvent = ProgressEvent<JoinPhase>
package typealias JoinFailure = PhaseFailure<JoinPhase>

/// The steps of a join, in their order.
package enum JoinPhase: String, ProgressPhase {
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
