/// A protobuf message as a list of its fields: all that etcd's handful of messages needs. Integers travel as varints,
/// everything else we use as bytes with a length (protobuf encoding, wire types 0 and 2).
struct ProtobufMessage: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case varint(UInt64)
        case bytes([UInt8])
    }

    private(set) var fields: [(number: Int, value: Value)] = []

    init() {}

    static func == (left: ProtobufMessage, right: ProtobufMessage) -> Bool {
        left.encoded() == right.encoded()
    }

    func hash(into hasher: inout Hasher) { hasher.combine(encoded()) }

    // MARK: Writing

    /// Empty strings are left out, as proto3 leaves out defaults.
    func with(_ number: Int, _ text: String) -> ProtobufMessage { with(number, Array(text.utf8)) }

    func with(_ number: Int, _ bytes: [UInt8]) -> ProtobufMessage {
        var copy = self
        if !bytes.isEmpty { copy.fields.append((number, .bytes(bytes))) }
        return copy
    }

    func with(_ number: Int, _ value: UInt64) -> ProtobufMessage {
        var copy = self
        if value != 0 { copy.fields.append((number, .varint(value))) }
        return copy
    }

    func with(_ number: Int, _ message: ProtobufMessage) -> ProtobufMessage {
        var copy = self
        copy.fields.append((number, .bytes(message.encoded())))
        return copy
    }

    func encoded() -> [UInt8] {
        var output: [UInt8] = []
        for field in fields {
            switch field.value {
            case .varint(let value):
                Self.write(UInt64(field.number) << 3, into: &output)
                Self.write(value, into: &output)
            case .bytes(let bytes):
                Self.write(UInt64(field.number) << 3 | 2, into: &output)
                Self.write(UInt64(bytes.count), into: &output)
                output += bytes
            }
        }
        return output
    }

    private static func write(_ value: UInt64, into output: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(rest))
    }

    // MARK: Reading

    /// Nil when the bytes are no message. Fields of the fixed-width types are skipped: none of ours has one.
    init?(_ bytes: some Collection<UInt8>) {
        var rest = ArraySlice(bytes)
        while !rest.isEmpty {
            guard let tag = Self.varint(&rest), tag >> 3 > 0, tag >> 3 < 1 << 29 else { return nil }
            let number = Int(tag >> 3)
            switch tag & 7 {
            case 0:
                guard let value = Self.varint(&rest) else { return nil }
                fields.append((number, .varint(value)))
            case 2:
                guard let length = Self.varint(&rest), length <= UInt64(rest.count) else { return nil }
                fields.append((number, .bytes(Array(rest.prefix(Int(length))))))
                rest = rest.dropFirst(Int(length))
            case 1, 5:
                let width = tag & 7 == 1 ? 8 : 4
                guard rest.count >= width else { return nil }
                rest = rest.dropFirst(width)
            default: return nil
            }
        }
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    func varint(_ number: Int) -> UInt64 {
        for field in fields.reversed() where field.number == number {
            if case .varint(let value) = field.value { return value }
        }
        return 0
    }

    /// Every occurrence of a field of bytes.
    func all(_ number: Int) -> [[UInt8]] {
        fields.compactMap { field in
            guard field.number == number, case .bytes(let bytes) = field.value else { return nil }
            return bytes
        }
    }

    func strings(_ number: Int) -> [String] { all(number).map { String(decoding: $0, as: UTF8.self) } }
}
