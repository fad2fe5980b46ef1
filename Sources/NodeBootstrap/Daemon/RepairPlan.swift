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
        /// A join was ended between the kubelet's certificate and the removal of the token that it was asked for with.
        case retireBootstrapToken
        /// The tenant's authorities are others than those that this node trusts: they are taken, and the kubelet is told.
        case takeAuthorities([UInt8])
        /// The tenant signs with another authority than the one that these certificates are of.
        case renewOfAuthority(agent: Bool, kubelet: Bool)
        /// And the certificate that the kubelet serves with.
        case renewServing
        /// Somebody asked for it, with this mark.
        case restartKubelet(RestartWishes)
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
            case .retireBootstrapToken: "remove \(KubeletFiles.bootstrapKubeconfigPath), which holds a token"
            case .takeAuthorities: "trust the tenant's present certificate authorities"
            case .renewOfAuthority: "get certificates of the tenant's present authority"
            case .renewServing: "have the kubelet ask for a serving certificate of the tenant's present authority"
            case .restartKubelet: "restart kubelet.service, as the tenant asks"
            case .renewAgent: "renew the agent's certificate"
            case .comeBack: "come back with this node's own credential"
            case .renewKubelet(let why): "get the kubelet another certificate (\(why))"
            }
        }
    }

    /// Those of now. What did not help is done again later, and complained of until then.
    package var actions: [Action] = []
    /// What cannot be mended from here, each with its way out.
    package var complaints: [String] = []
    /// Units that fail by themselves, whose own logs say why.
    package var troubled: [String] = []

    package static let kubeletUnit = "kubelet.service"

    package init(_ state: NodeState, backoff: RepairBackoff) {
        decideOnClock(state)
        decideOnAuthorities(state)
        decideOnIdentity(state)
        if !state.missingFiles.isEmpty { actions.append(.rewriteFiles(state.missingFiles)) }
        if !state.changedFiles.isEmpty {
            complaints.append(
                "\(state.changedFiles.joined(separator: ", ")) is not as the join wrote it; \"kamaji-agent join\" puts it right"
            )
        }
        if state.isUpgradeUnfinished {
            complaints.append(
                "an upgrade of the kubelet is under way, or was interrupted: \"kamaji-agent upgrade\" goes on with it")
        }
        decideOnKubeletCertificate(state)
        decideOnFormerAuthority(state)
        decideOnRestart(state)
        for action in actions where !backoff.mayTry(action.key, at: state.now) {
            let next = backoff.nextTry(action.key).map { ", and again at \(Timestamp.format($0))" } ?? ""
            complaints.append("to \(action.text) was tried and did not help\(next)")
        }
        actions.removeAll { !backoff.mayTry($0.key, at: state.now) }
        if let runtime = state.runtimeUnit {
            decideOn(runtime, state.runtime, state.runtimeSteadiness, state.now, backoff)
        }
        decideOn(Self.kubeletUnit, state.kubelet, state.kubeletSteadiness, state.now, backoff)
        decideOnKubeletHealth(state)
    }

    private mutating func decideOnKubeletHealth(_ state: NodeState) {
        guard let unit = state.kubelet, state.isKubeletWell == false, !troubled.contains(Self.kubeletUnit) else {
            return
        }
        let isLate = unit.isStarting && state.kubeletSteadiness.unwell > Self.longestStart
        guard unit.isRunning || isLate else { return }
        complaints.append(
            "the kubelet \(unit.isRunning ? "runs" : "starts") and is not well: \"journalctl -u kubelet\" says why")
        if state.kubeletSteadiness.unwell > Self.longestStart { troubled.append(Self.kubeletUnit) }
    }

    /// A kubelet that does not say that it is well by then is not merely on its way up.
    private static let longestStart = Duration.seconds(60)

    /// Without the seconds, which are others at each look.
    private mutating func decideOnClock(_ state: NodeState) {
        guard let ahead = state.serverAhead, abs(ahead) > EdgeChecks.notableSkew else { return }
        complaints.append(
            "the clock is \(ahead > 0 ? "behind" : "ahead of") the tenant's: set it, and see to it that it stays so "
                + "(\"timedatectl set-ntp true\", chrony)")
    }

    private mutating func decideOnAuthorities(_ state: NodeState) {
        guard let news = state.news, !state.authorityPEM.isEmpty, news.authorityPEM != state.authorityPEM else {
            return
        }
        actions.append(.takeAuthorities(news.authorityPEM))
    }

    /// Once the node trusts all that the tenant does: until then it might be given what it does not take.
    private mutating func decideOnFormerAuthority(_ state: NodeState) {
        guard state.news == nil || state.news?.authorityPEM == state.authorityPEM,
            let certificate = state.agentCertificate, certificate.isValid(at: state.now)
        else { return }
        let isKubelets = if case .valid = state.kubeletCertificate { state.kubeletStanding == .former } else { false }
        guard state.agentStanding == .former || isKubelets else {
            // Not before: the kubelet's own certificate shows that the present authority signs by now.
            if case .valid = state.kubeletCertificate, state.kubeletStanding == .present,
                let serving = state.servingStanding, serving != .present
            {
                actions.append(.renewServing)
            }
            return
        }
        actions.append(.renewOfAuthority(agent: state.agentStanding == .former, kubelet: isKubelets))
    }

    /// What was there when the node was looked at first is no wish of its.
    private mutating func decideOnRestart(_ state: NodeState) {
        guard let wishes = state.news?.restarts, let followed = state.followedRestarts, wishes.isNew(after: followed),
            state.kubelet?.isRunning == true
        else { return }
        actions.append(.restartKubelet(wishes))
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
        } else if state.agentStanding == .foreign {
            state.hasReturnCredential
                ? actions.append(.comeBack)
                : complaints.append(
                    "the agent's certificate is of an authority that the tenant trusts no more, and there is no "
                        + "credential to come back with: \"kamaji-agent join\" with a new token")
        } else if let renewal = state.renewal, state.now >= renewal {
            actions.append(.renewAgent)
        }
    }

    private mutating func decideOnKubeletCertificate(_ state: NodeState) {
        switch state.kubeletCertificate {
        case .valid:
            if !state.hasKubeconfig { actions.append(.writeKubeconfig) }
            if state.holdsBootstrapToken { actions.append(.retireBootstrapToken) }
        case .missing: actions.append(.renewKubelet(why: "it has none"))
        case .wrong(let why): actions.append(.renewKubelet(why: why))
        }
    }

    /// A node without its kubelet is none: what does not run is started, more and more seldom. Only what was masked stays.
    private mutating func decideOn(
        _ unit: String, _ state: UnitState?, _ steadiness: UnitSteadiness, _ now: Date, _ backoff: RepairBackoff
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
        // Systemd starts it again by itself, for as long as it takes: nothing else would say that it does not help.
        if state.waitsForRestart || steadiness.restarts > 1 {
            complaints.append("\(unit) ends again and again: \"journalctl -u \(unit)\" says why")
            troubled.append(unit)
        }
        guard !state.isRunning, !state.isStarting else { return }
        let hasFailed = state.active == "failed"
        if hasFailed, !troubled.contains(unit) { troubled.append(unit) }
        let action = Action.startUnit(unit, why: hasFailed ? state.result : state.active)
        guard backoff.mayTry(action.key, at: now) else {
            complaints.append("\(unit) is \(state.active) (\(state.result)) and is started again later")
            return
        }
        actions.append(action)
    }
}

extension RepairPlan.Action {
    /// One word, for counting.
    var kind: String {
        switch self {
        case .startUnit: "start-unit"
        case .rewriteFiles: "rewrite-files"
        case .writeKubeconfig: "write-kubeconfig"
        case .retireBootstrapToken: "retire-bootstrap-token"
        case .takeAuthorities: "take-authorities"
        case .renewOfAuthority: "renew-of-authority"
        case .renewServing: "renew-serving"
        case .restartKubelet: "restart-kubelet"
        case .renewAgent: "renew-agent"
        case .comeBack: "come-back"
        case .renewKubelet: "renew-kubelet"
        }
    }

    /// By which one knows that the same was tried before.
    package var key: String {
        switch self {
        case .startUnit(let unit, _): "\(kind) \(unit)"
        case .rewriteFiles(let paths): "\(kind) \(paths.joined(separator: " "))"
        case .restartKubelet(let wishes): "\(kind) \(wishes.json)"
        default: kind
        }
    }

    /// Between two tries, in seconds.
    package var longestPause: TimeInterval {
        switch self {
        // The certificates are good as they are, and each try is a request that the tenant keeps for an hour.
        case .renewOfAuthority, .renewServing: 6 * 3600
        case .renewAgent: 3600
        default: 600
        }
    }

    /// Whether a restart of the agent is no reason to try at once. What does not run is started at each boot.
    package static func isRemembered(_ key: String) -> Bool { !key.hasPrefix("start-unit") }
}
