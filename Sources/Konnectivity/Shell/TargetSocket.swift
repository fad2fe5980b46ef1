import Glibc
import Sockets

/// One connection to a target on the node. Says what it can do now; who owns it decides what it does.
final class TargetSocket: Pollable {
    enum Phase {
        case connecting
        case open
        /// Closed for the server; what waits for the target is still written, until the deadline.
        case lingering(until: ContinuousClock.Instant)
    }

    let id: ConnectionID
    let descriptor: Int32
    var phase: Phase
    var token: UInt64?
    var canRead = false
    var canWrite = false
    /// Whether it stands in the queue of those that can be read.
    var isQueued = false
    /// The target takes nothing any more; what it has sent is still read.
    var isDeaf = false
    /// Bytes that wait for the target.
    var pending = ByteQueue()
    private unowned let link: ServerLink

    init(_ id: ConnectionID, descriptor: Int32, link: ServerLink) {
        self.id = id
        self.descriptor = descriptor
        self.link = link
        phase = .connecting
    }

    deinit { close(descriptor) }

    func ready(_ readiness: Poller.Readiness) {
        if readiness.contains(.read) { canRead = true }
        if readiness.contains(.write) { canWrite = true }
        link.targetIsReady(self)
    }
}
