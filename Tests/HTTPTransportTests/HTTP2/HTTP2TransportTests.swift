import Foundation
import PKI
import Synchronization
import Testing

@testable import HTTPTransport

/// Against nghttpd. What goes to libcurl is told apart by a transport that refuses.
@Suite("Requests over HTTP/2", .timeLimit(.minutes(5)))
struct HTTP2TransportTests {
    private let transport = HTTP2Transport(others: Refusing())

    /// Carries nothing: whatever comes here was not carried over HTTP/2.
    private struct Refusing: HTTPTransport {
        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            throw HTTPTransportError(.invalidRequest, "sent elsewhere")
        }
        func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
            throw HTTPTransportError(.invalidRequest, "sent elsewhere")
        }
    }

    @Test("A GET brings status, headers and body, and a HEAD's length promises no body")
    func get() async throws {
        let server = try await FileServer()
        try server.put("page", Array("hello".utf8))
        let page = try await transport.send(
            HTTPRequest("GET", "\(server.url)/page", tls: server.trust, timeout: .seconds(120)))
        #expect(page.status == 200)
        #expect(page.headers["Content-Length"] == "5")
        #expect(page.body == Array("hello".utf8))
        let head = try await transport.send(
            HTTPRequest("HEAD", "\(server.url)/page", tls: server.trust, timeout: .seconds(120)))
        #expect(head.status == 200)
        #expect(head.headers["Content-Length"] == "5")
        #expect(head.body.isEmpty)
        let missing = try await transport.send(
            HTTPRequest("GET", "\(server.url)/missing?a=b#c", tls: server.trust, timeout: .seconds(120)))
        #expect(missing.status == 404)
    }

    @Test("A body of any size comes back as it was sent, and trailers are told", arguments: [1, 16_384, 3_000_000])
    func echo(size: Int) async throws {
        let server = try await FileServer(["--echo-upload", "--trailer", "x-sum: 7"])
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let answer = try await transport.send(
            HTTPRequest("POST", "\(server.url)/", body: body, tls: server.trust, timeout: .seconds(120)))
        #expect(answer.status == 200)
        #expect(answer.body == body)
        #expect(answer.trailers["X-Sum"] == "7")
    }

    @Test("Many requests at once share connections, beyond what the server takes on one")
    func many() async throws {
        let server = try await FileServer(["-m", "10"])
        for index in 0..<100 { try server.put("page\(index)", Array("page \(index)".utf8)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<5 {
                for index in 0..<100 {
                    group.addTask {
                        let page = try await transport.send(
                            HTTPRequest(
                                "GET", "\(server.url)/page\(index)?\(round)", tls: server.trust, timeout: .seconds(120))
                        )
                        #expect(page.body == Array("page \(index)".utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A response larger than asked for is refused, and the connection goes on")
    func limit() async throws {
        let server = try await FileServer()
        try server.put("big", [UInt8](repeating: 1, count: 1 << 20))
        var request = HTTPRequest("GET", "\(server.url)/big", tls: server.trust)
        request.bodyLimit = 1000
        let error = await #expect(throws: HTTPTransportError.self) { try await transport.send(request) }
        #expect(error?.code == .bodyTooLarge)
        request.bodyLimit = nil
        #expect(try await transport.send(request).body.count == 1 << 20)
    }

    @Test("A server is trusted by its authority alone, and under the name that is asked for")
    func trust() async throws {
        func code(_ server: FileServer, _ tls: TLSSettings) async -> HTTPTransportError.Code? {
            await #expect(throws: HTTPTransportError.self) {
                try await transport.send(HTTPRequest("GET", server.url, tls: tls))
            }?.code
        }
        let server = try await FileServer()
        #expect(
            try await transport.send(HTTPRequest("GET", server.url, tls: server.trust, timeout: .seconds(120))).status
                == 404)
        #expect(
            await code(server, TLSSettings(certificateAuthorities: try TLSServer.makeAuthority().certificate.pem))
                == .tlsFailed)
        #expect(await code(server, .system) == .tlsFailed)
        #expect(await code(server, TLSSettings(certificateAuthorities: Array("no PEM".utf8))) == .tlsFailed)
        let careless = TLSSettings(acceptsAnyCertificate: true)
        #expect(try await transport.send(HTTPRequest("GET", server.url, tls: careless)).status == 404)
        let other = try await FileServer(names: ["kubernetes"], addresses: [])
        var tls = other.trust
        #expect(await code(other, tls) == .tlsFailed)
        tls.serverName = "kubernetes"
        #expect(try await transport.send(HTTPRequest("GET", other.url, tls: tls)).status == 404)
    }

    @Test("A header that would end its line is refused and not shown")
    func lineBreak() async throws {
        let server = try await FileServer()
        let request = HTTPRequest("GET", server.url, headers: ["X-Secret": "a\r\nb"], tls: server.trust)
        let error = await #expect(throws: HTTPTransportError.self) { try await transport.send(request) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("X-Secret") == true)
        #expect(error?.message.contains("b") == true && error?.message.contains("a\r\n") == false)
    }

    @Test("Nobody listens there, no such name, no answer in time")
    func failures() async throws {
        let port = try ScriptedServer.unusedPort()
        func code(_ url: String, timeout: Duration = .seconds(30)) async -> HTTPTransportError.Code? {
            await #expect(throws: HTTPTransportError.self) {
                try await transport.send(HTTPRequest("GET", url, timeout: timeout))
            }?.code
        }
        #expect(await code("https://127.0.0.1:\(port)") == .connectFailed)
        #expect(await code("https://name.invalid") == .unresolvedHost)
        let silent = try ScriptedServer { $0.waitForEnd() }
        #expect(await code("https://127.0.0.1:\(silent.port)", timeout: .milliseconds(300)) == .timedOut)
    }

    @Test("A server that goes away fails what is under way, and is found again when it is back")
    func restart() async throws {
        let first = try await FileServer()
        try first.put("big", [UInt8](repeating: 7, count: 8 << 20))
        let response = try await transport.stream(HTTPRequest("GET", "\(first.url)/big", tls: first.trust))
        var iterator = response.body.makeAsyncIterator()
        _ = try await iterator.next()
        first.stop()
        let error = await #expect(throws: HTTPTransportError.self) { while try await iterator.next() != nil {} }
        #expect(error?.code == .connectionLost)
        let second = try await FileServer(authority: first.authority, port: first.port)
        #expect(try await transport.send(HTTPRequest("GET", second.url, tls: second.trust)).status == 404)
    }

    @Test("Cancelling ends a request, and shutting down ends all")
    func ending() async throws {
        let silent = try ScriptedServer { $0.waitForEnd() }
        let url = "https://127.0.0.1:\(silent.port)"
        let cancelled = Task { try await transport.send(HTTPRequest("GET", url, timeout: nil)) }
        cancelled.cancel()
        let first = await #expect(throws: HTTPTransportError.self) { try await cancelled.value }
        #expect(first?.code == .cancelled)
        let arrived = Occasion()
        let waiting = try ScriptedServer { connection in
            arrived.happens()
            connection.waitForEnd()
        }
        let pending = Task {
            try await transport.send(HTTPRequest("GET", "https://127.0.0.1:\(waiting.port)", timeout: nil))
        }
        await arrived.wait()
        transport.shutdown()
        let second = await #expect(throws: HTTPTransportError.self) { try await pending.value }
        #expect(second?.code == .shutDown)
        let late = await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest("GET", url))
        }
        #expect(late?.code == .shutDown)
    }

    @Test("What HTTP/2 does not carry goes elsewhere: plain HTTP, proxies, sockets, servers without it")
    func elsewhere() async throws {
        let plain = try ScriptedServer.answering { _ in Connection.Request.response("plain") }
        let old = try TLSServer()
        let both = HTTP2Transport()
        #expect(try await both.send(HTTPRequest("GET", plain.url)).body == Array("plain".utf8))
        let trust = TLSSettings(certificateAuthorities: old.authority.certificate.pem)
        // The second time it is known.
        for _ in 0..<2 { #expect(try await both.send(HTTPRequest("GET", old.url, tls: trust)).status == 200) }
        let streamed = try await both.stream(HTTPRequest("GET", old.url, tls: trust))
        #expect(streamed.status == 200)
        var request = HTTPRequest("GET", "https://127.0.0.1:1", proxy: "http://127.0.0.1:1")
        #expect(Origin(request) == nil)
        request.proxy = nil
        request.unixSocket = "/x"
        #expect(Origin(request) == nil)
        #expect(Origin(HTTPRequest("GET", "https://user@host")) == nil)
        #expect(Origin(HTTPRequest("GET", "https://host"))?.authority == "host")
        #expect(Origin(HTTPRequest("GET", "https://[::1]:6443/x"))?.authority == "[::1]:6443")
        #expect(Origin(HTTPRequest("GET", "https://[::1]:6443/x"))?.host == "::1")
    }
}
