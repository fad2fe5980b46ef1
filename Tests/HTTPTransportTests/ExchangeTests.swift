import Foundation
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("Requests and whole responses", .timeLimit(.minutes(5)))
struct ExchangeTests {
    private let transport = CurlTransport()

    @Test("A GET carries its path and headers, and brings status, headers in order, and body")
    func get() async throws {
        let server = try ScriptedServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write(
                Connection.Request.response(
                    "hello", status: "418 Teapot", headers: "X-One: 1\r\nx-one: 2\r\nEmpty:\r\n"))
        }
        let response = try await transport.send(
            HTTPRequest("GET", "\(server.url)/a%20b?c=d&e=f", headers: ["Accept": "text/x", "X-Empty": ""]))
        #expect(response.status == 418)
        #expect(response.body == Array("hello".utf8))
        #expect(response.headers["X-ONE"] == "1")
        #expect(response.headers.fields.map(\.value) == ["1", "2", "", "5"])
        let request = try #require(server.requests.first)
        #expect(request.method == "GET")
        #expect(request.target == "/a%20b?c=d&e=f")
        #expect(request.header("accept") == "text/x")
        #expect(request.header("x-empty") == "")
        #expect(request.header("host") == "127.0.0.1:\(server.port)")
        #expect(request.body.isEmpty)
    }

    @Test("A body is sent with the methods that have one", arguments: ["POST", "PUT", "PATCH", "DELETE", "GET"])
    func body(method: String) async throws {
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                connection.write(Connection.Request.response(String(decoding: request.body, as: UTF8.self)))
            }
        }
        let body = Array("{\"zero\":\"\u{0}\"}".utf8)
        let response = try await transport.send(
            HTTPRequest(method, server.url, headers: ["Content-Type": "application/json"], body: body))
        #expect(response.body == body)
        let request = try #require(server.requests.first)
        #expect(request.method == method)
        #expect(request.header("content-type") == "application/json")
    }

    @Test("A request without a body says so where one is usual, and carries no type nobody gave it")
    func withoutBody() async throws {
        let server = try ScriptedServer.answering { _ in Connection.Request.response("") }
        for method in ["POST", "PUT", "PATCH", "GET", "DELETE", "HEAD"] {
            _ = try await transport.send(HTTPRequest(method, server.url))
            let request = try #require(server.requests.last)
            #expect(request.method == method)
            #expect(request.header("content-type") == nil)
            #expect(request.header("content-length") == (method.hasPrefix("P") ? "0" : nil))
        }
    }

    @Test("A HEAD's length promises no body")
    func head() async throws {
        let server = try ScriptedServer.answering { _ in "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" }
        for _ in 0..<2 {
            let response = try await transport.send(HTTPRequest("HEAD", server.url))
            #expect(response.headers["content-length"] == "7")
            #expect(response.body.isEmpty)
        }
    }

    @Test("A big body goes both ways at once, without asking for leave")
    func bigBody() async throws {
        let server = try ScriptedServer { connection in
            guard let request = connection.readRequest() else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
            connection.write(request.body)
        }
        let body = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        let response = try await transport.send(HTTPRequest("POST", server.url, body: body))
        #expect(response.body == body)
        #expect(server.requests.first?.header("expect") == nil)
    }

    @Test("Chunks are joined, interim responses skipped, and trailers told")
    func chunked() async throws {
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n"
                + "3\r\nabc\r\n2\r\nde\r\n0\r\nSum: 5\r\n\r\n"
        }
        let response = try await transport.send(HTTPRequest("GET", server.url))
        #expect(response.status == 200)
        #expect(response.body == Array("abcde".utf8))
        #expect(response.headers["Link"] == nil)
        #expect(response.trailers == ["Sum": "5"])
    }

    @Test("A redirect is an answer like any other")
    func redirect() async throws {
        let server = try ScriptedServer.answering { _ in
            Connection.Request.response("", status: "302 Found", headers: "Location: /elsewhere\r\n")
        }
        let response = try await transport.send(HTTPRequest("GET", "\(server.url)/here"))
        #expect(response.status == 302)
        #expect(response.headers["location"] == "/elsewhere")
        #expect(server.requests.map(\.target) == ["/here"])
    }

    @Test("Many requests at once each get their own answer, over few connections")
    func many() async throws {
        let server = try ScriptedServer.answering { Connection.Request.response($0.target) }
        let transport = CurlTransport(maxConnectionsPerHost: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<300 {
                group.addTask {
                    let response = try await transport.send(HTTPRequest("GET", "\(server.url)/\(index)"))
                    #expect(response.body == Array("/\(index)".utf8))
                }
            }
            try await group.waitForAll()
        }
        #expect(server.requests.count == 300)
        #expect(server.mostConnections <= 4)
    }

    @Test("To many hosts a connection each is kept, as many as is said")
    func kept() async throws {
        let opened = Mutex(0)
        let servers = try (0..<12).map { _ in
            try ScriptedServer { connection in
                opened.withLock { $0 += 1 }
                while let request = connection.readRequest() {
                    connection.write(Connection.Request.response(request.target))
                }
            }
        }
        let transport = CurlTransport(keptConnections: 12)
        for _ in 0..<3 {
            for server in servers {
                #expect(try await transport.send(HTTPRequest("GET", "\(server.url)/")).status == 200)
            }
        }
        #expect(opened.withLock { $0 } == 12)
    }

    @Test("A header that would end its line is refused and not shown")
    func lineBreak() async throws {
        let request = HTTPRequest("GET", "http://127.0.0.1:1/", headers: ["A": "secret\r\nB: c"])
        let error = await #expect(throws: HTTPTransportError.self) { try await transport.send(request) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("secret") == false)
    }
}
