import Foundation
import Synchronization

/// One connection's server side. Used by one thread at a time.
final class Connection: @unchecked Sendable {
    struct Request: Sendable {
        var method = ""
        var target = ""
        /// As they stood, without their line ends.
        var headerLines: [String] = []
        var body: [UInt8] = []

        /// The value of a header by its name in lower case.
        func header(_ name: String) -> String? {
            headerLines.first { $0.lowercased().hasPrefix(name + ":") }.map {
                String($0.dropFirst(name.count + 1)).trimmingCharacters(in: .whitespaces)
            }
        }
    }

    private let socket: Int32
    private let observe: @Sendable (Request) -> Void
    private var pending: [UInt8] = []
    private let isClosed = Mutex(false)

    init(_ socket: Int32, observe: @escaping @Sendable (Request) -> Void) {
        self.socket = socket
        self.observe = observe
    }

    /// Nil when the client has closed the connection.
    func readRequest() -> Request? {
        let end = Array("\r\n\r\n".utf8)
        while pending.firstRange(of: end) == nil {
            guard let more = read() else { return nil }
            pending += more
        }
        guard let mark = pending.firstRange(of: end) else { return nil }
        let lines = String(decoding: pending[..<mark.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        pending.removeSubrange(..<mark.upperBound)
        let words = (lines.first ?? "").split(separator: " ").map(String.init)
        guard words.count == 3 else { return nil }
        var request = Request(method: words[0], target: words[1], headerLines: Array(lines.dropFirst()))
        let length = request.header("content-length").flatMap { Int($0) } ?? 0
        while pending.count < length {
            guard let more = read() else { return nil }
            pending += more
        }
        request.body = Array(pending.prefix(length))
        pending.removeFirst(length)
        observe(request)
        return request
    }

    /// What comes next, whatever it is; nil at the end.
    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    /// Returns once the client has closed the connection.
    func waitForEnd() { while read() != nil {} }

    /// False when the client is gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Carries bytes both ways between two connections until both have ended.
    func relay(to other: Connection) {
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while let bytes = other.read(), self.write(bytes) {}
            shutdown(self.socket, Int32(SHUT_RDWR))
            isDone.signal()
        }
        while let bytes = read(), other.write(bytes) {}
        shutdown(other.socket, Int32(SHUT_RDWR))
        isDone.wait()
        other.close()
    }

    func close() {
        isClosed.withLock { isClosed in
            if !isClosed { Glibc.close(socket) }
            isClosed = true
        }
    }
}

extension Connection.Request {
    /// A whole response with this body.
    static func response(_ body: String, status: String = "200 OK", headers: String = "") -> String {
        "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
