import Glibc

/// What is put on an agent, in the order in which it is measured.
struct Load: Sendable {
    private let contestant: Contestant
    private let megabytes: Int
    private let dials: Int

    init(_ contestant: Contestant, megabytes: Int, dials: Int) {
        self.contestant = contestant
        self.megabytes = megabytes
        self.dials = dials
    }

    func measure() async throws -> [Figure] {
        try await Task.sleep(for: .seconds(2))
        var figures = [Figure(name: "memory at rest", unit: "MiB", value: contestant.memory("VmRSS"))]
        let opening = await times(2000) { _ in
            guard let socket = dial(.echo) else { return false }
            socket.close()
            return true
        }
        figures += [
            Figure(name: "dial p50", unit: "us", value: quantile(opening, 0.5)),
            Figure(name: "dial p99", unit: "us", value: quantile(opening, 0.99)),
        ]
        let quiet = await roundTrips(20_000, streams: 1)
        figures += [
            Figure(name: "round trip p50", unit: "us", value: quantile(quiet, 0.5)),
            Figure(name: "round trip p99", unit: "us", value: quantile(quiet, 0.99)),
        ]
        for (streams, name) in [(1, "1 stream"), (16, "16 streams")] {
            for kind in [TargetProcess.Kind.source, .sink] {
                let cpu = contestant.cpu
                let rate = try await throughput(kind, streams: streams)
                let way = kind == .source ? "from the node" : "to the node"
                figures += [
                    Figure(name: "\(name) \(way)", unit: "MB/s", value: rate, isBetterWhenLarger: true),
                    Figure(
                        name: "CPU, \(name) \(way)", unit: "ms/MB",
                        value: (contestant.cpu - cpu) * 1000 / Double(megabytes)),
                ]
            }
        }
        figures.append(Figure(name: "memory at peak", unit: "MiB", value: contestant.memory("VmHWM")))
        let before = contestant.memory("VmRSS")
        _ = await times(dials) { _ in
            guard let socket = dial(.echo) else { return false }
            socket.close()
            return true
        }
        figures.append(
            Figure(name: "memory gained by \(dials) dials", unit: "MiB", value: contestant.memory("VmRSS") - before))
        // Last: an agent that stands still then does so for good.
        return figures + (await stalled())
    }

    private func dial(_ kind: TargetProcess.Kind) -> Socket? {
        Socket.dialled(contestant.frontEnd, contestant.port(kind))
    }

    /// Microseconds of each call that worked.
    private func times(_ count: Int, _ body: @escaping @Sendable (Int) -> Bool) async -> [Double] {
        await onThread {
            var found: [Double] = []
            for index in 0..<count {
                let start = ContinuousClock.now
                guard body(index) else { continue }
                let (seconds, attoseconds) = (ContinuousClock.now - start).components
                found.append(Double(seconds) * 1e6 + Double(attoseconds) / 1e12)
            }
            return found
        }
    }

    private func quantile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .infinity }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    /// 64 bytes there and back, on so many streams at once.
    private func roundTrips(_ count: Int, streams: Int) async -> [Double] {
        await withTaskGroup(of: [Double].self) { group in
            for _ in 0..<streams {
                group.addTask {
                    guard let socket = dial(.echo) else { return [] }
                    defer { socket.close() }
                    return await times(count / streams) { _ in
                        var buffer = [UInt8](repeating: 1, count: 64)
                        guard socket.write(buffer[...]) else { return false }
                        var left = 64
                        while left > 0 {
                            let got = socket.read(&buffer)
                            guard got > 0 else { return false }
                            left -= got
                        }
                        return true
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// MB a second over all streams together.
    private func throughput(_ kind: TargetProcess.Kind, streams: Int) async throws -> Double {
        let share = megabytes * 1_000_000 / streams
        let start = ContinuousClock.now
        let moved = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<streams {
                group.addTask {
                    guard let socket = dial(kind) else { return 0 }
                    defer { socket.close() }
                    return await onThread { kind == .source ? Self.pull(socket, share) : Self.push(socket, share) }
                }
            }
            return await group.reduce(0, +)
        }
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        guard moved == share * streams else {
            throw BenchError("only \(moved) of \(share * streams) bytes arrived (\(kind), \(streams) streams)")
        }
        return Double(moved) / 1e6 / (Double(seconds) + Double(attoseconds) / 1e18)
    }

    private static func pull(_ socket: Socket, _ share: Int) -> Int {
        var buffer = [UInt8](repeating: 0, count: 65536)
        guard socket.writeNumber(share) else { return 0 }
        var moved = 0
        while moved < share, case let count = socket.read(&buffer), count > 0 { moved += count }
        return moved
    }

    private static func push(_ socket: Socket, _ share: Int) -> Int {
        var buffer = [UInt8](repeating: 0, count: 65536)
        guard socket.writeNumber(share) else { return 0 }
        var left = share
        while left > 0 {
            let count = min(left, buffer.count)
            guard socket.write(buffer[..<count]) else { return 0 }
            left -= count
        }
        return socket.read(&buffer) == 1 ? share : 0
    }

    /// Round trips of 15 streams, first alone, then beside one whose target has stopped reading.
    private func stalled() async -> [Figure] {
        let alone = await roundTrips(15_000, streams: 15)
        let stuck = dial(.stalled)
        if let stuck {
            // Until it is reset, or its bytes have no way to go.
            detach {
                let piece = [UInt8](repeating: 0, count: 65536)
                while stuck.write(piece[...]) {}
            }
        }
        // Without an answer in a second upstream's agent is taken to stand still, as it does.
        let answered = await answers(within: .seconds(5))
        let beside = answered ? await roundTrips(15_000, streams: 15) : []
        if let stuck { shutdown(stuck.descriptor, Int32(SHUT_RDWR)) }
        return [
            Figure(name: "15 streams, round trip p99", unit: "us", value: quantile(alone, 0.99)),
            Figure(
                name: "15 streams beside a stalled target, round trip p99", unit: "us (999999999: none answered)",
                value: min(999_999_999, quantile(beside, 0.99))),
        ]
    }

    /// Whether a new stream gets an answer in time.
    private func answers(within limit: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await onThread { self.answer(within: limit) } }
            return await group.next() ?? false
        }
    }

    private func answer(within limit: Duration) -> Bool {
        // Time enough for the stalled target's buffers to fill.
        sleep(1)
        let seconds = max(1, Int(limit.components.seconds))
        guard let socket = Socket.dialled(contestant.frontEnd, contestant.port(.echo), timeout: seconds) else {
            return false
        }
        defer { socket.close() }
        var buffer = [UInt8](repeating: 1, count: 64)
        return socket.write(buffer[...]) && socket.read(&buffer) > 0
    }
}
