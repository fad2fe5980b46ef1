import Foundation
import PKI
import Testing

/// An API server that answers well on `/good`, and in every way that one should not elsewhere.
final class HostileServer: Sendable {
    let authority: CertificateAuthority
    /// `127.0.0.1:port` by behaviour: `good`, `unready`, `closed` (answers nobody whom it does not know), `accept` (no byte is read), `tls` (reads and says nothing),
    /// `body` (stops in the middle), `large` (ten megabytes), `cut` (hangs up), `refused` (nobody listens).
    let endpoints: [String: String]
    private let pid: Int32
    private let folder: String

    private static let program = """
        import socket, ssl, sys, threading, time
        folder = sys.argv[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/crt", folder + "/key")
        lock = threading.Lock()
        ready = b"[+]ping ok\\n[+]etcd ok\\nreadyz check passed\\n"
        unready = b"[+]ping ok\\n[-]etcd failed: reason withheld\\n[-]informer-sync failed: reason withheld\\n"
        def head(status, length): return b"HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n\\r\\n" % (status, length)
        def serve(kind, connection):
            try:
                if kind == "tls":
                    while connection.recv(65536): pass
                    return
                with context.wrap_socket(connection, server_side=True) as stream:
                    while True:
                        text = b""
                        while b"\\r\\n\\r\\n" not in text:
                            more = stream.recv(65536)
                            if not more: return
                            text += more
                        if kind == "cut": return
                        if kind == "body":
                            stream.sendall(head(b"200 OK", 1000) + b"[+]ping")
                            while stream.recv(65536): pass
                            return
                        if kind == "large": body, status = b"x" * 10_000_000, b"200 OK"
                        elif b"/version" in text and kind != "closed": body, status = b'{"gitVersion": "v1.36.1"}', b"200 OK"
                        elif kind == "unready" and b"/readyz" in text: body, status = unready, b"500 Internal Server Error"
                        elif kind == "closed": body, status = b'{"kind": "Status"}', b"401 Unauthorized"
                        else: body, status = ready, b"200 OK"
                        stream.sendall(head(status, len(body)) + body)
            except OSError: pass
            finally: connection.close()
        def listen(kind):
            door = socket.socket()
            door.bind(("127.0.0.1", 0))
            if kind != "refused": door.listen(512)
            with lock: print(kind, door.getsockname()[1], flush=True)
            if kind == "refused":
                door.close()
                return
            if kind == "accept":
                while True: time.sleep(3600)
            while True:
                connection, _ = door.accept()
                threading.Thread(target=serve, args=(kind, connection), daemon=True).start()
        for kind in "good unready closed tls body large cut accept refused".split():
            threading.Thread(target=listen, args=(kind,), daemon=True).start()
        sys.stdin.read()
        """

    init(names: [String] = [], addresses: [String] = ["127.0.0.1"]) throws {
        authority = try Credentials.makeAuthority("kubernetes")
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: "kube-apiserver", dnsNames: names, ipAddresses: addresses, extendedKeyUsages: [.serverAuth],
            validity: .seconds(86_400))
        var template = Array("\(NSTemporaryDirectory())/hostile-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        try Data(try authority.issue(profile, to: key, now: Date()).pem).write(to: URL(filePath: "\(folder)/crt"))
        try Data(key.pem).write(to: URL(filePath: "\(folder)/key"))
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", Self.program, folder]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        pid = process.processIdentifier
        var text = ""
        while text.count(where: { $0 == "\n" }) < 9 {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the server ended: \(text)")
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
