import ArgumentParser
import FoundationEssentials
import KubeObjects
import NodeBootstrap
import NodeIdentity

struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Make this machine a node, or go on with a join that was interrupted.",
        discussion: """
            The flags are kubeadm's. A token is better in a file, or in the systemd credential "join-token", than among \
            the arguments, which every user of the machine can read. Each may hold a token or a whole join string.

            Run it once more at any time: what is done is left as it is, what is missing is done. Without a target it \
            goes on with the join that the journal knows, with whatever else is said in place of what was said then: \
            another token, another tunnel.
            """)

    @Argument(help: "HOST:PORT of the tenant's API, or a join string kamaji1:...")
    var target: String?

    @Option(help: "A JoinConfiguration (kubeadm.k8s.io/v1beta4).")
    var config: String?

    @Option(help: "The bootstrap token; for discovery and for the certificate.")
    var token: String?

    @Option(help: "A file that holds the token or a join string; - is standard input.")
    var tokenFile: String?

    @Option(help: "The bootstrap token for discovery, where it is another one.")
    var discoveryToken: String?

    @Option(help: "The bootstrap token for the certificate, where it is another one.")
    var tlsBootstrapToken: String?

    @Option(help: "sha256: and the hash of a certificate authority's public key; can be given several times.")
    var discoveryTokenCaCertHash: [String] = []

    @Flag(help: "Trust whoever answers and knows the token.")
    var discoveryTokenUnsafeSkipCaVerification = false

    @Option(help: "A kubeconfig to find the tenant by: a path or an https:// URL.")
    var discoveryFile: String?

    @Option(help: "Name of the node. Without it: the host name.")
    var nodeName: String?

    @Option(help: "Socket of the container runtime.")
    var criSocket: String?

    @Option(help: "Folder of patches for the kubelet's configuration.")
    var patches: String?

    @Option(help: "HOST:PORT of the tenant's tunnel server; several times for several, which are tried in turn.")
    var tunnel: [String] = []

    @Option(help: "Names of checks whose errors are warnings, parted by commas; all is every one.")
    var ignorePreflightErrors: [String] = []

    @Option(help: "Names of phases to leave out, parted by commas.")
    var skipPhases: [String] = []

    @Option(help: "How long to wait for the Node to be Ready, in seconds, before the join ends without that.")
    var waitReady = 60

    @Flag(help: "Check this machine, find the tenant and ask whether it would take it; change nothing.")
    var dryRun = false

    @OptionGroup var machine: MachineOptions

    @OptionGroup(visibility: .hidden) var controlPlane: ControlPlaneOptions

    func validate() throws {
        guard (0...86_400).contains(waitReady) else {
            throw ValidationError("--wait-ready is \(waitReady): give 0 to 86400 seconds")
        }
        guard token == nil || tokenFile == nil else {
            throw ValidationError("--token and --token-file: one of the two")
        }
        if let patches, !patches.hasPrefix("/"), machine.root != "/" {
            throw ValidationError("--patches is \"\(patches)\": give an absolute path beside --root")
        }
        try controlPlane.refuse()
    }

    func run() async throws {
        let display = ProgressDisplay(machine.output)
        let assembly = try await AgentAssembly(machine)
        if dryRun {
            try await assembly.trialEnvironment { environment in
                try await check(environment, try await self.configuration(environment, display), display)
            }
            return
        }
        let lock = try await assembly.lockPatiently()
        defer { withExtendedLifetime(lock) {} }
        let environment = try await assembly.environment()
        if let damaged = environment.journal.damagedPath {
            display.show(
                JoinEvent.warning("the journal was damaged and is kept as \(damaged): what lies here counts as foreign")
            )
        }
        let configuration = try await self.configuration(environment, display)
        // A configuration file may ask for it too.
        if configuration.isDryRun { return try await check(environment, configuration, display) }
        do {
            let outcome = try await JoinRun(environment, configuration, readyPatience: .seconds(waitReady)) {
                display.show($0)
            }.run()
            display.end(
                outcome.isReady
                    ? "Node \(outcome.node) has joined \(outcome.server) and is Ready."
                    : "Node \(outcome.node) has joined \(outcome.server). It is not Ready yet.",
                "joined",
                [
                    "node": .string(outcome.node.text), "server": .string(outcome.server),
                    "ready": .bool(outcome.isReady),
                ])
        } catch let failure as JoinFailure {
            display.fail(
                """
                The join stopped in phase \(failure.phase.rawValue). Run "kamaji-agent join" again to go on from there;
                "kamaji-agent doctor" looks for the cause.
                """)
            throw ExitCode(1)
        }
    }

    private func configuration(
        _ environment: NodeEnvironment, _ display: ProgressDisplay
    ) async throws -> JoinConfiguration {
        let request = try request()
        var reader = JoinConfigurationReader(hostName: HostNetwork.hostName)
        let configuration: JoinConfiguration
        if request.namesTarget {
            configuration = try reader.read(request)
        } else if let former = try await environment.journal.fact("join") {
            let left = try await environment.writer.read(KubeletFiles.bootstrapKubeconfigPath)
                .flatMap { try? Kubeconfig(yaml: String(decoding: $0, as: UTF8.self)).currentUser?.token }
            configuration = try reader.resume(former, left: left.flatMap { BootstrapToken($0) }, request)
        } else {
            throw WrongUsage(
                "where to? Give HOST:PORT, a join string, --config or --discovery-file (this machine has not begun "
                    + "to join anything)")
        }
        for warning in reader.warnings { display.show(JoinEvent.warning(warning)) }
        return configuration
    }

    private func request() throws -> JoinRequest {
        var request = JoinRequest()
        request.target = target
        if let config {
            request.configuration = String(decoding: try SmallFile.read(config, "--config"), as: UTF8.self)
        }
        request.secret = try secret()
        request.token = token
        request.discoveryToken = discoveryToken
        request.tlsBootstrapToken = tlsBootstrapToken
        request.pins = discoveryTokenCaCertHash
        request.skipsAuthorityVerification = discoveryTokenUnsafeSkipCaVerification
        request.discoveryFile = discoveryFile
        request.nodeName = nodeName
        request.criSocket = criSocket
        request.patchesDirectory = patches.map { patches in
            patches.hasPrefix("/") ? patches : "\(FileManager.default.currentDirectoryPath)/\(patches)"
        }
        request.ignoredChecks = ignorePreflightErrors.flatMap { $0.split(separator: ",").map(String.init) }
        request.skippedPhases = skipPhases.flatMap { $0.split(separator: ",").map(String.init) }
        request.isDryRun = dryRun
        request.tunnels = tunnel
        return request
    }

    /// From a file, standard input or the credential that systemd hands this unit; empty there is "none".
    private func secret() throws -> String? {
        if let tokenFile {
            let path = tokenFile == "-" ? "/dev/stdin" : tokenFile
            return String(decoding: try SmallFile.read(path, "--token-file"), as: UTF8.self)
        }
        guard let folder = ProcessEnvironment.current["CREDENTIALS_DIRECTORY"],
            let content = try? SmallFile.read("\(folder)/join-token", "join-token"), !content.isEmpty
        else { return nil }
        return String(decoding: content, as: UTF8.self)
    }

    /// Looks and asks, and changes nothing.
    private func check(
        _ environment: NodeEnvironment, _ configuration: JoinConfiguration, _ display: ProgressDisplay
    ) async throws {
        let rehearsal = try await JoinRun(environment, configuration, report: { display.show($0) }).rehearse()
        var json = rehearsal.json
        json["node"] = .string(configuration.nodeName.text)
        display.end(rehearsal.text, "rehearsed", json)
        guard rehearsal.isFit else { throw ExitCode(1) }
    }
}
