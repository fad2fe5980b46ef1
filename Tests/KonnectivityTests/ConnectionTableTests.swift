import Sockets
import Testing

@testable import Konnectivity

@Suite struct ConnectionTableTests {
    private let now = ContinuousClock.now
    private var table = ConnectionTable(
        policy: DialPolicy(
            nodeNames: ["edge"], nodeAddresses: [IPAddress("10.0.0.1")].compactMap { $0 },
            ranges: [AddressRange("10.244.0.0/16")].compactMap { $0 }),
        maxConnections: 3, firstID: 100)

    private func request(_ address: String, _ random: Int64, network: String = "tcp") -> Packet {
        .dialRequest(Packet.DialRequest(network: network, address: address, random: random))
    }

    private func endpoint(_ address: String, _ port: UInt16) throws -> Endpoint {
        Endpoint(try #require(IPAddress(address)), port)
    }

    /// A connection that is open.
    private mutating func open(_ random: Int64 = 7) -> ConnectionID {
        for case .connect(let id, _) in table.receive(request("10.0.0.1:10250", random), now: now) {
            _ = table.connected(id)
            return id
        }
        return -1
    }

    @Test mutating func `a dial is answered when its target is connected, and not before`() throws {
        let first = table.receive(request("edge:10250", 42), now: now)
        #expect(first == [.connect(100, try endpoint("10.0.0.1", 10250))])
        #expect(table.dialCount == 1 && table.openCount == 0)
        #expect(table.connected(100) == [.send(.dialResponse(random: 42, connection: 100, error: ""))])
        #expect(table.dialCount == 0 && table.openCount == 1)
        // The number is used up whatever became of it.
        #expect(table.receive(request("10.0.0.1:1", 43), now: now) == [.connect(101, try endpoint("10.0.0.1", 1))])
    }

    @Test(arguments: [
        ("udp", "10.0.0.1:53", "only tcp"), ("tcp", "10.0.0.1", "not host:port"), ("tcp", "", "not host:port"),
        ("tcp", "169.254.169.254:80", "not allowed by the node's policy"), ("", "10.0.0.1:1", "only tcp"),
    ])
    mutating func `a dial that cannot be is refused with its reason`(network: String, address: String, why: String) {
        guard
            case .send(.dialResponse(9, 0, let error))? = table.receive(request(address, 9, network: network), now: now)
                .first
        else {
            Issue.record("not refused")
            return
        }
        #expect(error.contains(why))
        #expect(table.isEmpty && table.tally.refusals == 1)
    }

    @Test mutating func `what is past the limit of connections is refused`() {
        for _ in 0..<3 { _ = open() }
        guard case .send(.dialResponse(1, 0, let error))? = table.receive(request("10.0.0.1:1", 1), now: now).first
        else {
            Issue.record("not refused")
            return
        }
        #expect(error.contains("its limit"))
    }

    @Test mutating func `a name's addresses are tried in turn, and only those that are allowed`() throws {
        #expect(table.receive(request("pod.example:80", 5), now: now) == [.resolve(100, host: "pod.example")])
        let addresses = ["169.254.169.254", "10.244.0.1", "8.8.8.8", "10.244.0.2"].compactMap { IPAddress($0) }
        #expect(table.resolved(100, addresses) == [.connect(100, try endpoint("10.244.0.1", 80))])
        #expect(table.connectFailed(100, "refused") == [.connect(100, try endpoint("10.244.0.2", 80))])
        let last = table.connectFailed(100, "connection refused")
        let error = "dial tcp pod.example:80: connect: connection refused"
        #expect(last == [.send(.dialResponse(random: 5, connection: 0, error: error))])
        #expect(table.isEmpty && table.tally.dialFailures == 1)
    }

    @Test mutating func `a name that leads only where nothing may be dialled is refused`() throws {
        _ = table.receive(request("metadata:80", 5), now: now)
        guard
            case .send(.dialResponse(5, 0, let error))? = table.resolved(
                100, [try #require(IPAddress("169.254.169.254"))]
            ).first
        else {
            Issue.record("not refused")
            return
        }
        #expect(error.contains("not allowed"))
        _ = table.receive(request("nowhere:80", 6), now: now)
        let none = "lookup nowhere: no such host"
        #expect(table.resolved(101, []) == [.send(.dialResponse(random: 6, connection: 0, error: none))])
    }

    @Test mutating func `a dial that takes too long is given up and answered`() {
        _ = table.receive(request("10.0.0.1:1", 5), now: now)
        let answer = Packet.dialResponse(random: 5, connection: 0, error: "dial tcp 10.0.0.1:1: i/o timeout")
        #expect(table.dialExpired(100) == [.abandon(100), .send(answer)])
        #expect(table.dialExpired(100) == [])
        #expect(table.connected(100) == [] && table.connectFailed(100, "late") == [] && table.isEmpty)
    }

    @Test mutating func `a dial that nobody waits for is abandoned without a word`() {
        _ = table.receive(request("10.0.0.1:1", 5), now: now)
        #expect(table.receive(.closeDial(random: 6), now: now) == [])
        #expect(table.receive(.closeDial(random: 5), now: now) == [.abandon(100)])
        #expect(table.isEmpty && table.tally.abandonedDials == 1)
    }

    @Test mutating func `data goes to its target, and an empty piece is no end`() {
        let id = open()
        #expect(table.receive(.data(id, [1, 2]), now: now) == [.write(id, [1, 2])])
        #expect(table.receive(.data(id, []), now: now) == [])
        #expect(table.openCount == 1)
    }

    @Test mutating func `packets for connections that are not are answered once they can matter`() {
        #expect(table.receive(.data(0, [1]), now: now) == [])
        #expect(table.receive(.data(5, [1]), now: now) == [.send(.closeResponse(5, error: "unrecognized connectID"))])
        #expect(table.receive(.closeRequest(5), now: now) == [.send(.closeResponse(5, error: "Unknown connectID"))])
        #expect(table.receive(.closeRequest(0), now: now) == [.send(.closeResponse(0, error: "Unknown connectID"))])
        for packet in [
            Packet.drain, .unknown(type: 9), .dialResponse(random: 1, connection: 1, error: ""),
            .closeResponse(1, error: ""),
        ] {
            #expect(table.receive(packet, now: now) == [])
        }
        #expect(table.tally.strayPackets == 8)
    }

    @Test mutating func `a close from either side ends the connection once`() {
        let first = open()
        #expect(
            table.receive(.closeRequest(first), now: now) == [.close(first), .send(.closeResponse(first, error: ""))])
        #expect(table.targetEnded(first) == [])
        // What was under way when it was closed needs no answer.
        #expect(table.receive(.data(first, [1]), now: now) == [] && table.receive(.closeRequest(first), now: now) == [])
        let second = open()
        #expect(table.targetEnded(second) == [.close(second), .send(.closeResponse(second, error: ""))])
        #expect(table.isEmpty)
    }

    @Test mutating func `a connection over its bound is reset with a reason, and no other`() {
        var limits = ReceiveBudget.Limits()
        limits.perConnection = 100
        table = ConnectionTable(
            policy: DialPolicy(nodeAddresses: [IPAddress("10.0.0.1")].compactMap { $0 }), maxConnections: 3, firstID: 1,
            limits: limits)
        let (slow, other) = (open(), open())
        let piece = [UInt8](repeating: 0, count: 60)[...]
        #expect(table.receive(.data(slow, piece), now: now) == [.write(slow, piece)])
        let actions = table.receive(.data(slow, piece), now: now)
        #expect(actions.first == .reset(slow))
        guard case .send(.closeResponse(slow, let reason))? = actions.last else {
            Issue.record("the server is not told")
            return
        }
        #expect(reason.contains("reads too slowly"))
        #expect(table.receive(.data(other, piece), now: now) == [.write(other, piece)])
        #expect(table.tally.overflows == 1 && table.openCount == 1 && table.budget.waiting == 60)
    }

    @Test mutating func `no order of events leaves a connection behind`() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<20_000 {
            let id = ConnectionID.random(in: 99...table.highestID + 1, using: &generator)
            let random = Int64.random(in: 0..<4, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: _ = table.receive(request("10.0.0.1:1", random), now: now)
            case 1: _ = table.receive(request("name:1", random), now: now)
            case 2: _ = table.receive(.closeDial(random: random), now: now)
            case 3: _ = table.receive(.data(id, [1, 2, 3]), now: now)
            case 4: _ = table.receive(.closeRequest(id), now: now)
            case 5: _ = table.connected(id)
            case 6: _ = table.connectFailed(id, "refused")
            case 7: _ = table.resolved(id, ["10.0.0.1", "9.9.9.9"].compactMap { IPAddress($0) })
            case 8: _ = table.dialExpired(id)
            default: _ = table.targetEnded(id)
            }
            #expect(table.openCount + table.dialCount <= 3)
        }
        for id in 99...table.highestID + 1 {
            _ = table.dialExpired(id)
            _ = table.targetEnded(id)
        }
        #expect(table.isEmpty && table.budget.waiting == 0)
    }
}
