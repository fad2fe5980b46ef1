import NodeIdentity

/// What is said so far about a join, by a file and by flags, before it is checked and completed.
struct JoinDraft: Sendable {
    /// Whether a configuration file says it: what is missing is then named as its fields, for flags cannot go with it.
    var isOfFile = false
    var endpoint: String?
    var token: String?
    var pins: [String] = []
    var skipsAuthorityVerification = false
    var discoveryFile: String?
    var tlsBootstrapToken: String?
    var nodeName: String?
    var criSocket: String?
    var taints: [NodeTaint] = []
    var kubeletExtraArguments: [KubeletArgument] = []
    var ignoredChecks: [String] = []
    var authorityPath = JoinConfiguration.defaultAuthorityPath
    var skippedPhases: [String] = []
    var patchesDirectory: String?
    var tunnels: [String] = []
    var timeouts = JoinTimeouts()
    var isDryRun = false
}
