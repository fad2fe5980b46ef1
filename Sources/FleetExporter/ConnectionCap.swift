import HummingbirdCore
import NIOCore
import Synchronization

/// So many connections and not one more: who comes in addition waits in the system's queue until one of them ends.
///
/// A listening socket gives what waits before it in batches, and asks whether more may come before each batch alone. So
/// nobody is let in until the batches are of one, which is `open`.
struct ConnectionCap: AvailableConnectionsDelegate {
    private let door: Door
    private let limit: Int
    private var count = 0

    private final class Door: Sendable {
        let isOpen = Atomic(false)
    }

    /// - Parameter limit: connections that may be open at once.
    init(_ limit: Int) {
        door = Door()
        self.limit = limit
    }

    /// Lets the first ones in.
    /// - Parameter listener: the channel that listens, which has this cap.
    func open(_ listener: any Channel) async throws {
        try await listener.setOption(.maxMessagesPerRead, value: 1).get()
        door.isOpen.store(true, ordering: .releasing)
        listener.read()
    }

    mutating func connectionOpened() { count += 1 }

    mutating func connectionClosed() { count -= 1 }

    func isAcceptingNewConnections() -> Bool { door.isOpen.load(ordering: .acquiring) && count < limit }
}
