import Hummingbird
import NIOCore
import Synchronization

/// Pages on their way to readers. A page counts until it was read, or its connection ended: who reads slowly holds memory,
/// and all of them together may not hold more than this.
final class Deliveries: Sendable {
    private struct State: Sendable {
        var count = 0
        var bytes = 0
    }

    private let limit: Int
    private let byteLimit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: pages at once.
    ///   - byteLimit: bytes of them from which on no other page is begun.
    init(limit: Int, byteLimit: Int) { (self.limit, self.byteLimit) = (limit, byteLimit) }

    /// Nil where there are enough of them.
    func begin() -> Delivery? {
        let isFree = state.withLock { state in
            guard state.count < limit, state.bytes < byteLimit else { return false }
            state.count += 1
            return true
        }
        return isFree ? Delivery(self) : nil
    }

    fileprivate func hold(_ bytes: Int) { state.withLock { $0.bytes += bytes } }

    fileprivate func end(_ bytes: Int) {
        state.withLock { state in
            state.count -= 1
            state.bytes -= bytes
        }
    }
}

/// One of them, until it is let go.
final class Delivery: Sendable {
    private let deliveries: Deliveries
    private let bytes = Mutex(0)
    /// So much is given to a connection at a time; the next piece waits until it was taken.
    private static let piece = 256 * 1024

    fileprivate init(_ deliveries: Deliveries) { self.deliveries = deliveries }

    deinit { deliveries.end(bytes.withLock { $0 }) }

    /// Once: what this delivery brings.
    func body(_ page: ByteBuffer) -> ResponseBody {
        bytes.withLock { $0 = page.readableBytes }
        deliveries.hold(page.readableBytes)
        return ResponseBody(contentLength: page.readableBytes) { writer in
            defer { withExtendedLifetime(self) {} }
            var rest = page
            while rest.readableBytes > 0, let piece = rest.readSlice(length: min(Self.piece, rest.readableBytes)) {
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
    }
}
