import CLibSSL
import Glibc
import Konnectivity
import Sockets

/// What runs on the server's thread.
package final class ServerCore {
    let settings: KonnectivityServer.Settings
    private let agentListener: Int32
    private let frontListener: Int32
    private let wakeUp: Int32
    private let context: OpaquePointer
    package private(set) var agents: [AgentPeer] = []
    private var fronts: [FrontPeer] = []
    /// Reads nothing from agents: to them it is as if the line were cut.
    package var isFrozen = false
    private var nextRandom: Int64 = 1
    /// Packets that came from agents, by type.
    package private(set) var seen: [String: Int] = [:]
    /// With which agents said that they closed something.
    package private(set) var errors: [String] = []

    init(
        _ identity: KonnectivityServer.Identity, _ settings: KonnectivityServer.Settings, agentListener: Int32,
        frontListener: Int32,
        wakeUp: Int32
    ) throws {
        self.settings = settings
        self.agentListener = agentListener
        self.frontListener = frontListener
        self.wakeUp = wakeUp
        context = try AgentPeer.context(identity, demandsCertificate: settings.token == nil)
    }

    deinit { SSL_CTX_free(context) }

    func turn() {
        // What a job has queued for an agent is no news that a poll would tell.
        for agent in agents where !isFrozen { agent.flush() }
        let shownAgents = isFrozen ? [] : agents
        let shownFronts = fronts
        var polled = [wakeUp, agentListener, frontListener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        polled += shownAgents.map {
            pollfd(fd: $0.descriptor, events: Int16($0.wantsToWrite ? POLLIN | POLLOUT : POLLIN), revents: 0)
        }
        polled += shownFronts.map {
            let mayRead = ($0.agent?.out.count ?? 0) < 1 << 20
            return pollfd(
                fd: $0.descriptor, events: Int16((mayRead ? POLLIN : 0) | ($0.out.isEmpty ? 0 : POLLOUT)), revents: 0)
        }
        guard poll(&polled, nfds_t(polled.count), 1000) > 0 else { return }
        if polled[0].revents != 0 {
            var value: UInt64 = 0
            _ = read(wakeUp, &value, 8)
        }
        if polled[1].revents != 0, case let descriptor = accept(agentListener, nil, nil), descriptor >= 0 {
            agents.append(AgentPeer(descriptor, context, self))
        }
        if polled[2].revents != 0, case let descriptor = accept(frontListener, nil, nil), descriptor >= 0 {
            fronts.append(FrontPeer(descriptor, self))
        }
        for (index, agent) in shownAgents.enumerated() where polled[3 + index].revents != 0 { agent.turn() }
        for (index, front) in shownFronts.enumerated() where polled[3 + shownAgents.count + index].revents != 0 {
            front.turn()
        }
        for agent in agents where !isFrozen { agent.flush() }
        for agent in agents where agent.isOver {
            for front in fronts where front.agent === agent { front.finish() }
        }
        agents.removeAll(where: \.isOver)
        fronts.removeAll { $0.isOver }
    }

    func close() {
        for peer in agents { peer.end() }
        for peer in fronts { peer.end() }
        Glibc.close(agentListener)
        Glibc.close(frontListener)
    }

    /// Asks the first agent that is not draining; it serves those too when there is no other.
    func dial(_ address: String, for front: FrontPeer) {
        let open = agents.filter(\.isOpen)
        guard let agent = open.first(where: { !$0.isDraining }) ?? open.first else {
            return front.refuse("No agent available")
        }
        front.agent = agent
        front.random = nextRandom
        nextRandom += 1
        agent.send(
            .dialRequest(Packet.DialRequest(network: "tcp", address: address, random: front.random)))
    }

    func receive(_ packet: Packet, from agent: AgentPeer) {
        if let kind = packet.kind { seen[kind.label, default: 0] += 1 }
        func front(_ id: ConnectionID) -> FrontPeer? { fronts.first { $0.agent === agent && $0.id == id } }
        switch packet {
        case .dialResponse(let random, let id, let error):
            guard let front = fronts.first(where: { $0.agent === agent && $0.random == random && $0.id == 0 }) else {
                if id != 0 { agent.send(.closeRequest(id)) }
                return
            }
            if error.isEmpty { front.accept(id) } else { front.refuse(error) }
        case .data(let id, let bytes):
            guard let front = front(id) else { return agent.send(.closeRequest(id)) }
            front.out.append(bytes)
            front.flush()
        case .closeResponse(let id, let error):
            if !error.isEmpty { errors.append(error) }
            front(id)?.finish()
        case .drain: agent.isDraining = true
        default: break
        }
    }
}
