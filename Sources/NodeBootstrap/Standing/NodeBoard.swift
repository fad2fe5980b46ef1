import FoundationEssentials
import NodeIdentity
import Synchronization

/// What the daemon last found and what it has done since its start, for whoever asks.
package final class NodeBoard: Sendable {
    private struct Content {
        var node: NodeName?
        var server: String?
        var state: NodeState?
        var plan: RepairPlan?
        var tunnel: (any NodeTunnel)?
        var repairs: [NodeStanding.Repair: UInt64] = [:]
    }

    private let content = Mutex(Content())
    private let journal: Journal
    private let version: String
    private let now: @Sendable () -> Date

    package init(_ environment: NodeEnvironment, version: String) {
        journal = environment.journal
        self.version = version
        now = environment.now
    }

    func note(_ settings: NodeTunnelSettings, _ tunnel: (any NodeTunnel)?) {
        content.withLock {
            $0.node = settings.node
            $0.server = settings.tenant.server
            $0.tunnel = tunnel
        }
    }

    func note(_ state: NodeState, _ plan: RepairPlan) {
        content.withLock { ($0.state, $0.plan) = (state, plan) }
    }

    func note(_ action: RepairPlan.Action, succeeded: Bool) {
        content.withLock { $0.repairs[NodeStanding.Repair(kind: action.kind, succeeded: succeeded), default: 0] += 1 }
    }

    package var standing: NodeStanding {
        get async {
            let content = content.withLock { $0 }
            var standing = NodeStanding(now: now(), version: version)
            standing.node = content.node?.text
            standing.server = content.server
            standing.state = content.state
            standing.complaints = content.plan?.complaints ?? []
            standing.actions = content.plan?.actions.map(\.text) ?? []
            standing.repairs = content.repairs
            standing.tunnel = await content.tunnel?.standing
            if let runs = try? await journal.runs("join") { standing.joins = runs }
            return standing
        }
    }
}
