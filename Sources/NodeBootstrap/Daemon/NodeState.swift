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
    /// What the kubelet answers about itself; nil when it does not say.
    package var isKubeletWell: Bool?
    package var kubeletCertificate: KubeletCertificate.Finding
    package var hasKubeconfig: Bool
    /// Files that the join wrote and that are gone.
    package var missingFiles: [String]
    /// Files that somebody changed since: theirs to decide on.
    package var changedFiles: [String]
    package var agentCertificate: Certificate?
    /// When the agent's certificate is to be renewed.
    package var renewal: Date?
    package var hasReturnCredential: Bool
    /// Whether the tenant answered lately.
    package var isTenantReached: Bool?

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
