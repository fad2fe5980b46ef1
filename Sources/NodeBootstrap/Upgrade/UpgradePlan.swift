import KubeObjects
import NodeIdentity
import Systemd

/// What taking a node to its tenant's present version needs. Decides, and does nothing.
package struct UpgradePlan: Sendable, Hashable {
    /// What was found out about the node and its tenant. Nil is "could not be found out".
    package struct Facts: Sendable {
        /// What the tenant's API server is.
        package var server: KubernetesVersion?
        /// What it was when this node's configuration was made.
        package var configured: KubernetesVersion?
        /// The kubelet that the next start runs.
        package var installed: KubernetesVersion?
        /// The kubelet that the Node tells of.
        package var running: KubernetesVersion?
        /// Files that would be written, with other content than they have.
        package var changes: [String] = []
        /// Those of them that somebody changed since they were written.
        package var edited: [String] = []
        package var isCordoned = false
        /// Whether an upgrade was begun and has not come to its end.
        package var isUnfinished = false
        /// Nil where no systemd runs.
        package var unit: UnitState?

        package init() {}
    }

    package enum Step: Sendable, Hashable {
        case cordon, drain
        case write([String])
        case restart
        case awaitNode
        case uncordon

        package var text: String {
            switch self {
            case .cordon: "cordon the Node"
            case .drain: "evict its pods"
            case .write(let paths): "write \(paths.joined(separator: ", "))"
            case .restart: "restart kubelet.service"
            case .awaitNode: "wait for the Node to be back, or else put the old configuration back"
            case .uncordon: "uncordon the Node"
            }
        }
    }

    /// Why it cannot be, each with its way out. With one of them there are no steps.
    package private(set) var refusals: [String] = []
    package private(set) var warnings: [String] = []
    /// None when the node is where its tenant is.
    package private(set) var steps: [Step] = []

    /// - Parameters:
    ///   - drains: whether pods are to be moved away before.
    ///   - hasCordoned: whether an earlier run that did not come to its end has cordoned the Node.
    package init(_ facts: Facts, drains: Bool, hasCordoned: Bool = false) {
        judgeVersions(facts)
        judgeUnit(facts.unit)
        guard refusals.isEmpty else { return }
        if !facts.edited.isEmpty {
            warnings.append(
                "\(facts.edited.joined(separator: ", ")) was changed by hand: it is written anew and kept beside; a patch "
                    + "(\"join --patches\") is what stays")
        }
        guard !facts.changes.isEmpty || facts.running != facts.installed || facts.isUnfinished else { return }
        if drains {
            if !facts.isCordoned { steps.append(.cordon) }
            steps.append(.drain)
        }
        if !facts.changes.isEmpty { steps.append(.write(facts.changes)) }
        steps += [.restart, .awaitNode]
        if steps.contains(.cordon) || hasCordoned { steps.append(.uncordon) }
    }

    private mutating func judgeVersions(_ facts: Facts) {
        guard let server = facts.server else {
            refusals.append("the tenant does not say which version it is of: what answers may be no Kubernetes")
            return
        }
        if let configured = facts.configured, configured.minorNumber > server.minorNumber {
            refusals.append(
                "this node's configuration is of \(configured), and the tenant runs \(server): a configuration does not go "
                    + "back; \"kamaji-agent reset\" and a new join do")
        }
        guard let installed = facts.installed else {
            refusals.append("kubelet is not in PATH or does not run: install the kubelet package")
            return
        }
        if let complaint = KubeletVersion.complaint(kubelet: installed, server: server) {
            refusals.append(complaint)
        } else if installed.minorNumber < server.minorNumber {
            warnings.append(
                "kubelet \(installed) stays behind the tenant, which runs \(server): install kubelet "
                    + "v\(server.major).\(server.minor) and run this again to follow")
        }
        if let running = facts.running, running.minorNumber > installed.minorNumber {
            refusals.append(
                "the installed kubelet \(installed) is older than \(running), which this Node ran: a kubelet does not go "
                    + "back over minor versions; install v\(running.major).\(running.minor) or newer")
        }
    }

    private mutating func judgeUnit(_ unit: UnitState?) {
        guard let unit else { return }
        if !unit.isInstalled {
            refusals.append("there is no kubelet.service: install the kubelet package")
        } else if unit.isMasked {
            refusals.append("kubelet.service is masked: \"systemctl unmask kubelet\" if that is over")
        }
    }

    package var json: JSON {
        [
            "steps": JSON(steps.map(\.text)), "warnings": JSON(warnings), "refusals": JSON(refusals),
        ]
    }
}

extension KubernetesVersion {
    /// Major and minor, for versions that differ by more than a patch.
    fileprivate var minorNumber: Int { major * 100_000 + min(minor, 99_999) }
}
