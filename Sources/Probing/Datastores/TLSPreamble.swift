import Glibc
import TenantAPI

/// What a client says before TLS begins, by protocol, and how it takes its leave afterwards.
enum TLSPreamble {
    case none
    case mySQL(MySQLGreeting)
    /// There is nothing more to be said.
    case refused(StoreRefusal)

    /// Nil where the server does not want TLS, or does not speak this protocol.
    static func exchange(_ driver: String, over connection: SocketConnection, _ deadline: Deadline) -> TLSPreamble? {
        switch DatastoreDriver(rawValue: driver) {
        case .postgreSQL: postgreSQL(connection, deadline) ? TLSPreamble.none : nil
        case .mySQL: mySQL(connection, deadline)
        case .nats: nats(connection, deadline) ? TLSPreamble.none : nil
        case .etcd, .sqlite, nil: TLSPreamble.none
        }
    }

    /// Ends what was begun, where a mere hanging up would be held against us.
    func leave(_ channel: some StoreChannel, _ deadline: Deadline) {
        switch self {
        case .none, .refused: break
        case .mySQL(let greeting): greeting.logIn(over: channel, deadline)
        }
    }

    /// SSLRequest, answered by one byte (PostgreSQL protocol, 55.2.10).
    private static func postgreSQL(_ connection: SocketConnection, _ deadline: Deadline) -> Bool {
        let request: [UInt8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]
        return connection.send(request, deadline) && connection.receive(1, deadline) == [UInt8(ascii: "S")]
    }

    private static func mySQL(_ connection: SocketConnection, _ deadline: Deadline) -> TLSPreamble? {
        switch MySQLGreeting.opening(of: connection, deadline) {
        case .greeting(let greeting):
            guard greeting.offersTLS else {
                greeting.logIn(over: connection, deadline)
                return nil
            }
            return greeting.asksForTLS(over: connection, deadline).map { .mySQL($0) }
        case .refusal(let refusal): return .refused(refusal)
        case nil: return nil
        }
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
