import Foundation
import Synchronization
import Testing

/// A server on the node, on a free port of loopback: what dials go to.
final class Target: Sendable {
    enum Behaviour: Sendable {
        /// Sends back what comes.
        case echo
        /// Reads nothing at all.
        case stalled
        /// Sends bytes for ever, and reads nothing.
        case flood
        /// Says something, and closes.
        case farewell([UInt8])
    }

    private let listener: Listener
    private let accepted: Connections

    /// Keeps what was accepted open: a stalled target is not one that has gone.
    private final class Connections: Sendable {
        let open = Mutex<[BlockingSocket]>([])
        let count = Atomic<Int>(0)
    }

    var port: UInt16 { listener.port }
    var address: String { "127.0.0.1:\(port)" }
    /// Connections that were made so far.
    var connections: Int { accepted.count.load(ordering: .relaxed) }

    init(_ behaviour: Behaviour) throws {
        let accepted = Connections()
        self.accepted = accepted
        listener = try Listener { connection in
            accepted.count.add(1, ordering: .relaxed)
            switch behaviour {
            case .echo: while case let bytes = try connection.read(), !bytes.isEmpty { try connection.write(bytes) }
            case .stalled:
                accepted.open.withLock { $0.append(connection) }
                // Until the other side or the test is done with it; nothing is read.
                var watched = pollfd(fd: connection.descriptor, events: 0, revents: 0)
                _ = poll(&watched, 1, 120_000)
            case .flood:
                let piece = [UInt8](repeating: 7, count: 65536)
                while true { try connection.write(piece) }
            case .farewell(let bytes): try connection.write(bytes)
            }
        }
    }

    deinit {
        for connection in accepted.open.withLock({ $0 }) { connection.shutdown() }
    }
}
