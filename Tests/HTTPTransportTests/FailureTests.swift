import Foundation
import PKI
import Testing

@testable import HTTPTransport

@Suite("Requests that fail", .timeLimit(.minutes(5)))
struct FailureTests {
    private let transport = CurlTransport()

    private func code(_ request: HTTPRequest) async -> HTTPTransportError.Code? {
        await #expect(throws: HTTPTransportError.self) { try await transport.send(request) }?.code
    }

    @Test("Nobody listens there")
    func refused() async throws {
        let port = try ScriptedServer.unusedPort()
        #expect(await code(HTTPRequest("GET", "http://127.0.0.1:\(port)/")) == .connectFailed)
        await #expect(throws: HTTPTransportError.self) {
            try await transport.stream(HTTPRequest("GET", "https://127.0.0.1:\(port)/"))
        }
    }

    @Test(
        "What is no URL, or has a zero byte, is no request",
        arguments: ["", "gopher://127.0.0.1/", "http://a\0b/", "http://"])
    func noURL(url: String) async {
        #expect(await code(HTTPRequest("GET", url)) == .invalidRequest)
    }

    @Test("A server that never answers is given up on after the request's own time")
    func timeout() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        #expect(await code(HTTPRequest("GET", server.url, timeout: .milliseconds(50))) == .timedOut)
    }

    @Test("An error names a UNIX socket by its path, for its URL names nobody")
    func unixSocket() async throws {
        var request = HTTPRequest("GET", "http://localhost/status")
        request.unixSocket = "/nowhere/kamaji.sock"
        let error = await #expect(throws: HTTPTransportError.self) { try await transport.send(request) }
        #expect(error?.message.hasPrefix("unix:/nowhere/kamaji.sock: ") == true, "\(error?.message ?? "")")
    }

    @Test("An error names the host and nothing else of the URL")
    func hidden() async throws {
        let port = try ScriptedServer.unusedPort()
        let request = HTTPRequest("GET", "http://user:secret@127.0.0.1:\(port)/path?token=secret")
        let error = await #expect(throws: HTTPTransportError.self) { try await transport.send(request) }
        #expect(error?.message.hasPrefix("http://127.0.0.1:\(port): ") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("secret") == false)
    }

    @Test("HTTP/2 is demanded from a server that does not speak it")
    func noHTTP2() async throws {
        let server = try ScriptedServer.answering { _ in Connection.Request.response("") }
        await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest("POST", server.url, body: [], version: .http2))
        }
    }

    @Test("Shutting the transport down fails what is under way and what comes later")
    func shutdown() async throws {
        let arrived = Occasion()
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            arrived.happens()
            connection.waitForEnd()
        }
        let request = HTTPRequest("GET", server.url, timeout: nil)
        let transport = transport
        let task = Task { try await transport.send(request) }
        await arrived.wait()
        transport.shutdown()
        #expect(await #expect(throws: HTTPTransportError.self) { try await task.value }?.code == .shutDown)
        #expect(await code(request) == .shutDown)
        transport.shutdown()
    }

    @Test("A body that is read while its transport goes away ends with an error, not a hang")
    func transportGone() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
            connection.waitForEnd()
        }
        let body = try await CurlTransport().stream(HTTPRequest("GET", server.url, timeout: nil)).body
        let error = await #expect(throws: HTTPTransportError.self) { for try await _ in body {} }
        #expect(error?.code == .shutDown)
    }
}

@Suite("Proxies", .timeLimit(.minutes(5)))
struct ProxyTests {
    private let transport = CurlTransport()

    @Test("A plain request goes to the proxy with its whole URL")
    func plain() async throws {
        let proxy = try ScriptedServer.answering { _ in Connection.Request.response("proxied") }
        let response = try await transport.send(HTTPRequest("GET", "http://nowhere.invalid/x", proxy: proxy.url))
        #expect(response.body == Array("proxied".utf8))
        #expect(proxy.requests.map(\.target) == ["http://nowhere.invalid/x"])
    }

    @Test("Through a tunnel the answer is the server's, not the proxy's, and the proxy sees no credential")
    func tunnel() async throws {
        let server = try TLSServer()
        let proxy = try ScriptedServer { connection in
            guard connection.readRequest() != nil, let inner = ScriptedServer.connect(to: server.port) else { return }
            connection.write("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
            connection.relay(to: inner)
        }
        let response = try await transport.send(
            HTTPRequest(
                "GET", "\(server.url)/missing", headers: ["Authorization": "Bearer secret"],
                tls: TLSSettings(certificateAuthorities: server.authority.certificate.pem), proxy: proxy.url))
        #expect(response.headers["X-Proxy"] == nil)
        #expect(response.headers["Content-type"]?.hasPrefix("text/") == true)
        #expect(response.trailers.fields.isEmpty)
        let request = try #require(proxy.requests.first)
        #expect(request.method == "CONNECT")
        #expect(request.header("authorization") == nil)
    }

    @Test("A proxy that refuses the tunnel is an error of the transport")
    func refusedTunnel() async throws {
        let proxy = try ScriptedServer.answering { _ in Connection.Request.response("no", status: "403 Forbidden") }
        await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest("GET", "https://nowhere.invalid/", proxy: proxy.url))
        }
    }

    @Test("The environment chooses no proxy, and keeps none away")
    func environment() async {
        await #expect(processExitsWith: .success) {
            let proxy = try ScriptedServer.answering { _ in Connection.Request.response("proxied") }
            let other = try ScriptedServer.answering { _ in Connection.Request.response("straight") }
            setenv("http_proxy", proxy.url, 1)
            setenv("ALL_PROXY", proxy.url, 1)
            let straight = try await CurlTransport().send(HTTPRequest("GET", other.url))
            guard straight.body == Array("straight".utf8) else { exit(2) }
            setenv("NO_PROXY", "*", 1)
            setenv("no_proxy", "*", 1)
            let proxied = try await CurlTransport().send(HTTPRequest("GET", other.url, proxy: proxy.url))
            guard proxied.body == Array("proxied".utf8) else { exit(3) }
        }
    }
}
