import Glibc
import Konnectivity
import Sockets

/// One front end's connection.
final class FrontPeer {
    let descriptor: Int32
    unowned let core: ServerCore
    weak var agent: AgentPeer?
    var random: Int64 = 0
    var id: ConnectionID = 0
    var out = ByteQueue()
    private var head: [UInt8]? = []
    private var isFinishing = false
    private(set) var isOver = false

    init(_ descriptor: Int32, _ core: ServerCore) {
        self.descriptor = descriptor
        self.core = core
    }

    deinit { close(descriptor) }

    func turn() {
        flush()
        var buffer = [UInt8](repeating: 0, count: 32768)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN { return }
        guard count > 0 else {
            if id != 0, !isFinishing { agent?.send(.closeRequest(id)) }
            if id == 0, random != 0 { agent?.send(.closeDial(random: random)) }
            return end()
        }
        guard var head else {
            if id != 0 { agent?.send(.data(id, buffer[..<count])) }
            return
        }
        head += buffer[..<count]
        self.head = head
        guard head.suffix(4).elementsEqual([13, 10, 13, 10]) else { return }
        self.head = nil
        let words = String(decoding: head, as: UTF8.self).split(separator: " ")
        if words.count > 1 { core.dial(String(words[1]), for: self) } else { end() }
    }

    func accept(_ id: ConnectionID) {
        self.id = id
        out.append("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
        flush()
    }

    func refuse(_ reason: String) {
        out.append("HTTP/1.1 502 Bad Gateway\r\n\r\n\(reason)".utf8)
        finish()
    }

    func flush() {
        while !isOver, !out.isEmpty {
            let count = out.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0 {
                if errno != EAGAIN { end() }
                return
            }
            out.consume(count)
        }
        if isFinishing { end() }
    }

    /// Closes once what waits is written.
    func finish() {
        isFinishing = true
        flush()
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
