extension Packet {
    /// The message with its gRPC prefix, ready to be sent. What cannot be encoded (`unknown`) is an empty message of
    /// its type.
    package var frame: [UInt8] {
        let message = encoded
        return MessagePrefix.bytes(for: message.count) + message
    }

    /// The message alone.
    var encoded: [UInt8] {
        var payload = ProtobufWriter()
        switch self {
        case .dialRequest(let request):
            payload.write(1, request.network)
            payload.write(2, request.address)
            payload.write(3, request.random)
        case .dialResponse(let random, let connection, let error):
            payload.write(1, error)
            payload.write(2, connection)
            payload.write(3, random)
        case .closeRequest(let connection): payload.write(1, connection)
        case .closeResponse(let connection, let error):
            payload.write(1, error)
            payload.write(2, connection)
        case .data(let connection, let bytes):
            return Array(Self.dataHead(connection, bytes.count).dropFirst(MessagePrefix.size)) + bytes
        case .closeDial(let random): payload.write(1, random)
        case .drain, .unknown: break
        }
        var message = ProtobufWriter()
        if case .unknown(let type) = self {
            message.write(1, type)
        } else if let kind {
            message.write(1, kind.rawValue)
            message.write(UInt64(kind.payloadField), payload)
        }
        return message.bytes
    }

    /// Everything of a framed DATA packet that stands before its `count` bytes, so that these need not be copied
    /// into a packet first.
    static func dataHead(_ connection: ConnectionID, _ count: Int) -> [UInt8] {
        // connectID: a byte of key, none at all for 0. data: a byte of key and its length, nothing when empty.
        let id = UInt64(bitPattern: connection)
        var payloadSize = connection == 0 ? 0 : 1 + ProtobufWriter.size(of: id)
        if count > 0 { payloadSize += 1 + ProtobufWriter.size(of: UInt64(count)) + count }
        let messageSize = 2 + 1 + ProtobufWriter.size(of: UInt64(payloadSize)) + payloadSize

        var head = ProtobufWriter()
        head.write(1, Kind.data.rawValue)
        head.length(of: UInt64(Kind.data.payloadField), payloadSize)
        head.write(1, connection)
        if count > 0 { head.length(of: 3, count) }
        return MessagePrefix.bytes(for: messageSize) + head.bytes
    }
}
