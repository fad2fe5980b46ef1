import KubeObjects
import NodeIdentity

/// Makes a `JoinConfiguration` of what was asked for, as kubeadm does: a configuration file is complete in itself and
/// goes with few flags; what nobody said has kubeadm's default.
package struct JoinConfigurationReader: Sendable {
    /// What was strange and is no reason to stop.
    package private(set) var warnings: [String] = []
    private let hostName: String

    package init(hostName: String) { self.hostName = hostName }

    package mutating func read(_ request: JoinRequest) throws(JoinInputError) -> JoinConfiguration {
        var draft = JoinDraft()
        if let text = request.configuration {
            try refuseMixing(request)
            let document = try JoinDocument(yaml: text)
            warnings += document.warnings
            draft = try document.draft()
        }
        try lay(request, over: &draft)
        return try complete(draft)
    }

    /// kubeadm lets these few stand beside `--config`, for their values are not in the file.
    private func refuseMixing(_ request: JoinRequest) throws(JoinInputError) {
        var mixed: [String] = []
        if request.target != nil { mixed.append("the endpoint") }
        if request.token != nil { mixed.append("--token") }
        if request.discoveryToken != nil { mixed.append("--discovery-token") }
        if request.tlsBootstrapToken != nil { mixed.append("--tls-bootstrap-token") }
        if !request.pins.isEmpty { mixed.append("--discovery-token-ca-cert-hash") }
        if request.skipsAuthorityVerification { mixed.append("--discovery-token-unsafe-skip-ca-verification") }
        if request.discoveryFile != nil { mixed.append("--discovery-file") }
        if request.criSocket != nil { mixed.append("--cri-socket") }
        if request.patchesDirectory != nil { mixed.append("--patches") }
        guard mixed.isEmpty else {
            throw JoinInputError(
                .configuration,
                "\(mixed.joined(separator: ", ")) cannot go with --config: write it into the file instead")
        }
    }

    private mutating func lay(_ request: JoinRequest, over draft: inout JoinDraft) throws(JoinInputError) {
        var secret = request.secret.map { $0.trimmingASCIISpace() } ?? ""
        var target = request.target
        // A join string may be typed, or lie in the file that keeps it off the command line.
        if JoinString.isMeant(secret) {
            guard target == nil else {
                throw JoinInputError(.joinString, "the join string names the endpoint: leave out \"\(target ?? "")\"")
            }
            target = secret
            secret = ""
        }
        if let target, JoinString.isMeant(target) {
            let joinString = try JoinString(target)
            guard request.pins.isEmpty, request.token == nil, request.discoveryToken == nil else {
                throw JoinInputError(
                    .joinString, "the join string holds the token and the CA pins: leave out the flags that do")
            }
            draft.endpoint = joinString.endpoint.description
            draft.pins = joinString.pins.map(\.description)
            draft.token = joinString.token.text
            draft.tunnels = joinString.tunnel.map { [$0.description] } ?? []
        } else if let target {
            draft.endpoint = target
        }
        if !secret.isEmpty { draft.token = draft.token ?? secret }
        if let token = request.token {
            draft.token = token
            draft.tlsBootstrapToken = draft.tlsBootstrapToken ?? token
        }
        if let token = request.discoveryToken { draft.token = token }
        if let token = request.tlsBootstrapToken { draft.tlsBootstrapToken = token }
        if !request.pins.isEmpty {
            draft.pins = request.pins.flatMap { $0.split(separator: ",").map { String($0).trimmingASCIISpace() } }
        }
        if request.skipsAuthorityVerification { draft.skipsAuthorityVerification = true }
        if let file = request.discoveryFile { draft.discoveryFile = file }
        if let name = request.nodeName { draft.nodeName = name }
        if let socket = request.criSocket { draft.criSocket = socket }
        if let directory = request.patchesDirectory { draft.patchesDirectory = directory }
        draft.ignoredChecks += request.ignoredChecks
        if !request.skippedPhases.isEmpty { draft.skippedPhases = request.skippedPhases }
        if request.isDryRun { draft.isDryRun = true }
        if !request.tunnels.isEmpty { draft.tunnels = request.tunnels }
    }

    private mutating func complete(_ draft: JoinDraft) throws(JoinInputError) -> JoinConfiguration {
        let discovery = try self.discovery(draft)
        var bootstrapToken: BootstrapToken?
        if let text = draft.tlsBootstrapToken { bootstrapToken = try BootstrapToken(parsing: text) }
        if case .token(let token) = discovery, bootstrapToken == nil { bootstrapToken = token.token }
        guard draft.authorityPath.hasPrefix("/"), draft.authorityPath.hasSuffix(".crt") else {
            throw JoinInputError(
                .configuration, "caCertPath is \"\(draft.authorityPath)\": give an absolute path that ends in .crt")
        }
        guard JoinConfiguration.mayHold(authority: draft.authorityPath) else {
            throw JoinInputError(
                .configuration,
                "caCertPath is \"\(draft.authorityPath)\": kamaji-agent.service follows the tenant's authorities and may write "
                    + "beneath \(JoinConfiguration.authorityFolders.joined(separator: " and ")) only; name a path there, "
                    + "or leave it out")
        }
        if let directory = draft.patchesDirectory, !directory.hasPrefix("/") {
            throw JoinInputError(.configuration, "patches.directory is \"\(directory)\": give an absolute path")
        }
        return JoinConfiguration(
            nodeName: try nodeName(draft), criSocket: try socket(draft.criSocket), taints: draft.taints,
            kubeletExtraArguments: draft.kubeletExtraArguments, ignoredChecks: try ignored(draft.ignoredChecks),
            authorityPath: draft.authorityPath, discovery: discovery, bootstrapToken: bootstrapToken,
            tunnels: try tunnels(draft.tunnels), skippedPhases: try skipped(draft.skippedPhases),
            patchesDirectory: draft.patchesDirectory,
            timeouts: draft.timeouts, isDryRun: draft.isDryRun)
    }

    private func ignored(_ names: [String]) throws(JoinInputError) -> Set<String> {
        let ignored = Set(names.map { $0.lowercased() })
        guard !ignored.contains("all") || ignored.count == 1 else {
            throw JoinInputError(
                .configuration, "ignorePreflightErrors has \"all\" beside other names: one or the other")
        }
        return ignored
    }

    /// kubeadm's phases of a control plane are none of a worker's: leaving them out changes nothing.
    private mutating func skipped(_ names: [String]) throws(JoinInputError) -> Set<String> {
        for name in names where name != JoinPhase.preflight.rawValue {
            let isControlPlanes =
                ["check-etcd", "etcd-join", "wait-control-plane"].contains(name)
                || ["control-plane-prepare", "control-plane-join"].contains { name == $0 || name.hasPrefix("\($0)/") }
            guard !isControlPlanes else { continue }
            let isKnown = JoinPhase(rawValue: name) != nil || name == "kubelet-wait-bootstrap"
            throw JoinInputError(
                .configuration,
                isKnown
                    ? "skipPhases has \"\(name)\", without which nothing is joined: preflight alone can be left out"
                    : "skipPhases has \"\(name)\", an invalid phase name: preflight is the one that can be left out")
        }
        return Set(names)
    }

    private func tunnels(_ texts: [String]) throws(JoinInputError) -> [JoinEndpoint] {
        var tunnels: [JoinEndpoint] = []
        for text in texts {
            do throws(JoinInputError) {
                tunnels.append(try JoinEndpoint(text, usualPort: JoinEndpoint.tunnelPort))
            } catch {
                throw JoinInputError(.endpoint, "--tunnel: \(error.message)")
            }
        }
        return tunnels
    }

    /// For a request that names no target: goes on with an earlier join, with what is said anew in the place of what was
    /// said then.
    ///
    /// - Parameters:
    ///   - former: as `JoinConfiguration.json` wrote it.
    ///   - left: the token that lies on this machine still.
    package mutating func resume(
        _ former: JSON, left: BootstrapToken?, _ request: JoinRequest
    ) throws(JoinInputError) -> JoinConfiguration {
        guard var configuration = JoinConfiguration(resuming: former, token: left) else {
            throw JoinInputError(
                .configuration, "the journal does not say enough to go on: give the arguments of the join once more")
        }
        guard request.pins.isEmpty, request.discoveryToken == nil, !request.skipsAuthorityVerification else {
            throw JoinInputError(
                .configuration, "what is said about finding the tenant needs HOST:PORT too, or is left out to go on")
        }
        let secret = request.secret.map { $0.trimmingASCIISpace() } ?? ""
        if let text = request.tlsBootstrapToken ?? request.token ?? (secret.isEmpty ? nil : secret) {
            configuration.bootstrapToken = try BootstrapToken(parsing: text)
        }
        if let name = request.nodeName {
            var draft = JoinDraft()
            draft.nodeName = name
            configuration.nodeName = try nodeName(draft)
        }
        if let text = request.criSocket { configuration.criSocket = try socket(text) }
        if let directory = request.patchesDirectory { configuration.patchesDirectory = directory }
        if !request.ignoredChecks.isEmpty { configuration.ignoredChecks = try ignored(request.ignoredChecks) }
        if !request.skippedPhases.isEmpty { configuration.skippedPhases = try skipped(request.skippedPhases) }
        if !request.tunnels.isEmpty { configuration.tunnels = try tunnels(request.tunnels) }
        configuration.isDryRun = request.isDryRun
        return configuration
    }

    private func discovery(_ draft: JoinDraft) throws(JoinInputError) -> JoinConfiguration.Discovery {
        if let file = draft.discoveryFile {
            guard draft.endpoint == nil, draft.token == nil || draft.tlsBootstrapToken == draft.token else {
                throw JoinInputError(
                    .configuration, "discovery is by bootstrapToken or by file: one of the two has to go")
            }
            if let mark = file.firstRange(of: "://") {
                let scheme = file[..<mark.lowerBound]
                if scheme == "file" { return .file(String(file[mark.upperBound...])) }
                guard scheme == "https" else {
                    throw JoinInputError(
                        .configuration, "the discovery file is at \"\(scheme)://\": give a path, file:// or https://")
                }
            } else if !file.hasPrefix("/") {
                throw JoinInputError(.configuration, "the discovery file is \"\(file)\": give an absolute path")
            }
            return .file(file)
        }
        guard let endpoint = draft.endpoint else {
            throw JoinInputError(
                .endpoint,
                draft.isOfFile
                    ? "the configuration does not say where to join: it has neither "
                        + "discovery.bootstrapToken.apiServerEndpoint (HOST:PORT) nor discovery.file.kubeConfigPath"
                    : "where to? Give HOST:PORT, a join string, --config or --discovery-file")
        }
        guard let token = draft.token else {
            let flag = draft.isOfFile ? "the field discovery.bootstrapToken.token" : "--token"
            throw JoinInputError(
                .token, "a bootstrap token is missing: --token-file, the systemd credential join-token, or \(flag)")
        }
        guard !draft.pins.isEmpty || draft.skipsAuthorityVerification else {
            throw JoinInputError(
                .pin,
                draft.isOfFile
                    ? "no CA pin was given: write discovery.bootstrapToken.caCertHashes into the configuration, or "
                        + "trust whoever answers with discovery.bootstrapToken.unsafeSkipCAVerification: true"
                    : "no CA pin was given: pass --discovery-token-ca-cert-hash, or trust whoever answers with "
                        + "--discovery-token-unsafe-skip-ca-verification")
        }
        var pins: [AuthorityPin] = []
        for text in draft.pins { pins.append(try AuthorityPin(text)) }
        return .token(
            JoinConfiguration.TokenDiscovery(
                endpoint: try JoinEndpoint(endpoint), token: try BootstrapToken(parsing: token), pins: pins,
                skipsAuthorityVerification: draft.skipsAuthorityVerification))
    }

    /// `hostname-override` among the kubelet's arguments comes first, as kubeadm has it; the last one wins.
    private func nodeName(_ draft: JoinDraft) throws(JoinInputError) -> NodeName {
        let override = draft.kubeletExtraArguments.last { $0.name == "hostname-override" }?.value
        let given = override ?? draft.nodeName ?? hostName
        if let name = NodeName(ofHost: given) { return name }
        throw JoinInputError(
            .nodeName,
            given.trimmingASCIISpace().isEmpty
                ? "this machine has no host name: set one, or pass --node-name"
                : "\"\(given)\" is no name of a node (a DNS name, as RFC 1123 has it): pass --node-name")
    }

    private mutating func socket(_ text: String?) throws(JoinInputError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        if text.hasPrefix("unix:///") { return text }
        guard text.hasPrefix("/") else {
            throw JoinInputError(.configuration, "criSocket is \"\(text)\": give unix:// and an absolute path")
        }
        warnings.append("criSocket is \"\(text)\" without a scheme: taken as unix://\(text)")
        return "unix://\(text)"
    }
}
