import FoundationEssentials
import KubeObjects
import PKI
import Systemd

/// What is to be done about a node, most urgent first. Decides, and does nothing.
package struct RepairPlan: Sendable, Hashable {
    package enum Action: Sendable, Hashable {
        case startUnit(String, why: String)
        case rewriteFiles([String])
        case writeKubeconfig
        /// The agent asks for its next certificate with the one it has.
        case renewAgent
        /// The agent's certificate has ended: the node comes back with its own credential.
        case comeBack
        /// The agent gets the kubelet a certificate.
        case renewKubelet(why: String)

        package var text: String {
            switch self {
            case .startUnit(let unit, let why): "start \(unit) (\(why))"
            case .rewriteFiles(let paths): "write \(paths.joined(separator: ", ")) again"
            case .writeKubeconfig: "write the kubelet's kubeconfig again"
            case .renewAgent: "renew the agent's certificate"
            case .comeBack: "come back with this node's own credential"
            case .renewKubelet(let why): "get the kubelet another certificate (\(why))"
            }
        }
    }

    package var actions: [Action] = []
    /// What cannot be mended from here, each with its way out.
    package var complaints: [String] = []

    package static let kubeletUnit = "kubelet.service"

    package init(_ state: NodeState, backoff: RestartBackoff) {
        decideOnIdentity(state)
        if !state.missingFiles.isEmpty { actions.append(.rewriteFiles(state.missingFiles)) }
        if !state.changedFiles.isEmpty {
            complaints.append(
                "\(state.changedFiles.joined(separator: ", ")) is not as the join wrote it; \"kamaji-agent join\" puts it right"
            )
        }
        decideOnKubeletCertificate(state)
        if let runtime = state.runtimeUnit { decideOn(runtime, state.runtime, state.now, backoff) }
        decideOn(Self.kubeletUnit, state.kubelet, state.now, backoff)
        if state.kubelet?.isRunning == true, state.isKubeletWell == false {
            complaints.append("the kubelet runs and is not well: \"journalctl -u kubelet\" says why")
        }
    }

    private mutating func decideOnIdentity(_ state: NodeState) {
        guard let certificate = state.agentCertificate else {
            state.hasReturnCredential
                ? actions.append(.comeBack)
                : complaints.append(
                    "the agent has no certificate and no credential: \"kamaji-agent join\" with a new token")
            return
        }
        if state.now < certificate.notBefore {
            complaints.append(
                "the clock says \(Timestamp.format(state.now)), before this agent's certificate begins "
                    + "(\(Timestamp.format(certificate.notBefore))): set the clock")
        } else if state.now > certificate.notAfter {
            state.hasReturnCredential
                ? actions.append(.comeBack)
                : complaints.append(
                    "the agent's certificate ended on \(Timestamp.format(certificate.notAfter)) and there is no "
                        + "credential to come back with: \"kamaji-agent join\" with a new token")
        } else if let renewal = state.renewal, state.now >= renewal {
            actions.append(.renewAgent)
        }
    }

    private mutating func decideOnKubeletCertificate(_ state: NodeState) {
        switch state.kubeletCertificate {
        case .valid: if !state.hasKubeconfig { actions.append(.writeKubeconfig) }
        case .missing: actions.append(.renewKubelet(why: "it has none"))
        case .wrong(let why): actions.append(.renewKubelet(why: why))
        }
    }

    /// A node without its kubelet is none: what does not run is started, more and more seldom. Only what was masked stays.
    private mutating func decideOn(
        _ unit: String, _ state: UnitState?, _ now: Date, _ backoff: RestartBackoff
    ) {
        guard let state else { return }
        guard state.isInstalled else {
            complaints.append("there is no \(unit): install its package")
            return
        }
        if state.isMasked {
            complaints.append("\(unit) is masked: \"systemctl unmask \(unit)\" if that is over")
            return
        }
        guard !state.isRunning, !state.isStarting else { return }
        let hasFailed = state.active == "failed"
        guard backoff.mayStart(unit, at: now) else {
            complaints.append("\(unit) is \(state.active) (\(state.result)) and is started again later")
            return
        }
        actions.append(.startUnit(unit, why: hasFailed ? state.result : state.active))
    }
}
