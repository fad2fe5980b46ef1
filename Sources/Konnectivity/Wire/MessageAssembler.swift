/// The five bytes before every gRPC message: a compression flag and the length, big-endian (gRPC over HTTP/2,
/// "Length-Prefixed-Message").
enum MessagePrefix {
    static let size = 5

    static func bytes(for length: Int) -> [UInt8] {
        let length = UInt32(clamping: length)
        return [0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) }
    }
}

/// Cuts a stream of bytes into gRPC messages, whatever the pieces it arrives in. Holds one message at most.
package struct MessageAssembler: Sendable {
    /// What gRPC takes by default, and with it every agent and server upstream.
    package static let defaultLimit = 4 * 1024 * 1024
    /// Not more than so much is set aside on the word of a length alone.
    private static let initialCapacity = 64 * 1024

    private let limit: Int
    private var prefix: [UInt8] = []
    private var message: [UInt8] = []
    private var expected = 0

    package init(limit: Int = defaultLimit) { self.limit = limit }

    /// Bytes of a message whose end has not come yet.
    var held: Int { prefix.count + message.count }

    /// Takes a piece and gives the messages that it completes.
    package mutating func take(
        _ piece: UnsafeBufferPointer<UInt8>, _ deliver: (ArraySlice<UInt8>) throws(WireError) -> Void
    ) throws(WireError) {
        var piece = piece[...]
        while true {
            if prefix.count < MessagePrefix.size {
                if piece.isEmpty { return }
                let part = piece.prefix(MessagePrefix.size - prefix.count)
                prefix.append(contentsOf: part)
                piece = piece.dropFirst(part.count)
                guard prefix.count == MessagePrefix.size else { return }
                try begin()
            }
            let part = piece.prefix(expected - message.count)
            message.append(contentsOf: part)
            piece = piece.dropFirst(part.count)
            guard message.count == expected else { return }
            let whole = message
            message = []
            prefix.removeAll(keepingCapacity: true)
            try deliver(whole[...])
        }
    }

    private mutating func begin() throws(WireError) {
        switch prefix[0] {
        case 0: break
        case 1: throw WireError(.compressed, "a compressed message came, though no compression was agreed on")
        case let flag: throw WireError(.illegalFlag, "a message's compression flag is \(flag), neither 0 nor 1")
        }
        expected = prefix[1...].reduce(0) { $0 << 8 | Int($1) }
        guard expected <= limit else {
            throw WireError(.oversized, "a message of \(expected) bytes came; at most \(limit) are taken")
        }
        message.reserveCapacity(min(expected, Self.initialCapacity))
    }
}
