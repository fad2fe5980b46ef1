import FoundationEssentials
import Konnectivity
import KubeClient
import KubeObjects
import Logging
import NodeIdentity
import PKI
import Synchronization
import Systemd

/// The node's agent as a service: looks at the node again and again, mends what is wrong, and says how it stands. A
/// machine that has not joined is waited for; the tunnel runs beside, and neither ends the other.
package struct NodeDaemon: Sendable {
    private let environment: NodeEnvironment
    private let version: String
    private let tunnels: (any NodeTunnelMaker)?
    private let heartbeat: Heartbeat
    private let board: NodeBoard
    private let live: LiveSettings
    /// Held while something is changed, so that a join or reset by hand is not disturbed.
    private let lock: @Sendable () async throws -> HostLock?
    /// Is told one line whenever it changes.
    private let status: @Sendable (String) -> Void
    private let interval: Duration
    /// Of the renewal window; every node has its own place in it, so that a fleet does not come at once.
    private let renewalPlace: Double

    package init(
        _ environment: NodeEnvironment, version: String, tunnels: (any NodeTunnelMaker)?, heartbeat: Heartbeat,
        board: NodeBoard, live: LiveSettings = LiveSettings(), lock: @escaping @Sendable () async throws -> HostLock?,
        interval: Duration = .seconds(10),
        renewalPlace: Double = .random(in: 0..<1),
        status: @escaping @Sendable (String) -> Void
    ) {
        self.environment = environment
        self.version = version
        self.tunnels = tunnels
        self.heartbeat = heartbeat
        self.board = board
        self.live = live
        self.lock = lock
        self.interval = interval
        self.renewalPlace = renewalPlace
        self.status = status
    }

    /// Tells that the loop goes round: the watchdog speaks for it only while it does.
    package final class Heartbeat: Sendable {
        private let last = Mutex(ContinuousClock.now)

        package init() {}

        package func beat() { last.withLock { $0 = .now } }

        /// A look with requests that time out takes minutes at worst.
        package func isAlive(within limit: Duration) -> Bool { last.withLock { ContinuousClock.now - $0 } < limit }
    }

    private typealias Membership = NodeTunnelSettings

    /// What the machine belongs to is something else from now on: everything begins anew.
    private struct MembershipChange: Error {}

    /// Ends by cancellation, and with `JournalReplaced` when the machine was reset.
    package func run() async throws {
        while true {
            let membership = try await self.membership()
            let tunnel = try await tunnels?.tunnel(for: membership)
            board.note(membership, tunnel)
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    if let tunnel {
                        group.addTask { await keepUp(tunnel) }
                    }
                    group.addTask { try await watchOver(membership, tunnel) }
                    // What is thrown first ends the other too.
                    while try await group.next() != nil {}
                }
            } catch is MembershipChange {
                environment.log.notice("this machine's membership has changed")
            }
        }
    }

    private func membership() async throws -> Membership {
        while true {
            heartbeat.beat()
            if let membership = try await present() { return membership }
            status("not joined: \"kamaji-agent join\"")
            // A join that is under way shall find its tunnel up when it starts the kubelet.
            try await environment.pacing.sleep(.seconds(1))
        }
    }

    /// Nil while this machine belongs to nobody.
    private func present() async throws -> Membership? {
        guard try await environment.journal.isInPlace() else { throw JournalReplaced() }
        return try await Membership.read(environment.journal)
    }

    /// What is noted now of the membership that `former` is of.
    private func present(_ former: Membership, hasTunnel: Bool) async throws -> Membership {
        guard let now = try await present(), now.node == former.node, now.tenant.isSame(as: former.tenant),
            tunnels.map({ $0.leads(now) }) ?? false == hasTunnel
        else { throw MembershipChange() }
        return now
    }

    /// A tunnel that fails is begun again, and the rest of the agent goes on meanwhile.
    private func keepUp(_ tunnel: any NodeTunnel) async {
        while !Task.isCancelled {
            do {
                try await tunnel.run()
            } catch is CancellationError {
                return
            } catch {
                environment.log.error("the tunnel ended", metadata: ["error": "\(error)"])
            }
            try? await environment.pacing.sleep(.seconds(5))
        }
    }

    private func watchOver(_ former: Membership, _ tunnel: (any NodeTunnel)?) async throws {
        var membership = former
        var backoff = RepairBackoff(try await environment.journal.fact(Self.remembered) ?? .null)
        var reporting = ReportPacing()
        var quoting = LogQuoting()
        var histories: [String: UnitHistory] = [:]
        var listening = TenantListening(place: renewalPlace)
        if let tunnel { try await awaitConnection(tunnel) }
        while true {
            heartbeat.beat()
            try Task.checkCancellation()
            do {
                membership = try await present(membership, hasTunnel: tunnel != nil)
                let repair = NodeRepair(environment, membership.tenant, membership.node)
                await listening.listen(
                    environment, membership.tenant, membership.node, reloads: live.reloads)
                if let wishes = listening.news?.restarts { try await repair.takeNote(of: wishes) }
                heartbeat.beat()
                var state = try await repair.look(renewalPlace: renewalPlace, news: listening.news)
                state.serverAhead = listening.serverAhead
                state.noteSteadiness(&histories, at: environment.pacing.elapsed())
                let plan = RepairPlan(state, backoff: backoff)
                board.note(state, plan)
                for complaint in reporting.fresh(complaints: plan.complaints) {
                    environment.log.warning("needs attention", metadata: ["what": "\(complaint)"])
                }
                let failures = plan.troubled.map { state.failure(of: $0) }
                for quote in quoting.due(failures, at: environment.pacing.elapsed()) { await tell(quote) }
                if !plan.actions.isEmpty, let held = try await lock() {
                    for action in plan.actions {
                        heartbeat.beat()
                        // Before it: what ends this process counts as tried.
                        backoff.note(action.key, at: state.now, longest: action.longestPause)
                        try await environment.journal.setFact(
                            Self.remembered, backoff.json(of: RepairPlan.Action.isRemembered))
                        await perform(action, repair)
                    }
                    withExtendedLifetime(held) {}
                }
                let standing = await tunnel?.standing
                status(Self.line(membership.node, membership.tenant, state, plan, standing))
                await report(NodeReport(node: membership.node, version: version, plan: plan), membership, &reporting)
            } catch let error where error is CancellationError || error is MembershipChange || error is JournalReplaced
            {
                throw error
            } catch {
                environment.log.error("could not look at the node", metadata: ["error": "\(error)"])
            }
            heartbeat.beat()
            try await environment.pacing.sleep(interval)
        }
    }

    /// In the journal: what was tried and when.
    private static let remembered = "repairs"

    /// Before anything is started, so that a node can be reached through its tunnel from its first moment. A tunnel that
    /// leads nowhere does not keep the node from working.
    private func awaitConnection(_ tunnel: any NodeTunnel) async throws {
        _ = try await environment.pacing.poll(within: .seconds(5), every: .milliseconds(100)) {
            await tunnel.standing.status.isConnected ? true : nil
        }
    }

    private func perform(_ action: RepairPlan.Action, _ repair: NodeRepair) async {
        environment.log.notice("repairing", metadata: ["action": "\(action.text)"])
        do {
            try await repair.perform(action)
            board.note(action, succeeded: true)
            environment.log.notice("repaired", metadata: ["action": "\(action.text)"])
        } catch {
            board.note(action, succeeded: false)
            environment.log.error("repair failed", metadata: ["action": "\(action.text)", "error": "\(error)"])
        }
    }

    /// What a unit that fails has said before it did, so that one log tells the whole story.
    private func tell(_ quote: LogQuoting.Quote) async {
        let begin = environment.now().addingTimeInterval(-TimeInterval(quote.reach.components.seconds))
        for line in await UnitLog(environment).end(of: quote.unit, since: begin) {
            environment.log.warning("\(quote.unit) has logged", metadata: ["line": "\(line)"])
        }
    }

    private func report(_ report: NodeReport, _ membership: Membership, _ reporting: inout ReportPacing) async {
        let elapsed = environment.pacing.elapsed()
        guard reporting.isDue(report, at: elapsed),
            let identity = try? await AgentStore(environment.writer).identity(membership.node)
        else { return }
        let client = environment.client(
            identity.connection(
                membership.tenant.server, authorityPEM: membership.tenant.authorityPEM, proxies: environment.proxies))
        do {
            try await report.write(client, now: environment.now())
            reporting.written(report, at: elapsed)
        } catch let error as KubeError where error.isForbidden {
            if reporting.forbidden(at: elapsed) {
                environment.log.info("the tenant lets agents not write on their nodes", metadata: ["error": "\(error)"])
            }
        } catch {
            environment.log.debug("node not reported on", metadata: ["error": "\(error)"])
        }
    }

    static func line(
        _ node: NodeName, _ tenant: JoinedTenant, _ state: NodeState, _ plan: RepairPlan, _ tunnel: TunnelStanding?
    ) -> String {
        var parts = ["\(node) of \(tenant.server.dropFirst("https://".count))"]
        if let kubelet = state.kubelet { parts.append("kubelet \(kubelet.active)") }
        if case .valid(let certificate) = state.kubeletCertificate {
            parts.append("cert \(Int(certificate.notAfter.timeIntervalSince(state.now) / 86_400))d")
        } else {
            parts.append("kubelet without certificate")
        }
        if let tunnel { parts.append(tunnel.line) }
        if let first = plan.complaints.first ?? plan.actions.first?.text { parts.append(first) }
        return parts.joined(separator: "; ")
    }
}

/// The journal that this agent went by is not the machine's any more: there was a reset. Whoever starts the agent again
/// gives it the journal that is there now.
package struct JournalReplaced: Error, Sendable, Hashable, CustomStringConvertible {
    package init() {}

    package var description: String {
        "the journal \(Journal.path) was removed or replaced: this machine was reset, and the agent begins anew"
    }
}
