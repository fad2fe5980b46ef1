import NodeIdentity

/// What somebody asked for on the command line, as it was typed. Nil and empty is not given.
package struct JoinRequest: Sendable {
    /// `HOST:PORT`, or a join string `kamaji1:…`.
    package var target: String?
    /// The content of the file that `--config` names.
    package var configuration: String?
    /// From a file, standard input or a systemd credential: a bootstrap token or a join string.
    package var secret: String?
    package var token: String?
    package var discoveryToken: String?
    package var tlsBootstrapToken: String?
    package var pins: [String] = []
    package var skipsAuthorityVerification = false
    package var discoveryFile: String?
    package var nodeName: String?
    package var criSocket: String?
    package var patchesDirectory: String?
    package var ignoredChecks: [String] = []
    package var skippedPhases: [String] = []
    package var isDryRun = false
    /// `HOST:PORT` of each of the tenant's tunnel servers.
    package var tunnels: [String] = []

    package init() {}

    /// Whether anything says where to join. A token alone does not: it is for a join that was begun.
    package var namesTarget: Bool {
        target != nil || configuration != nil || discoveryFile != nil
            || secret.map(JoinString.isMeant) == true
    }
}
