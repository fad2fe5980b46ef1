import Glibc
import TenantAPI

/// What a client says before TLS begins, by protocol.
enum TLSPreamble {
    /// False where the server does not want TLS, or does not speak this protocol.
    static func exchange(_ driver: String, over connection: SocketConnection, _ deadline: Deadline) -> Bool {
        switch DatastoreDriver(rawValue: driver) {
        case .postgreSQL: postgreSQL(connection, deadline)
        case .mySQL: mySQL(connection, deadline)
        case .nats: nats(connection, deadline)
        case .etcd, .sqlite, nil: true
        }
    }

    /// SSLRequest, answered by one byte (PostgreSQL protocol, 55.2.10).
    private static func postgreSQL(_ connection: SocketConnection, _ deadline: Deadline) -> Bool {
        let request: [UInt8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]
        return connection.send(request, deadline) && connection.receive(1, deadline) == [UInt8(ascii: "S")]
    }

    /// The server greets; the client answers with a short handshake response that asks for TLS (MySQL
    /// Protocol::SSLRequest).
    private static func mySQL(_ connection: SocketConnection, _ deadline: Deadline) -> Bool {
        guard let head = connection.receive(4, deadline) else { return false }
        let length = Int(head[0]) | Int(head[1]) << 8 | Int(head[2]) << 16
        // Version 10 of the protocol; 0xFF there is a refusal.
        guard (1...4096).contains(length), let greeting = connection.receive(length, deadline), greeting[0] == 10,
            let end = greeting.firstIndex(of: 0), end + 16 <= greeting.count
        else { return false }
        // After the version's text: thread (4), salt (8), filler (1), the lower capabilities (2).
        let capabilities = UInt16(greeting[end + 14]) | UInt16(greeting[end + 15]) << 8
        let clientSSL: UInt32 = 0x800
        guard UInt32(capabilities) & clientSSL != 0 else { return false }
        // CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_LONG_PASSWORD beside it.
        let flags: UInt32 = clientSSL | 0x200 | 0x8000 | 0x1
        var body: [UInt8] = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: flags >> UInt32($0)) }
        body += [0, 0, 0, 1, 45] + [UInt8](repeating: 0, count: 23)
        return connection.send([UInt8(body.count), 0, 0, head[3] &+ 1] + body, deadline)
    }

    /// The server says INFO in one line before TLS begins.
    private static func nats(_ connection: SocketConnection, _ deadline: Deadline) -> Bool {
        var line: [UInt8] = []
        while line.last != 0x0A {
            guard line.count < 64 * 1024, let byte = connection.receive(1, deadline) else { return false }
            line += byte
        }
        let text = String(decoding: line, as: UTF8.self)
        return text.hasPrefix("INFO ")
            && (text.contains("\"tls_required\":true") || text.contains("\"tls_available\":true"))
    }
}
