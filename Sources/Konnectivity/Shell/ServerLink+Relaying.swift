import Glibc
import Logging
import Sockets

/// Packets from the server, and bytes from and to the targets.
extension ServerLink {
    /// Targets are read only while less than this waits for the server: then TCP slows them down.
    private static let outgoingComfort = 256 * 1024
    /// As much as is read from one target before the next one has its turn, and the size of the largest DATA packet.
    private static let chunk = 64 * 1024

    var mayReadTargets: Bool { (http?.waiting ?? .max) < Self.outgoingComfort }

    func receive(_ message: ArraySlice<UInt8>) {
        counters.values.packetsReceived += 1
        do throws(WireError) {
            perform(table.receive(try Packet(decoding: message), now: now))
        } catch {
            end(TunnelError(.protocolViolation, "\(server): \(error.message)"))
        }
    }

    func resolved(_ id: ConnectionID, _ addresses: [IPAddress]) { perform(table.resolved(id, addresses)) }

    private func perform(_ actions: [ConnectionTable.Action]) {
        for action in actions where !isOver {
            switch action {
            case .send(let packet):
                counters.values.packetsSent += 1
                if case .closeResponse(let id, let error) = packet, !error.isEmpty {
                    logger.debug(
                        "told the server of a connection's end", metadata: ["id": "\(id)", "reason": "\(error)"])
                }
                http?.send(packet.frame)
            case .resolve(let id, let host):
                dialDeadlines.append((now + configuration.dialTimeout, id))
                engine.resolve(host, for: self, id)
            case .connect(let id, let endpoint): connect(id, endpoint)
            case .abandon(let id): drop(id)
            case .write(let id, let bytes): write(bytes, to: id)
            case .close(let id): closeSoon(id)
            case .reset(let id):
                if let target = targets[id] { SocketCalls.resetOnClose(target.descriptor) }
                drop(id)
            }
        }
    }

    // MARK: Dialling

    private func connect(_ id: ConnectionID, _ endpoint: Endpoint) {
        drop(id)
        if !dialDeadlines.contains(where: { $0.id == id }) {
            dialDeadlines.append((now + configuration.dialTimeout, id))
        }
        do throws(SystemCallError) {
            let (descriptor, state) = try SocketCalls.connect(to: endpoint)
            let target = TargetSocket(id, descriptor: descriptor, link: self)
            guard let token = poller.add(descriptor, target) else { throw SystemCallError(code: errno) }
            target.token = token
            targets[id] = target
            if case .done = state {
                target.canWrite = true
                connected(target)
            }
        } catch {
            perform(table.connectFailed(id, error.message))
            if targets[id] == nil { forgetDial(id) }
        }
    }

    private func connected(_ target: TargetSocket) {
        let code = SocketCalls.outcome(target.descriptor)
        guard code == 0 else {
            drop(target.id)
            perform(table.connectFailed(target.id, SocketCalls.message(code)))
            if targets[target.id] == nil { forgetDial(target.id) }
            return
        }
        target.phase = .open
        forgetDial(target.id)
        perform(table.connected(target.id))
        queueForReading(target)
    }

    private func forgetDial(_ id: ConnectionID) { dialDeadlines.removeAll { $0.id == id } }

    func expireDials() {
        while let first = dialDeadlines.first, first.deadline <= now {
            dialDeadlines.removeFirst()
            perform(table.dialExpired(first.id))
        }
    }

    // MARK: Relaying

    func targetIsReady(_ target: TargetSocket) {
        switch target.phase {
        case .connecting:
            // An error shows as readable too; either way the connect is over.
            connected(target)
        case .open:
            if target.canWrite, !target.pending.isEmpty { writePending(target) }
            queueForReading(target)
        case .lingering:
            if target.canWrite { writePending(target) }
        }
    }

    private func queueForReading(_ target: TargetSocket) {
        guard target.canRead, !target.isQueued, case .open = target.phase else { return }
        target.isQueued = true
        readable.append(target)
    }

    /// Each in turn, a piece at a time, while the server has room.
    func readTargets() {
        var turns = readable.count * 4
        var index = 0
        while index < readable.count, turns > 0, mayReadTargets, !isOver {
            let target = readable[index]
            index += 1
            turns -= 1
            target.isQueued = false
            guard target.canRead, case .open = target.phase, targets[target.id] === target else { continue }
            read(target)
            queueForReading(target)
        }
        readable.removeFirst(min(index, readable.count))
    }

    private func read(_ target: TargetSocket) {
        let buffer = UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(Self.chunk))
        switch SocketCalls.receive(target.descriptor, into: buffer) {
        case .moved(let count):
            counters.values.bytesFromTargets += UInt64(count)
            counters.values.packetsSent += 1
            let bytes = UnsafeBufferPointer(
                start: buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), count: count)
            http?.send(Packet.dataHead(target.id, count), bytes)
        case .wouldBlock: target.canRead = false
        case .ended, .failed:
            target.canRead = false
            perform(table.targetEnded(target.id))
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>, to id: ConnectionID) {
        guard let target = targets[id] else { return }
        if target.isDeaf {
            table.wrote(id, bytes.count, now: now)
            return
        }
        if !target.canWrite || !target.pending.isEmpty { return target.pending.append(bytes) }
        switch bytes.withUnsafeBytes({ SocketCalls.send(target.descriptor, $0) }) {
        case .moved(let count):
            wrote(target, count)
            if count < bytes.count {
                target.canWrite = false
                target.pending.append(bytes.dropFirst(count))
            }
        case .wouldBlock:
            target.canWrite = false
            target.pending.append(bytes)
        case .ended, .failed:
            table.wrote(id, bytes.count, now: now)
            goDeaf(target)
        }
    }

    private func writePending(_ target: TargetSocket) {
        while target.canWrite, !target.pending.isEmpty {
            let waiting = target.pending.count
            switch target.pending.withUnsafeBytes({ SocketCalls.send(target.descriptor, $0) }) {
            case .moved(let count):
                wrote(target, count)
                target.pending.consume(count)
                if count < waiting { target.canWrite = false }
            case .wouldBlock: target.canWrite = false
            case .ended, .failed:
                table.wrote(target.id, waiting, now: now)
                target.pending.consume(waiting)
                goDeaf(target)
            }
        }
        if case .lingering = target.phase, target.pending.isEmpty || target.isDeaf { finish(target) }
    }

    private func wrote(_ target: TargetSocket, _ count: Int) {
        counters.values.bytesToTargets += UInt64(count)
        table.wrote(target.id, count, now: now)
    }

    /// The target takes nothing any more. What it said before that is read still; its end then ends the connection.
    private func goDeaf(_ target: TargetSocket) {
        target.isDeaf = true
        target.canRead = true
        queueForReading(target)
    }

    // MARK: Memory

    /// Bytes that wait for targets, those of connections that are closed already among them.
    var heldBytes: Int { lingering.reduce(table.budget.waiting) { $0 + $1.pending.count } }

    /// What the connection holds that holds most.
    var largestHeld: Int {
        max(table.budget.largest?.bytes ?? 0, lingering.map(\.pending.count).max() ?? 0)
    }

    /// Resets that one. Of a closed one nobody is told any more.
    func resetLargest(_ reason: String) {
        let open = table.budget.largest
        if let target = lingering.max(by: { $0.pending.count < $1.pending.count }),
            target.pending.count > open?.bytes ?? 0
        {
            SocketCalls.resetOnClose(target.descriptor)
            finish(target)
        } else if let open {
            perform(table.overflow(open.connection, reason))
        }
    }

    // MARK: Closing

    private func closeSoon(_ id: ConnectionID) {
        guard let target = targets[id] else { return }
        // Nobody counts them any more: together they may hold no more than what the open ones may.
        let held = lingering.reduce(target.pending.count) { $0 + $1.pending.count }
        if target.pending.isEmpty || target.isDeaf || held > configuration.bufferTotal
            || lingering.count >= configuration.maxConnections
        {
            return drop(id)
        }
        targets[id] = nil
        target.phase = .lingering(until: now + configuration.lingerTimeout)
        lingering.append(target)
    }

    func expireLingering() {
        for target in lingering {
            if case .lingering(let until) = target.phase, until <= now { finish(target) }
        }
    }

    private func finish(_ target: TargetSocket) {
        if let token = target.token { poller.remove(token, target.descriptor) }
        target.token = nil
        lingering.removeAll { $0 === target }
    }

    private func drop(_ id: ConnectionID) {
        guard let target = targets.removeValue(forKey: id) else { return }
        if let token = target.token { poller.remove(token, target.descriptor) }
        target.token = nil
        target.canRead = false
    }

    func closeTargets() {
        for target in Array(targets.values) { drop(target.id) }
        for target in lingering { finish(target) }
        readable = []
        dialDeadlines = []
    }
}
