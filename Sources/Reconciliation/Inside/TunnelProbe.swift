import Blueprint
import HTTPTransport
import KubeClient
import KubeObjects

/// Dials nodes of one tenant the way its API server does for `kubectl logs`: through konnectivity.
struct TunnelProbe: Sendable {
    let client: KubeClient
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// Nodes dialled in a round before the tunnel is called silent: one dead node is not a dead tunnel.
    static let dials = 3
    /// An agent gives up a dial after five seconds; the rest is for the way there and back.
    static let patience = Duration.seconds(12)

    /// Looks again and again, until the task is cancelled, and shows each finding.
    func run(_ show: @Sendable (TunnelState) -> Void) async {
        while !Task.isCancelled {
            // A tenant that does not answer at all says nothing of its tunnel.
            let found = try? await look()
            if let found { show(found) }
            guard (try? await sleep(Self.pause(after: found))) != nil else { return }
        }
    }

    /// Often while somebody waits for the answer.
    static func pause(after state: TunnelState?) -> Duration {
        switch state {
        case .answered: .seconds(60)
        case .noAgent, .undialable: .seconds(10)
        case .silent, nil: .seconds(2)
        }
    }

    func look() async throws -> TunnelState {
        let ready = try await client.list(.nodes, namespace: nil).items.filter(Self.isReady)
        guard !ready.isEmpty else { return .noAgent }
        let dialable = ready.filter { NodeReach.undialable(of: $0) == nil }
        if dialable.isEmpty { return .undialable(message: Self.complaint(ready)) }
        var failures: [String] = []
        for node in dialable.shuffled().prefix(Self.dials) {
            do {
                // kubelet's own health, over the port that logs and exec take.
                let status = try await client.status(
                    of: "/api/v1/nodes/\(node.name)/proxy/healthz", within: Self.patience)
                if Self.isAnswer(status) { return .answered }
                failures.append("\(node.name) (\(status))")
            } catch let error as HTTPTransportError where error.code == .timedOut {
                // The API server answered a moment ago: what hangs is its way to the node.
                failures.append("\(node.name) (nothing within \(Self.patience.components.seconds) s)")
            }
        }
        return .silent(
            message:
                "no answer through konnectivity from Ready nodes: \(failures.joined(separator: ", ")); look at the "
                + "konnectivity agents and at the firewall before the tenant's konnectivity port")
    }

    /// Of nodes none of which can be dialled.
    static func complaint(_ nodes: [KubeObject]) -> String {
        let some = nodes.sorted { $0.name < $1.name }.prefix(dials).map {
            "\($0.name) (\(NodeReach.undialable(of: $0) ?? ""))"
        }
        return
            "no Ready node has an address under which others reach it: \(some.joined(separator: ", ")); start its kubelet "
            + "with --node-ip"
    }

    static func isReady(_ node: KubeObject) -> Bool {
        (node[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
        }
    }

    /// A kubelet that refuses has answered. What the API server says of itself when it cannot dial is 500 and above;
    /// a Node that went meanwhile is 404, and a busy API server 429.
    static func isAnswer(_ status: Int) -> Bool { status < 500 && status != 404 && status != 429 }
}
