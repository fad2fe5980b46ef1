import Foundation
import PKI
import Testing

@testable import Probing

@Suite("Knocking at datastores", .timeLimit(.minutes(10)))
struct SocketDialerTests {
    private let dialer = SocketDialer()

    @Test(
        "Each protocol is led up to TLS, and the certificate is seen",
        arguments: ["PostgreSQL", "MySQL", "NATS", "etcd"])
    func certificates(driver: String) async throws {
        let server = try StoreDoors()
        let endpoint = try server.endpoint(driver)
        #expect(await dialer.answers(at: endpoint, timeout: .seconds(60)))
        let held = await dialer.certificate(at: endpoint, driver: driver, timeout: .seconds(60))
        #expect(held?.commonName == "store" && held?.origin == .served)
    }

    @Test("Who speaks no TLS, or another protocol, or nothing at all, shows no certificate and holds nobody up")
    func others() async throws {
        let server = try StoreDoors()
        for (driver, kind) in [
            ("PostgreSQL", "refusing"), ("MySQL", "NATS"), ("NATS", "PostgreSQL"), ("PostgreSQL", "silent"),
            ("MySQL", "silent"), ("etcd", "silent"), ("NATS", "endless"), ("MySQL", "endless"), ("etcd", "endless"),
        ] {
            let held = await dialer.certificate(
                at: try server.endpoint(kind), driver: driver, timeout: .milliseconds(500))
            #expect(held == nil, "\(driver) at \(kind)")
        }
        for endpoint in ["127.0.0.1:1", "no.such.host.invalid:1", "127.0.0.1", "", ":5", "[::1:5"] {
            #expect(!(await dialer.answers(at: endpoint, timeout: .seconds(10))), "\(endpoint)")
        }
    }
}

/// Doors that say what the servers of each protocol say before TLS begins.
private final class StoreDoors: Sendable {
    private let endpoints: [String: String]
    private let pid: Int32
    private let folder: String

    private static let program = """
        import socket, ssl, sys, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1] + "/crt", sys.argv[1] + "/key")
        lock = threading.Lock()
        def exactly(connection, count):
            text = b""
            while len(text) < count:
                more = connection.recv(count - len(text))
                if not more: raise OSError()
                text += more
            return text
        def serve(kind, connection):
            try:
                if kind in ("PostgreSQL", "refusing"):
                    if exactly(connection, 8) != b"\\x00\\x00\\x00\\x08\\x04\\xd2\\x16\\x2f": return
                    connection.sendall(b"S" if kind == "PostgreSQL" else b"N")
                    if kind == "refusing": return
                elif kind == "MySQL":
                    body = b"\\x0a10.11.6-MariaDB\\0" + b"\\x01\\0\\0\\0" + b"saltsalt" + b"\\0" + b"\\xfe\\xff" + b"\\x2d" + b"\\0" * 18 + b"saltsaltsalt\\0"
                    connection.sendall(len(body).to_bytes(3, "little") + b"\\0" + body)
                    request = exactly(connection, 36)
                    if request[:4] != b"\\x20\\0\\0\\x01" or not request[5] & 8: return
                elif kind == "NATS":
                    connection.sendall(b'INFO {"server_id":"x","tls_required":true}\\r\\n')
                elif kind == "silent":
                    while connection.recv(65536): pass
                    return
                elif kind == "endless":
                    while True: connection.sendall(b"INFO " * 10000)
                with context.wrap_socket(connection, server_side=True) as stream:
                    while stream.recv(65536): pass
            except OSError: pass
            finally: connection.close()
        def listen(kind):
            door = socket.socket()
            door.bind(("127.0.0.1", 0))
            door.listen(64)
            with lock: print(kind, door.getsockname()[1], flush=True)
            while True:
                connection, _ = door.accept()
                threading.Thread(target=serve, args=(kind, connection), daemon=True).start()
        for kind in "PostgreSQL refusing MySQL NATS silent endless etcd".split():
            threading.Thread(target=listen, args=(kind,), daemon=True).start()
        sys.stdin.read()
        """

    init() throws {
        let authority = try Credentials.makeAuthority("store-ca")
        let leaf = try Credentials.leaf("store", by: authority, client: false)
        var template = Array("\(NSTemporaryDirectory())/doors-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        try Data(leaf.certificate.pem).write(to: URL(filePath: "\(folder)/crt"))
        try Data(leaf.key.pem).write(to: URL(filePath: "\(folder)/key"))
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", Self.program, folder]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        pid = process.processIdentifier
        var text = ""
        while text.count(where: { $0 == "\n" }) < 7 {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the doors ended: \(text)")
            text += String(decoding: more, as: UTF8.self)
        }
        endpoints = text.split(separator: "\n").reduce(into: [:]) { found, line in
            let parts = line.split(separator: " ")
            if parts.count == 2 { found[String(parts[0])] = "127.0.0.1:\(parts[1])" }
        }
    }

    func endpoint(_ kind: String) throws -> String { try #require(endpoints[kind]) }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }
}
