import FoundationEssentials
import HTTPTransport
import Konnectivity
import KubeClient
import KubeObjects
import Logging
import NodeIdentity
import PKI
import Sockets
import Synchronization

/// Makes the tunnel of a node from what its journal says.
package struct KonnectivityTunnelMaker: NodeTunnelMaker {
    private let environment: NodeEnvironment
    private let live: LiveSettings
    private let renewalPlace: Double

    package init(
        _ environment: NodeEnvironment, _ live: LiveSettings = LiveSettings(),
        renewalPlace: Double = .random(in: 0..<1)
    ) {
        self.environment = environment
        self.live = live
        self.renewalPlace = renewalPlace
    }

    package func leads(_ node: NodeTunnelSettings) -> Bool {
        !Self.endpoints(node, live.current.tunnel).isEmpty
    }

    package func tunnel(for node: NodeTunnelSettings) async throws -> (any NodeTunnel)? {
        guard leads(node) else {
            environment.log.notice("no tunnel: the join named no server (\"kamaji-agent join --tunnel HOST:PORT\")")
            return nil
        }
        return try KonnectivityTunnel(environment, node, live, renewalPlace: renewalPlace)
    }

    /// The administrator's word comes before the join's.
    static func endpoints(_ node: NodeTunnelSettings, _ wishes: AgentSettings.Tunnel) -> [JoinEndpoint] {
        wishes.servers.isEmpty ? node.endpoints : wishes.servers
    }
}

/// Holds the tunnel, and keeps it in step with the node: its addresses, its tenant's authorities, the agent's identity.
/// Nothing of it needs a kubelet.
package final class KonnectivityTunnel: NodeTunnel {
    private let environment: NodeEnvironment
    private let tokens: TunnelTokens
    /// For looking names up, which may take long.
    private let thread: WorkThread
    private let interval: Duration
    private let live: LiveSettings

    private struct State {
        var settings: NodeTunnelSettings
        /// The administrator's, as they were followed last.
        var wishes: AgentSettings.Tunnel
        var plan: TunnelPlan?
        var tunnel: Tunnel?
        /// Tunnels so far, by their number: what holds them, and those that have ended.
        var begun = 0
        var holders: [Int: Task<Void, Never>] = [:]
        var ended: Set<Int> = []
        /// What ended the tunnel that should be there.
        var failure: (any Error)?
        var certificate: Certificate?
        /// The tenant knows this node by something else than when the tunnel last got its token.
        var isAnother = false
        var node: KubeObject?
        var trouble: String?
    }

    private let state: Mutex<State>

    /// - Parameter interval: between two looks at what the tunnel depends on.
    init(
        _ environment: NodeEnvironment, _ settings: NodeTunnelSettings, _ live: LiveSettings, renewalPlace: Double,
        interval: Duration = .seconds(30)
    ) throws {
        self.environment = environment
        self.interval = interval
        self.live = live
        thread = try WorkThread()
        state = Mutex(State(settings: settings, wishes: live.current.tunnel))
        tokens = TunnelTokens(place: renewalPlace, elapsed: environment.pacing.elapsed) {
            [environment] in
            let settings = try await NodeTunnelSettings.read(environment.journal) ?? settings
            return try await TunnelToken.ask(try await Self.client(environment, settings))
        }
    }

    private static func client(
        _ environment: NodeEnvironment, _ settings: NodeTunnelSettings
    ) async throws -> KubeClient {
        guard let identity = try await AgentStore(environment.writer).identity(settings.node) else {
            throw TunnelTokenError(description: "the agent has no certificate to ask for the tunnel's token with")
        }
        return environment.client(
            identity.connection(
                settings.tenant.server, authorityPEM: settings.tenant.authorityPEM, proxies: environment.proxies))
    }

    // MARK: Running

    package func run() async throws {
        state.withLock { $0.failure = nil }
        defer { for holder in state.withLock({ $0.holders.values }) { holder.cancel() } }
        do {
            while true {
                try await refresh()
                try await pause()
                if let failure = state.withLock({ $0.failure }) {
                    state.withLock { ($0.tunnel, $0.plan) = (nil, nil) }
                    throw failure
                }
            }
        } catch let error as CancellationError {
            // What goes through it may come to an end; the tunnel itself knows for how long.
            state.withLock { $0.tunnel }?.drain()
            for holder in state.withLock({ $0.holders.values }) { await holder.value }
            throw error
        }
    }

    /// Until the next look; no longer than a second once somebody has set something else.
    private func pause() async throws {
        var left = interval
        while left > .zero, live.current.tunnel == state.withLock({ $0.wishes }) {
            try await environment.pacing.sleep(min(.seconds(1), left))
            left -= .seconds(1)
        }
    }

    /// Looks at everything that the tunnel follows from, and at what has changed.
    private func refresh() async throws {
        try Task.checkCancellation()
        var trouble: String?
        if let settings = try? await NodeTunnelSettings.read(environment.journal) {
            let old = state.withLock { state in
                defer { state.settings = settings }
                return state.settings.tenant
            }
            if old != settings.tenant { state.withLock { $0.isAnother = true } }
        }
        let wishes = live.current.tunnel
        let settings = state.withLock { state in
            if state.wishes.authentication != wishes.authentication { state.isAnother = true }
            state.wishes = wishes
            return state.settings
        }
        let endpoints = KonnectivityTunnelMaker.endpoints(settings, wishes)
        let certificate = try? await AgentStore(environment.writer).identity(settings.node)?.certificate
        let former = state.withLock { state in
            defer { state.certificate = certificate ?? state.certificate }
            return state.certificate
        }
        if let former, let certificate, former != certificate { state.withLock { $0.isAnother = true } }
        do {
            if state.withLock({ $0.isAnother }) { try await becomeAnother(wishes) }
            // Before it is needed.
            if wishes.authentication == .token { _ = try await tokens.current() }
            let client = try await Self.client(environment, settings)
            let node = try await client.find(.nodes, ObjectKey(namespace: nil, name: settings.node.text))
            state.withLock { $0.node = node }
        } catch let error as CancellationError {
            throw error
        } catch {
            trouble = "\(error)"
        }
        try Task.checkCancellation()
        defer { state.withLock { $0.trouble = trouble } }
        guard let first = endpoints.first else { return }
        do {
            follow(
                try TunnelPlan(
                    settings, endpoints: endpoints, wishes: wishes, vantage: await vantage(first),
                    node: state.withLock { $0.node }, proxy: environment.proxies.proxy(for: first.url)))
        } catch let error as TunnelPlanError {
            trouble = "\(error)"
        }
    }

    /// Another certificate, or other authorities: whatever was granted to who we were is asked for anew. The tunnel that
    /// there is stays until that was given.
    private func becomeAnother(_ wishes: AgentSettings.Tunnel) async throws {
        if wishes.authentication == .token { try await tokens.renew() }
        let tunnel = state.withLock { state in
            state.isAnother = false
            return state.tunnel
        }
        tunnel?.reconnect()
    }

    private func vantage(_ endpoint: JoinEndpoint) async throws -> TunnelVantage {
        try await thread.run {
            let servers = endpoint.address.map { [$0] } ?? (try? HostNetwork.resolve(endpoint.host).get()) ?? []
            var sources: [KubeObjects.IPAddress] = []
            for source in servers.compactMap({ HostNetwork.source(towards: $0) }) where !sources.contains(source) {
                sources.append(source)
            }
            return TunnelVantage(
                hostName: HostNetwork.hostName, addresses: HostNetwork.ownAddresses, sources: sources)
        }
    }

    /// Other rules go into the tunnel that there is; anything else needs another one, and the old ends in its own time.
    private func follow(_ plan: TunnelPlan) {
        let (old, former) = state.withLock { ($0.tunnel, $0.plan) }
        if let old, let former, former.configuration == plan.configuration {
            if former.policy != plan.policy { old.use(plan.policy) }
            state.withLock { $0.plan = plan }
            return
        }
        let tunnel = Tunnel(
            configuration: plan.configuration, credentials: { [self] in try await credentials() },
            refused: { [tokens] token in await tokens.refuse(token) }, dialPolicy: plan.policy,
            logger: environment.log)
        let number = state.withLock { state in
            (state.tunnel, state.plan) = (tunnel, plan)
            state.begun += 1
            return state.begun
        }
        environment.log.info(
            "tunnel",
            metadata: [
                "servers": "\(plan.configuration.servers)", "identifiers": "\(plan.configuration.identifiers.query)",
            ])
        old?.drain()
        let holder = Task { [self] in
            do {
                try await tunnel.run()
            } catch {
                state.withLock { if $0.tunnel === tunnel { $0.failure = error } }
            }
            _ = state.withLock { $0.ended.insert(number) }
        }
        state.withLock { state in
            state.holders[number] = holder
            for number in state.ended { state.holders[number] = nil }
            state.ended = []
        }
    }

    private func credentials() async throws -> TunnelCredentials {
        let (settings, wishes) = state.withLock { ($0.settings, $0.wishes) }
        let authorities = settings.tenant.authorityPEM
        switch wishes.authentication {
        case .token:
            return TunnelCredentials(certificateAuthorities: authorities, token: try await tokens.current().text)
        case .certificate:
            guard let identity = try await AgentStore(environment.writer).identity(settings.node) else {
                throw TunnelTokenError(description: "the agent has no certificate to show to the tunnel's server")
            }
            return TunnelCredentials(
                certificateAuthorities: authorities, clientCertificate: identity.certificate.pem,
                clientKey: identity.key.pem)
        }
    }

    // MARK: Standing

    package var standing: TunnelStanding {
        get async {
            let (tunnel, plan, trouble) = state.withLock { ($0.tunnel, $0.plan, $0.trouble) }
            let endpoints = state.withLock { KonnectivityTunnelMaker.endpoints($0.settings, $0.wishes) }
            var standing = TunnelStanding(
                endpoint: endpoints.map(\.description).joined(separator: ", "),
                status: await tunnel?.status ?? TunnelStatus())
            standing.identifiers = plan?.configuration.identifiers.query ?? ""
            standing.tokenEnd = await tokens.end
            standing.trouble = trouble
            return standing
        }
    }
}
