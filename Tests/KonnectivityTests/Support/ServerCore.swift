import CLibSSL
import Foundation
import Sockets

@testable import Konnectivity

/// What runs on the suite's server's thread.
final class ServerCore {
    let settings: KonnectivityServer.Settings
    private let agentListener: Int32
    private let frontListener: Int32
    private let wakeUp: Int32
    private let context: OpaquePointer
    var agents: [AgentPeer] = []
    var fronts: [FrontPeer] = []
    /// Reads nothing from agents: to them it is as if the line were cut.
    var isFrozen = false
    private var nextRandom: Int64 = 1
    /// Packets that came from agents, by type; what the tests look at.
    var seen: [String: Int] = [:]
    var errors: [String] = []

    init(
        _ identity: TestIdentity, _ settings: KonnectivityServer.Settings, agentListener: Int32, frontListener: Int32,
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
        Foundation.close(agentListener)
        Foundation.close(frontListener)
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

/// One front end's connection.
final class FrontPeer {
    let descriptor: Int32
    unowned let core: ServerCore
    weak var agent: AgentPeer?
    var random: Int64 = 0
    var id: ConnectionID = 0
    var out = ByteQueue()
    private var head: [UInt8]? = []
    private var isFinishing = false
    private(set) var isOver = false

    init(_ descriptor: Int32, _ core: ServerCore) {
        self.descriptor = descriptor
        self.core = core
    }

    deinit { close(descriptor) }

    func turn() {
        flush()
        var buffer = [UInt8](repeating: 0, count: 32768)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN { return }
        guard count > 0 else {
            if id != 0, !isFinishing { agent?.send(.closeRequest(id)) }
            if id == 0, random != 0 { agent?.send(.closeDial(random: random)) }
            return end()
        }
        guard var head else {
            if id != 0 { agent?.send(.data(id, buffer[..<count])) }
            return
        }
        head += buffer[..<count]
        self.head = head
        guard head.suffix(4).elementsEqual([13, 10, 13, 10]) else { return }
        self.head = nil
        let words = String(decoding: head, as: UTF8.self).split(separator: " ")
        if words.count > 1 { core.dial(String(words[1]), for: self) } else { end() }
    }

    func accept(_ id: ConnectionID) {
        self.id = id
        out.append("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
        flush()
    }

    func refuse(_ reason: String) {
        out.append("HTTP/1.1 502 Bad Gateway\r\n\r\n\(reason)".utf8)
        finish()
    }

    func flush() {
        while !isOver, !out.isEmpty {
            let count = out.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0 {
                if errno != EAGAIN { end() }
                return
            }
            out.consume(count)
        }
        if isFinishing { end() }
    }

    /// Closes once what waits is written.
    func finish() {
        isFinishing = true
        flush()
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
