/// The transfers under way, found by whoever asks: by exchange, by libcurl's handle, and, for streams, how many one
/// origin has at most. Every step takes the same time however many there are.
struct TransferTable {
    private var byExchange: [ObjectIdentifier: Transfer] = [:]
    private var byHandle: [OpaquePointer: Transfer] = [:]
    /// Origins by streams, and how many origins have so many: the largest count is read without looking at all.
    private var streams: [String: Int] = [:]
    private var originsWith: [Int: Int] = [:]
    /// The most streams that one origin has.
    private(set) var mostStreams = 0

    var all: some Sequence<Transfer> { byExchange.values }

    subscript(exchange: Exchange) -> Transfer? { byExchange[ObjectIdentifier(exchange)] }
    subscript(handle: OpaquePointer) -> Transfer? { byHandle[handle] }

    mutating func insert(_ transfer: Transfer) {
        byExchange[ObjectIdentifier(transfer.exchange)] = transfer
        byHandle[transfer.handle] = transfer
        if transfer.exchange.delivery == .stream { count(transfer.origin, 1) }
    }

    mutating func remove(_ transfer: Transfer) {
        guard byHandle.removeValue(forKey: transfer.handle) != nil else { return }
        byExchange[ObjectIdentifier(transfer.exchange)] = nil
        if transfer.exchange.delivery == .stream { count(transfer.origin, -1) }
    }

    private mutating func count(_ origin: String, _ change: Int) {
        let before = streams[origin] ?? 0
        let after = before + change
        streams[origin] = after == 0 ? nil : after
        move(from: before, to: after)
        if after > mostStreams {
            mostStreams = after
        } else if before == mostStreams, originsWith[before] == nil {
            // Nobody else had as many, and this one has one less now.
            mostStreams = after
        }
    }

    private mutating func move(from before: Int, to after: Int) {
        if before > 0 {
            let left = (originsWith[before] ?? 1) - 1
            originsWith[before] = left == 0 ? nil : left
        }
        if after > 0 { originsWith[after, default: 0] += 1 }
    }
}
