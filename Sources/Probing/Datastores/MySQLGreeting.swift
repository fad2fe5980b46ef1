/// What a server of MySQL's protocol says first, and what follows it.
///
/// A server counts connections that end before the client has logged in, by the client's host, and lets nobody from there
/// in any more once there are `max_connect_errors` (100) of them without a success between: tenants on the same node
/// would be shut out by who only looks. Logins that are refused do not count (performance_schema.host_cache:
/// SUM_CONNECT_ERRORS is of handshakes alone). So each look ends with a login, as a user of our own name that need not
/// exist; the names of real users are left alone, which may be locked for it.
struct MySQLGreeting {
    private let sequence: UInt8
    let offersTLS: Bool

    static let user = "kamaji-exporter"

    /// CLIENT_SSL.
    private static let tls: UInt32 = 0x800
    /// CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH.
    private static let capabilities: UInt32 = 0x1 | 0x200 | 0x8000 | 0x80000
    /// Of one packet: greetings and refusals are short.
    private static let longest = 4096

    /// The first thing that a server says.
    enum Opening {
        case greeting(MySQLGreeting)
        case refusal(StoreRefusal)
    }

    /// Nil where the server speaks another protocol.
    static func opening(of channel: some StoreChannel, _ deadline: Deadline) -> Opening? {
        guard let (sequence, packet) = Self.packet(channel, deadline) else { return nil }
        // A refusal, with its number; before the login no state of SQL follows.
        if packet.first == 0xFF, packet.count >= 3 {
            return .refusal(StoreRefusal(mySQL: UInt16(packet[1]) | UInt16(packet[2]) << 8))
        }
        // Version 10 of the protocol.
        guard packet.first == 10, let end = packet.firstIndex(of: 0), end + 16 <= packet.count else { return nil }
        // After the version's text: thread (4), salt (8), filler (1), the lower capabilities (2).
        let offered = UInt16(packet[end + 14]) | UInt16(packet[end + 15]) << 8
        return .greeting(MySQLGreeting(sequence: sequence, offersTLS: UInt32(offered) & Self.tls != 0))
    }

    private init(sequence: UInt8, offersTLS: Bool) { (self.sequence, self.offersTLS) = (sequence, offersTLS) }

    /// Reads the greeting and takes leave without TLS; tells what was said instead of a greeting.
    static func leave(_ channel: some StoreChannel, _ deadline: Deadline) -> StoreRefusal? {
        switch opening(of: channel, deadline) {
        case .greeting(let greeting): greeting.logIn(over: channel, deadline)
        case .refusal(let refusal): return refusal
        case nil: break
        }
        return nil
    }

    /// Asks for TLS with the beginning of a login (Protocol::SSLRequest); what is said next is said within TLS.
    func asksForTLS(over channel: some StoreChannel, _ deadline: Deadline) -> MySQLGreeting? {
        let request = Self.head(Self.capabilities | Self.tls)
        guard Self.send(request, sequence &+ 1, channel, deadline) else { return nil }
        return MySQLGreeting(sequence: sequence &+ 1, offersTLS: true)
    }

    /// Logs in without a password, is refused, or quits where it was let in.
    func logIn(over channel: some StoreChannel, _ deadline: Deadline) {
        // Over an open connection the flag would announce a handshake.
        let flags = Self.capabilities | (offersTLS && channel is TLSHandshake ? Self.tls : 0)
        var login = Self.head(flags)
        // User, empty answer to the salt, method.
        login += Array(Self.user.utf8) + [0, 0] + Array("mysql_native_password".utf8) + [0]
        guard Self.send(login, sequence &+ 1, channel, deadline) else { return }
        // A server may want another method first, and say more between; nobody needs as many rounds as this.
        for _ in 0..<6 {
            guard let (sequence, answer) = Self.packet(channel, deadline) else { return }
            switch answer.first {
            case 0x00:
                // COM_QUIT, the first packet of a command.
                _ = Self.send([0x01], 0, channel, deadline)
                return
            case 0xFE:
                // Another method: an empty answer to it.
                guard Self.send([], sequence &+ 1, channel, deadline) else { return }
            case 0x01:
                // caching_sha2_password: 3 is well, 4 wants the password itself, which is none.
                if answer.dropFirst().first == 4 {
                    guard Self.send([0], sequence &+ 1, channel, deadline) else { return }
                }
            default: return
            }
        }
    }

    /// What SSLRequest and a login begin with: capabilities, longest packet, utf8mb4, filler.
    private static func head(_ flags: UInt32) -> [UInt8] {
        let bytes = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: flags >> UInt32($0)) }
        return bytes + [0, 0, 0, 1, 45] + [UInt8](repeating: 0, count: 23)
    }

    private static func send(
        _ body: [UInt8], _ sequence: UInt8, _ channel: some StoreChannel, _ deadline: Deadline
    ) -> Bool {
        channel.send([UInt8(body.count & 0xFF), UInt8(body.count >> 8 & 0xFF), 0, sequence] + body, deadline)
    }

    private static func packet(
        _ channel: some StoreChannel, _ deadline: Deadline
    ) -> (sequence: UInt8, body: [UInt8])? {
        guard let head = channel.receive(4, deadline) else { return nil }
        let length = Int(head[0]) | Int(head[1]) << 8 | Int(head[2]) << 16
        guard (1...longest).contains(length), let body = channel.receive(length, deadline) else { return nil }
        return (head[3], body)
    }
}
