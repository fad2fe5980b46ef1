/// Reads one protobuf message field by field (protobuf.dev/programming-guides/encoding). Every length is checked
/// against what is there; nothing is copied.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed64
        case bytes(ArraySlice<UInt8>)
        case fixed32
    }

    private let bytes: ArraySlice<UInt8>
    private var offset: Int
    /// What is read, for errors.
    private let subject: String

    init(_ bytes: ArraySlice<UInt8>, subject: String) {
        self.bytes = bytes
        offset = bytes.startIndex
        self.subject = subject
    }

    /// The next field, nil at the end.
    mutating func next() throws(WireError) -> (field: Int, value: Value)? {
        guard offset < bytes.endIndex else { return nil }
        let key = try varint(of: "a field's key")
        let field = key >> 3
        guard (1...0x1FFF_FFFF).contains(field) else {
            throw WireError(.illegalField, "\(subject): field number \(field) is not between 1 and 536870911")
        }
        let number = Int(field)
        switch key & 7 {
        case 0: return (number, .varint(try varint(of: "field \(number)")))
        case 1:
            try skip(8, of: number)
            return (number, .fixed64)
        case 2:
            let length = try varint(of: "the length of field \(number)")
            guard length <= UInt64(bytes.endIndex - offset) else {
                throw WireError(
                    .truncated,
                    "\(subject): field \(number) is \(length) bytes long, and \(bytes.endIndex - offset) are left")
            }
            defer { offset += Int(length) }
            return (number, .bytes(bytes[offset..<offset + Int(length)]))
        case 5:
            try skip(4, of: number)
            return (number, .fixed32)
        case let type:
            throw WireError(.unsupportedWireType, "\(subject): field \(number) has wire type \(type)")
        }
    }

    private mutating func skip(_ count: Int, of field: Int) throws(WireError) {
        guard bytes.endIndex - offset >= count else {
            throw WireError(
                .truncated, "\(subject): field \(field) is \(count) bytes long, and \(bytes.endIndex - offset) are left"
            )
        }
        offset += count
    }

    private mutating func varint(of what: String) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard offset < bytes.endIndex else { throw WireError(.truncated, "\(subject): \(what) has no end") }
            let byte = bytes[offset]
            offset += 1
            // The tenth byte holds the 64th bit and nothing else.
            if index == 9, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte & 0x80 == 0 { return value }
        }
        throw WireError(.overlongVarint, "\(subject): \(what) does not fit into 64 bits")
    }
}

extension ProtobufReader.Value {
    func int64(_ field: String) throws(WireError) -> Int64 {
        guard case .varint(let value) = self else { throw wrongType(field, "a varint") }
        return Int64(bitPattern: value)
    }

    func bytes(_ field: String) throws(WireError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = self else { throw wrongType(field, "length-delimited") }
        return bytes
    }

    func string(_ field: String) throws(WireError) -> String {
        let bytes = try bytes(field)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw WireError(.notUTF8, "\(field) is not UTF-8")
        }
        return text
    }

    private func wrongType(_ field: String, _ wanted: String) -> WireError {
        let found =
            switch self {
            case .varint: "a varint"
            case .fixed64: "of 64 bits"
            case .bytes: "length-delimited"
            case .fixed32: "of 32 bits"
            }
        return WireError(.wrongWireType, "\(field) is \(found) on the wire, not \(wanted)")
    }
}
