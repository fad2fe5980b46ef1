import Foundation
import Synchronization

/// An HTTP proxy that knows CONNECT alone, or refuses it.
final class ConnectProxy: Sendable {
    private let listener: Listener
    private let lines: Lines

    var port: UInt16 { listener.port }
    /// The request lines that came.
    var asked: [String] { lines.all.withLock { $0 } }

    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    init(refusing: Bool = false) throws {
        let lines = Lines()
        self.lines = lines
        listener = try Listener { client in
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
                let byte = try client.read(1)
                if byte.isEmpty { return }
                head += byte
            }
            let line = String(String(decoding: head, as: UTF8.self).split(separator: "\r\n")[0])
            lines.all.withLock { $0.append(line) }
            guard !refusing, let port = line.split(separator: " ")[1].split(separator: ":").last.flatMap({ UInt16($0) })
            else {
                return try client.write("HTTP/1.1 403 Forbidden\r\n\r\n".utf8)
            }
            let server = try BlockingSocket.loopback(port)
            try client.write("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
            Thread.detachNewThread {
                while let bytes = try? server.read(), !bytes.isEmpty { try? client.write(bytes) }
                client.shutdown()
            }
            while case let bytes = try client.read(), !bytes.isEmpty { try server.write(bytes) }
            server.shutdown()
        }
    }
}

/// Counts calls from any thread.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
