/// Writes protobuf fields. As proto3 has it, zero and the empty string are left out.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ field: UInt64, _ value: Int64) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(UInt64(bitPattern: value))
    }

    mutating func write(_ field: UInt64, _ value: String) {
        guard !value.isEmpty else { return }
        length(of: field, value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    /// A message inside the message; written even when it is empty, for its presence says something.
    mutating func write(_ field: UInt64, _ message: ProtobufWriter) {
        length(of: field, message.bytes.count)
        bytes.append(contentsOf: message.bytes)
    }

    /// The key and length of a field whose bytes the caller appends.
    mutating func length(of field: UInt64, _ count: Int) {
        varint(field << 3 | 2)
        varint(UInt64(count))
    }

    mutating func varint(_ value: UInt64) {
        var value = value
        while value > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    /// How many bytes `value` takes.
    static func size(of value: UInt64) -> Int { value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7 }
}
