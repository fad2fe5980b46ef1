import Testing

@testable import Datastores

@Suite("Protobuf messages")
struct ProtobufMessageTests {
    @Test(
        "Integers of every length come back",
        arguments: [1, 127, 128, 300, 16383, 16384, 1 << 32, UInt64(Int64.max), .max])
    func integers(value: UInt64) throws {
        let message = try #require(ProtobufMessage(ProtobufMessage().with(15, value).with(16, value).encoded()))
        #expect(message.varint(15) == value)
        #expect(message.varint(16) == value)
        #expect(message.varint(17) == 0)
    }

    @Test("What is written is what protoc writes")
    func encoding() {
        #expect(ProtobufMessage().with(1, 150).encoded() == [0x08, 0x96, 0x01])
        #expect(ProtobufMessage().with(2, "testing").encoded() == [0x12, 0x07] + Array("testing".utf8))
        #expect(ProtobufMessage().with(3, ProtobufMessage().with(1, 150)).encoded() == [0x1A, 3, 0x08, 0x96, 0x01])
        #expect(ProtobufMessage().with(1, "").with(2, 0).with(3, [UInt8]()).encoded().isEmpty)
        #expect(ProtobufMessage().with(3, ProtobufMessage()).encoded() == [0x1A, 0])
    }

    @Test("Repeated fields keep their order, of a repeated integer the last counts")
    func repeated() throws {
        let bytes = ProtobufMessage().with(2, "a").with(1, 1).with(2, "ä").with(1, 2).encoded()
        let message = try #require(ProtobufMessage(bytes))
        #expect(message.strings(2) == ["a", "ä"])
        #expect(message.varint(1) == 2)
        #expect(message.all(1).isEmpty)
        #expect(message.encoded() == bytes)
        #expect(message == ProtobufMessage(bytes[...]))
        #expect(message != ProtobufMessage())
    }

    @Test("Fields nobody asks for are carried along, those of fixed width passed over")
    func unknown() throws {
        let known = ProtobufMessage().with(1, "x").with(536_870_911, 7)
        let fixed: [UInt8] = [0x49, 1, 2, 3, 4, 5, 6, 7, 8, 0x4D, 1, 2, 3, 4]
        let message = try #require(ProtobufMessage(fixed + known.encoded() + fixed))
        #expect(message == known)
        #expect(message.varint(536_870_911) == 7)
    }

    @Test("A message that is cut is none, unless the cut falls between two fields")
    func truncated() throws {
        let first = ProtobufMessage().with(1, 300)
        let whole = first.with(2, "text").encoded() + [0x4D, 1, 2, 3, 4]
        let edges: Set = [0, first.encoded().count, whole.count - 5, whole.count]
        for length in 0...whole.count {
            #expect((ProtobufMessage(whole.prefix(length)) != nil) == edges.contains(length), "\(length)")
        }
    }

    @Test(
        "What is no message is refused, not a crash",
        arguments: [
            [0x00, 0x01], [0x0B], [0x0C], [0x0E, 1], [0x08] + [UInt8](repeating: 0xFF, count: 10),
            [0x08] + [UInt8](repeating: 0x80, count: 11),
            [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0], [0x80],
            [0x80, 0x80, 0x80, 0x80, 0x10, 0x01],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(ProtobufMessage(bytes) == nil)
    }
}
