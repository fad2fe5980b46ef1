import Foundation
import PKI
import Testing

@testable import Probing

@Suite(
    "A real MariaDB", .timeLimit(.minutes(10)),
    .enabled(if: MariaDB.isInstalled, "Debian's mariadb-server-core is not installed"),
    .enabled(if: MariaDB.address != nil, "this machine has no address of IPv4 but loopback's, which is never shut out"))
struct RealMariaDBTests {
    @Test("Who only looks is not shut out for it, with TLS and without, and who hangs up is")
    func looking() async throws {
        let server = try await MariaDB(connectErrors: 3)
        let dialer = SocketDialer()
        for _ in 0..<8 {
            let knock = await dialer.knock(at: server.endpoint, driver: "MySQL", timeout: .seconds(60))
            #expect(knock.isAnswered && knock.served?.commonName == "store")
            let plain = await dialer.knock(
                at: server.endpoint, driver: "MySQL", wantsTLS: false, timeout: .seconds(60))
            #expect(plain.isAnswered)
        }
        #expect(server.log.contains("Access denied for user 'kamaji-exporter'"))
        #expect(!server.log.contains("Aborted connection"))
        // As PostgreSQL's endpoints are looked at; the server takes note of each a little later.
        try await server.until {
            _ = await dialer.knock(at: server.endpoint, driver: "PostgreSQL", timeout: .milliseconds(200))
            return await dialer.knock(at: server.endpoint, driver: "MySQL", timeout: .seconds(60)).served == nil
        }
        for wantsTLS in [true, false] {
            let knock = await dialer.knock(
                at: server.endpoint, driver: "MySQL", wantsTLS: wantsTLS, timeout: .seconds(60))
            #expect(knock.isAnswered && knock.refusal == .hostBlocked)
        }
    }

    @Test("A server that lets no user in from our host answers us, and says so")
    func foreign() async throws {
        let server = try await MariaDB(connectErrors: 100, takesStrangers: false)
        for wantsTLS in [true, false] {
            let knock = await SocketDialer().knock(
                at: server.endpoint, driver: "MySQL", wantsTLS: wantsTLS, timeout: .seconds(60))
            #expect(knock.isAnswered && knock.served == nil && knock.refusal == .hostNotAllowed)
        }
    }
}

/// One server of Debian's, with a folder of its own, at an address that it counts the errors of.
private final class MariaDB: Sendable {
    private static let program = "/usr/sbin/mariadbd"
    private static let tables = [
        "mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql",
    ].map { "/usr/share/mysql/\($0)" }

    static let isInstalled =
        FileManager.default.isExecutableFile(atPath: program)
        && tables.allSatisfy { FileManager.default.isReadableFile(atPath: $0) }

    /// An address of this machine that is not loopback's.
    static let address: String? = {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let address = entry.ifa_addr, Int32(address.pointee.sa_family) == AF_INET,
                entry.ifa_flags & UInt32(IFF_UP) != 0, entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
                continue
            }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return nil
    }()

    let endpoint: String
    private let folder: String
    private let pid: Int32

    /// - Parameters:
    ///   - connectErrors: after how many of them a host is shut out.
    ///   - takesStrangers: whether there is a user who may come from anywhere.
    init(connectErrors: Int, takesStrangers: Bool = true) async throws {
        let address = try #require(Self.address)
        let base = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
        var template = Array("\(base)/mariadb-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        try FileManager.default.createDirectory(atPath: "\(folder)/data/mysql", withIntermediateDirectories: true)
        let authority = try Credentials.makeAuthority("store-ca")
        let leaf = try Credentials.leaf("store", by: authority, client: false)
        try Data(leaf.certificate.pem).write(to: URL(filePath: "\(folder)/crt"))
        try Data(leaf.key.pem).write(to: URL(filePath: "\(folder)/key"))
        let texts = try Self.tables.map { try String(contentsOfFile: $0, encoding: .utf8) }
        let tables = "use mysql;\nSET @auth_root_socket=NULL;\n" + texts.joined(separator: "\n")
        try Data(tables.utf8).write(to: URL(filePath: "\(folder)/tables.sql"))
        // Where no user may come from elsewhere everybody is refused before the handshake.
        try Data("CREATE USER tenant@'%' IDENTIFIED BY 'word';\n".utf8).write(to: URL(filePath: "\(folder)/users.sql"))
        _ = FileManager.default.createFile(atPath: "\(folder)/log", contents: nil)
        let common = [
            "--no-defaults", "--user=\(NSUserName())", "--datadir=\(folder)/data", "--innodb-use-native-aio=0",
        ]
        let bootstrap = try Self.start(common + ["--bootstrap"], folder, input: "\(folder)/tables.sql")
        bootstrap.waitUntilExit()
        try #require(
            bootstrap.terminationStatus == 0, "\((try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "")"
        )
        let port = try Self.unusedPort()
        endpoint = "\(address):\(port)"
        pid = try Self.start(
            common + [
                "--port=\(port)", "--bind-address=\(address)", "--socket=\(folder)/socket", "--pid-file=\(folder)/pid",
                "--max-connect-errors=\(connectErrors)", "--ssl-cert=\(folder)/crt", "--ssl-key=\(folder)/key",
            ] + (takesStrangers ? ["--init-file=\(folder)/users.sql"] : ["--skip-name-resolve"]), folder
        ).processIdentifier
        try await until { self.log.contains("ready for connections") }
    }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

    /// Waits for minutes at most; shows the server's log where it does not come about.
    func until(_ holds: () async -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < end {
            if await holds() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("it did not come about: \(log.suffix(4000))")
    }

    private static func start(_ arguments: [String], _ folder: String, input: String = "/dev/null") throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let log = try FileHandle(forWritingTo: URL(filePath: "\(folder)/log"))
        log.seekToEndOfFile()
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: input))
        process.standardOutput = log
        process.standardError = log
        try process.run()
        return process
    }

    private static func unusedPort() throws -> UInt16 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
            }
        }
        try #require(code == 0)
        return UInt16(bigEndian: address.sin_port)
    }
}
