import Foundation
import Synchronization
import Testing

/// A server on the node, on a free port of loopback: what dials go to. A thread for each connection.
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
        /// Takes everything and says only how much it was, when 8 bytes of zero came.
        case sink
    }

    let port: UInt16
    private let listener: Int32
    private let open = Mutex<[BlockingSocket]>([])
    private let taken = Atomic<Int>(0)

    /// Connections that were made so far.
    var connections: Int { open.withLock { $0.count } }
    var bytesTaken: Int { taken.load(ordering: .relaxed) }

    init(_ behaviour: Behaviour) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 128) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        try #require(isBound)
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
                let connection = BlockingSocket(adopting: descriptor)
                guard let self else { return }
                open.withLock { $0.append(connection) }
                Thread.detachNewThread { [weak self] in self?.serve(connection, behaviour) }
            }
        }
    }

    deinit {
        Foundation.shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for connection in open.withLock({ $0 }) { connection.shutdown() }
    }

    var address: String { "127.0.0.1:\(port)" }

    private func serve(_ connection: BlockingSocket, _ behaviour: Behaviour) {
        do {
            switch behaviour {
            case .echo: while case let bytes = try connection.read(), !bytes.isEmpty { try connection.write(bytes) }
            case .stalled: break
            case .flood:
                let piece = [UInt8](repeating: 7, count: 65536)
                while true { try connection.write(piece) }
            case .farewell(let bytes): try connection.write(bytes)
            case .sink:
                while case let bytes = try connection.read(), !bytes.isEmpty {
                    taken.add(bytes.count, ordering: .relaxed)
                }
            }
        } catch {}
        if case .stalled = behaviour { return }
        connection.shutdown()
    }
}
