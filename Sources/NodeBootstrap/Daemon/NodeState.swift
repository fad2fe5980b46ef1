import FoundationEssentials
import PKI
import Systemd

/// How a node that has joined stands, as far as its agent looks. Values only: `RepairPlan` judges them.
package struct NodeState: Sendable {
    package var now: Date
    /// Nil where no systemd runs.
    package var kubelet: UnitState?
    package var runtime: UnitState?
    package var runtimeUnit: String?
    package var kubeletSteadiness = UnitSteadiness()
    package var runtimeSteadiness = UnitSteadiness()
    /// What the kubelet answers about itself; nil when it does not say.
    package var isKubeletWell: Bool?
    package var kubeletCertificate: KubeletCertificate.Finding
    package var hasKubeconfig: Bool
    /// Whether what the kubelet asked for its first certificate with lies there still.
    package var holdsBootstrapToken = false
    /// Files that the join wrote and that are gone.
    package var missingFiles: [String]
    /// Files that somebody changed since: theirs to decide on.
    package var changedFiles: [String]
    package var agentCertificate: Certificate?
    /// When the agent's certificate is to be renewed.
    package var renewal: Date?
    package var hasReturnCredential: Bool
    /// What the tenant said when it was asked last; nil before it was.
    package var news: TenantNews?
    /// How far the tenant's clock was ahead of this node's when it was asked last, in seconds; nil when that is not known.
    package var serverAhead: TimeInterval?
    /// The authorities that this node trusts.
    package var authorityPEM: [UInt8] = []
    /// Whether the certificates come from the tenant at all, and from the authority that it signs with now: the first of
    /// those that it trusts.
    package var agentStanding = CertificateStanding.present
    package var kubeletStanding = CertificateStanding.present
    /// Of the kubelet's serving certificate; nil where it has none of the tenant's.
    package var servingStanding: CertificateStanding?
    package var servingCertificate: Certificate?
    /// That signs for the tenant.
    package var authority: Certificate?
    /// The tenant's wishes for restarts of the kubelet that this node has followed; nil where it never looked.
    package var followedRestarts: RestartWishes?
    /// Whether an upgrade was begun that has not come to its end.
    package var isUpgradeUnfinished = false

    /// Adds what earlier looks tell.
    ///
    /// - Parameter histories: by unit.
    mutating func noteSteadiness(_ histories: inout [String: UnitHistory], at now: Duration) {
        if let kubelet {
            kubeletSteadiness = histories[RepairPlan.kubeletUnit, default: UnitHistory()]
                .note(kubelet, isWell: isKubeletWell, at: now)
        }
        if let runtimeUnit, let runtime {
            runtimeSteadiness = histories[runtimeUnit, default: UnitHistory()].note(runtime, isWell: nil, at: now)
        }
    }

    package enum CertificateStanding: Sendable, Hashable {
        /// Of the authority that signs now.
        case present
        /// Of one that is trusted still, and was replaced.
        case former
        /// Of one that is trusted no more.
        case foreign

        /// - Parameter authorities: that are trusted, the one that signs first.
        package init(of certificate: Certificate, _ authorities: [Certificate]) {
            if authorities.isEmpty || authorities.first.map({ certificate.isIssued(by: $0) }) == true {
                self = .present
            } else {
                self = authorities.contains { certificate.isIssued(by: $0) } ? .former : .foreign
            }
        }
    }

    package init(
        now: Date, kubeletCertificate: KubeletCertificate.Finding, hasKubeconfig: Bool = true,
        missingFiles: [String] = [], changedFiles: [String] = [], agentCertificate: Certificate? = nil,
        renewal: Date? = nil, hasReturnCredential: Bool = false
    ) {
        self.now = now
        self.kubeletCertificate = kubeletCertificate
        self.hasKubeconfig = hasKubeconfig
        self.missingFiles = missingFiles
        self.changedFiles = changedFiles
        self.agentCertificate = agentCertificate
        self.renewal = renewal
        self.hasReturnCredential = hasReturnCredential
    }
}
