import Sockets

/// What an HTTP proxy is asked, and what it says (RFC 9110, 9.3.6).
enum ProxyAnswer: Sendable, Hashable {
    case incomplete
    case accepted
    /// Its status line, or what was wrong with it.
    case refused(String)

    /// A head longer than this is no answer.
    private static let limit = 8 * 1024

    static func request(for server: HostPort) -> String {
        "CONNECT \(server) HTTP/1.1\r\nHost: \(server)\r\nUser-Agent: kamaji-agent\r\n\r\n"
    }

    static func read(_ bytes: [UInt8]) -> ProxyAnswer {
        guard bytes.suffix(4).elementsEqual([13, 10, 13, 10]) else {
            return bytes.count < limit ? .incomplete : .refused("its answer has no end")
        }
        let line = String(decoding: bytes.prefix { $0 != 13 }.prefix(200), as: UTF8.self)
        let parts = line.split(separator: " ")
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1.") else { return .refused("its answer is not HTTP") }
        return parts[1].count == 3 && parts[1].hasPrefix("2") ? .accepted : .refused(line)
    }
}
