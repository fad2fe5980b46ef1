import Foundation
import HTTPTransport
import KubeObjects
import PKI
import Prometheus
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
        let knock = await dialer.knock(at: endpoint, driver: driver, timeout: .seconds(60))
        #expect(knock.isAnswered && knock.served?.commonName == "store" && knock.served?.origin == .served)
        let plain = await dialer.knock(at: endpoint, driver: driver, wantsTLS: false, timeout: .seconds(60))
        #expect(plain.isAnswered && plain.served == nil)
        #expect(server.complaints == [])
    }

    @Test("Who speaks no TLS, or another protocol, or nothing at all, shows no certificate and holds nobody up")
    func others() async throws {
        let server = try StoreDoors()
        for (driver, kind) in [
            ("PostgreSQL", "refusing"), ("MySQL", "NATS"), ("NATS", "PostgreSQL"), ("PostgreSQL", "silent"),
            ("MySQL", "silent"), ("etcd", "silent"), ("NATS", "endless"), ("MySQL", "endless"), ("etcd", "endless"),
        ] {
            let knock = await dialer.knock(
                at: try server.endpoint(kind), driver: driver, timeout: .milliseconds(500))
            #expect(knock.isAnswered && knock.served == nil, "\(driver) at \(kind)")
        }
        for endpoint in ["127.0.0.1:1", "no.such.host.invalid:1", "127.0.0.1", "", ":5", "[::1:5"] {
            let knock = await dialer.knock(at: endpoint, driver: "etcd", timeout: .seconds(10))
            #expect(!knock.isAnswered && knock.served == nil, "\(endpoint)")
        }
    }
}

@Suite("MySQL servers that turn us away", .timeLimit(.minutes(10)))
struct StoreRefusalTests {
    @Test(
        "Who turns our host away is up and says why, who turns everybody away is not, with TLS and without",
        arguments: [
            ("blocked", "host_blocked", true), ("foreign", "host_not_allowed", true),
            ("full", "too_many_connections", false), ("leaving", "refused_otherwise", false),
        ], [true, false])
    func refusals(refused: (kind: String, reason: String, isUp: Bool), wantsTLS: Bool) async throws {
        let server = try StoreDoors()
        let endpoint = try server.endpoint(refused.kind)
        var object = KubeObject([
            "metadata": ["name": "sql"], "spec": ["driver": "MySQL", "endpoints": [.string(endpoint)]],
        ])
        if wantsTLS { object[path: "spec", "tlsConfig"] = [:] }
        let facts = StoreFacts(object)
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let probe = StoreProbe(transport: transport, dialer: SocketDialer(), timeout: .seconds(60))
        let visit = await probe.visit(StoreAccess(facts: facts, tls: .system, stored: []))
        #expect(visit.isUp == refused.isUp && visit.endpoints[endpoint]?.reason == refused.reason)
        #expect(visit.endpoints[endpoint]?.failure == .unauthorized)
        var history = StoreHistory()
        history.add(visit, now: 100)
        let lines = history.samples(facts, stored: [], now: 100).lines
        let identity = "datastore_name=\"sql\",endpoint=\"\(endpoint)\""
        #expect(
            String(decoding: lines["kamaji_ds_endpoint_failure_info"] ?? [], as: UTF8.self)
                == "kamaji_ds_endpoint_failure_info{\(identity),reason=\"\(refused.reason)\"} 1\n")
        #expect(
            String(decoding: lines["kamaji_ds_endpoint_up"] ?? [], as: UTF8.self)
                == "kamaji_ds_endpoint_up{\(identity)} \(refused.isUp ? 1 : 0)\n")
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
        codes = {"blocked": 1129, "foreign": 1130, "full": 1040, "leaving": 1053}
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
                    head = exactly(connection, 4)
                    if head[3] != 1: return complain("the sequence begins with %d" % head[3])
                    if head[0] > 32: return refuse(connection, head)
                    if not exactly(connection, 32)[1] & 8: return complain("no wish for TLS")
                elif kind in codes:
                    body = b"\\xff" + codes[kind].to_bytes(2, "little") + b"Host 'x' may not"
                    connection.sendall(len(body).to_bytes(3, "little") + b"\\0" + body)
                    return
                elif kind == "NATS":
                    connection.sendall(b'INFO {"server_id":"x","tls_required":true}\\r\\n')
                elif kind == "silent":
                    while connection.recv(65536): pass
                    return
                elif kind == "endless":
                    while True: connection.sendall(b"INFO " * 10000)
                with context.wrap_socket(connection, server_side=True) as stream:
                    if kind == "MySQL":
                        head = exactly(stream, 4)
                        if head[3] != 2: return complain("the sequence goes on with %d" % head[3])
                        return refuse(stream, head)
                    while stream.recv(65536): pass
            except OSError: pass
            finally: connection.close()
        def complain(text):
            with open(sys.argv[1] + "/complaints", "a") as file: file.write(text + "\\n")
        def refuse(connection, head):
            login = exactly(connection, head[0])
            if b"kamaji-exporter\\0" not in login: complain("another user: %r" % login)
            body = b"\\xff\\x15\\x04#28000Access denied"
            connection.sendall(len(body).to_bytes(3, "little") + bytes([head[3] + 1]) + body)
        def listen(kind):
            door = socket.socket()
            door.bind(("127.0.0.1", 0))
            door.listen(64)
            with lock: print(kind, door.getsockname()[1], flush=True)
            while True:
                connection, _ = door.accept()
                threading.Thread(target=serve, args=(kind, connection), daemon=True).start()
        for kind in "PostgreSQL refusing MySQL NATS silent endless etcd".split() + list(codes):
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
        while text.count(where: { $0 == "\n" }) < 11 {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the doors ended: \(text)")
            text += String(decoding: more, as: UTF8.self)
        }
        endpoints = text.split(separator: "\n").reduce(into: [:]) { found, line in
            let parts = line.split(separator: " ")
            if parts.count == 2 { found[String(parts[0])] = "127.0.0.1:\(parts[1])" }
        }
    }

    /// What clients did that the protocols do not foresee.
    var complaints: [String] {
        let text = (try? String(contentsOfFile: "\(folder)/complaints", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func endpoint(_ kind: String) throws -> String { try #require(endpoints[kind]) }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }
}
