import KubeObjects
import Testing

@testable import Konnectivity

@Suite struct PacketTests {
    @Test func `every packet of the vectors is read and written as protoc does it`() throws {
        let vectors = try AgentVectors.section("packets")
        #expect(vectors.count == 13)
        for vector in vectors {
            let name = try #require(vector["name"]?.string)
            let message = try AgentVectors.bytes(try #require(vector["messageHex"]?.string))
            let frame = try AgentVectors.bytes(try #require(vector["grpcFrameHex"]?.string))
            let expected = try Self.packet(vector)
            #expect(try Packet(decoding: message[...]) == expected, "\(name)")
            #expect(expected.encoded == message, "\(name)")
            #expect(expected.frame == frame, "\(name)")
        }
    }

    @Test func `the head of a DATA frame and its bytes make the frame`() {
        for (id, count) in [(0, 0), (1, 0), (1, 1), (300, 127), (1 << 40, 128), (.max, 70_000), (-1, 5)] {
            let bytes = [UInt8](repeating: 9, count: count)
            let frame = Packet.dataHead(Int64(id), count) + bytes
            #expect(frame == Packet.data(Int64(id), bytes[...]).frame)
            #expect((try? Packet(decoding: frame.dropFirst(5))) == .data(Int64(id), bytes[...]))
        }
    }

    @Test func `a packet of a later version is known as unknown`() throws {
        let hex = try #require(try AgentVectors.json.get()["unknownPacketHex"]?.string)
        #expect(try Packet(decoding: try AgentVectors.bytes(hex)[...]) == .unknown(type: 9))
    }

    @Test func `fields that are not known are skipped, and the last of a repeated one counts`() throws {
        // CLOSE_REQ for 1, then again for 2, with fields 100 (varint), 101 (64 bits), 102 (32 bits), 103 (bytes).
        let hex = "08022a020801" + "2a020802" + "a00601" + "a9060000000000000000" + "b50600000000" + "ba060100"
        #expect(try Packet(decoding: try AgentVectors.bytes(hex)[...]) == .closeRequest(2))
    }

    @Test(arguments: [
        ("08", WireError.Code.truncated, "a type without its value"),
        ("0804", .missingPayload, "DATA without data"),
        ("", .missingPayload, "nothing at all, which is a dial without a request"),
        ("08042a020801", .payloadMismatch, "DATA with the payload of CLOSE_REQ"),
        ("2a020801", .payloadMismatch, "no type, so a dial, with the payload of CLOSE_REQ"),
        ("08022a050801", .truncated, "a payload longer than the packet"),
        ("08022a0408011201", .truncated, "a field inside that is longer than the payload"),
        ("0880808080808080808002", .overlongVarint, "a number of more than 64 bits"),
        ("08ffffffffffffffffffff01", .overlongVarint, "a number of eleven bytes"),
        ("0002", .illegalField, "field number 0"),
        ("8080808010" + "00", .illegalField, "a field number past the largest"),
        ("0a0101", .wrongWireType, "the type as bytes"),
        ("08022801", .wrongWireType, "a payload as a number"),
        ("08022a030a0101", .wrongWireType, "connectID as bytes"),
        ("0b0c", .unsupportedWireType, "a group"),
        ("0f", .unsupportedWireType, "wire type 7"),
        ("12070a0103120161" + "18", .truncated, "what follows the payload has no value"),
        ("12060a02c32812 00".replacing(" ", with: ""), .notUTF8, "a protocol that is not UTF-8"),
        ("0900000000", .truncated, "64 bits of which half are there"),
    ])
    func `what is malformed is refused, each with its own error`(
        hex: String, code: WireError.Code, what: String
    ) throws {
        let bytes = try AgentVectors.bytes(hex)
        let error = #expect(throws: WireError.self, "\(what)") { try Packet(decoding: bytes[...]) }
        #expect(error?.code == code, "\(what): \(error?.message ?? "")")
    }

    @Test func `no bytes whatever make the reader fail otherwise than by its error`() throws {
        var generator = SeededGenerator(seed: 4)
        let seeds = try AgentVectors.section("packets").map {
            try AgentVectors.bytes(try #require($0["messageHex"]?.string))
        }
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(.random(in: 0...255, using: &generator), at: index)
                }
            }
            guard let packet = try? Packet(decoding: bytes[...]) else { continue }
            if case .unknown = packet { continue }
            // What is understood is understood the same when it is written down again.
            #expect(try Packet(decoding: packet.encoded[...]) == packet)
        }
    }

    private static func packet(_ vector: JSON) throws -> Packet {
        let payload = try #require(vector["payload"])
        func number(_ name: String) throws -> Int64 {
            guard let text = payload[name]?.string else { return 0 }
            return try #require(Int64(text))
        }
        func text(_ name: String) -> String { payload[name]?.string ?? "" }
        switch vector["type"]?.string {
        case "DIAL_REQ":
            return .dialRequest(
                Packet.DialRequest(network: text("protocol"), address: text("address"), random: try number("random")))
        case "DIAL_RSP":
            return .dialResponse(
                random: try number("random"), connection: try number("connectID"), error: text("error"))
        case "CLOSE_REQ": return .closeRequest(try number("connectID"))
        case "CLOSE_RSP": return .closeResponse(try number("connectID"), error: text("error"))
        case "DATA": return .data(try number("connectID"), try AgentVectors.bytes(text("data"))[...])
        case "DIAL_CLS": return .closeDial(random: try number("random"))
        case "DRAIN": return .drain
        case let type: throw Failure("type \(type ?? "none")")
        }
    }
}

/// The same numbers each time (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
