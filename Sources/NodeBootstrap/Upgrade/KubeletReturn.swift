import KubeObjects
import Systemd

/// Whether a kubelet that was restarted has come back. Decides by what was seen at one moment.
package struct KubeletReturn: Sendable {
    /// The version that the Node has to tell of; nil is any.
    package var version: KubernetesVersion?
    /// When the Node's condition Ready was written last before the restart: a newer one is of the new kubelet.
    package var heartbeat: String?
    /// Whether the Node was Ready before. One that was not, as without a network plugin, need not be now.
    package var wasReady: Bool
    /// How often systemd had started the kubelet by itself when it was restarted.
    package var restarts: UInt32

    package struct Sight: Sendable {
        /// Nil where no systemd runs.
        package var unit: UnitState?
        /// What the kubelet says of itself; nil when it is told not to say.
        package var isWell: Bool?
        package var node: KubeObject?
        /// Why the Node could not be looked at.
        package var trouble: String?

        package init(unit: UnitState? = nil, isWell: Bool?, node: KubeObject?, trouble: String? = nil) {
            self.unit = unit
            self.isWell = isWell
            self.node = node
            self.trouble = trouble
        }
    }

    package enum Verdict: Sendable, Hashable {
        case back
        case waiting(String)
        /// It does not come back, however long one waits.
        case lost(String)
    }

    /// A kubelet that ends as soon as it is started does so again.
    private static let mostRestarts: UInt32 = 3

    package init(version: KubernetesVersion?, before node: KubeObject?, restarts: UInt32 = 0) {
        self.version = version
        heartbeat = Self.heartbeat(of: node)
        wasReady = node?.isReadyNode ?? false
        self.restarts = restarts
    }

    package static func heartbeat(of node: KubeObject?) -> String? {
        (node?[path: "status", "conditions"]?.array ?? []).first { $0["type"]?.string == "Ready" }?[
            "lastHeartbeatTime"]?.string
    }

    package func verdict(_ sight: Sight) -> Verdict {
        if let unit = sight.unit {
            let ended = unit.restarts >= restarts ? unit.restarts - restarts : unit.restarts
            if unit.active == "failed" || ended >= Self.mostRestarts {
                // Between two starts systemd says "success" of the next one.
                let result = ["", "success"].contains(unit.result) ? "" : " (\(unit.result))"
                return .lost("the kubelet ends\(result) as soon as it is started")
            }
            guard unit.isRunning else { return .waiting("kubelet.service is \(unit.active) (\(unit.result))") }
        }
        guard sight.isWell != false else { return .waiting("the kubelet does not answer that it is well") }
        guard let node = sight.node else { return .waiting(sight.trouble ?? "the tenant has no such Node") }
        let told = node[path: "status", "nodeInfo", "kubeletVersion"]?.string ?? ""
        if let version, KubernetesVersion(told) != version {
            return .waiting("the Node tells of kubelet \(told), and \(version) was started")
        }
        guard Self.heartbeat(of: node) != heartbeat else {
            return .waiting("the kubelet has not written its Node's status since it was restarted")
        }
        guard !wasReady || node.isReadyNode else { return .waiting("the Node is not Ready: \(Self.message(of: node))") }
        return .back
    }

    private static func message(of node: KubeObject) -> String {
        let ready = (node[path: "status", "conditions"]?.array ?? []).first { $0["type"]?.string == "Ready" }
        return ready?["message"]?.string ?? "it has no such condition"
    }
}
