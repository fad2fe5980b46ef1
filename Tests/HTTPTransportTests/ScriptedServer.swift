import Foundation
import Synchronization
import Testing

/// An HTTP/1.1 server on a free port of loopback that does with each connection what a test says, byte by byte.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var requests: [Connection.Request] = []
        var open = 0
        var mostOpen = 0
    }

    var url: String { "http://127.0.0.1:\(port)" }
    /// Every request so far.
    var requests: [Connection.Request] { state.withLock { $0.requests } }
    /// How many connections there were at one moment, at most.
    var mostConnections: Int { state.withLock { $0.mostOpen } }

    /// - Parameter serve: runs on a thread of its own for each connection, which is closed after it.
    init(_ serve: @escaping @Sendable (Connection) -> Void) throws {
        let listener = try Self.listen()
        self.listener = listener
        port = try Self.port(of: listener)
        Thread.detachNewThread { [weak self] in
            while case let socket = accept(listener, nil, nil), socket >= 0 {
                let connection = Connection(socket) { [weak self] request in
                    self?.state.withLock { $0.requests.append(request) }
                }
                self?.count(1)
                Thread.detachNewThread { [weak self] in
                    serve(connection)
                    connection.close()
                    self?.count(-1)
                }
            }
        }
    }

    /// Answers every request of every connection with what `answer` makes of it.
    static func answering(_ answer: @escaping @Sendable (Connection.Request) -> String) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = connection.readRequest() { connection.write(answer(request)) }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func count(_ change: Int) {
        state.withLock { state in
            state.open += change
            state.mostOpen = max(state.mostOpen, state.open)
        }
    }

    private static func listen() throws -> Int32 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listener >= 0)
        var address = loopback(port: 0)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(bound == 0 && Glibc.listen(listener, 256) == 0)
        return listener
    }

    private static func port(of socket: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        try #require(code == 0)
        return UInt16(bigEndian: address.sin_port)
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// A port on which nothing listens.
    static func unusedPort() throws -> UInt16 {
        let socket = try listen()
        defer { close(socket) }
        return try port(of: socket)
    }

    /// A connection to a port of loopback; nil when nobody listens there.
    static func connect(to port: UInt16) -> Connection? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: port)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            Glibc.close(socket)
            return nil
        }
        return Connection(socket) { _ in }
    }
}

/// Something that happens on a server's thread, once, and that a task waits for.
struct Occasion: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func happens() { continuation.finish() }

    func wait() async { for await _ in stream {} }
}
