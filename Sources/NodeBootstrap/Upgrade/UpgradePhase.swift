package typealias UpgradeEvent = ProgressEvent<UpgradePhase>
package typealias UpgradeFailure = PhaseFailure<UpgradePhase>

/// The steps of an upgrade, in their order.
package enum UpgradePhase: String, ProgressPhase {
    case look
    case drain = "node-drain"
    case files = "kubelet-files"
    case restart = "kubelet-restart"
    case ready = "node-ready"
    case uncordon = "node-uncordon"

    package var title: String {
        switch self {
        case .look: "Compare this node with its tenant"
        case .drain: "Move the node's pods elsewhere"
        case .files: "Write the kubelet's files"
        case .restart: "Restart the kubelet"
        case .ready: "Wait for the Node to be back"
        case .uncordon: "Let pods come to the node again"
        }
    }
}
