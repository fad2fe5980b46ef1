import Foundation
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("Streamed responses", .timeLimit(.minutes(5)))
struct StreamingTests {
    private let transport = CurlTransport()

    @Test("A piece arrives while the server still holds the next one back")
    func pieces() async throws {
        let goOn = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX: y\r\n\r\n")
            for piece in ["ab", "cd", "ef"] {
                goOn.wait()
                connection.write(piece)
            }
        }
        let response = try await transport.stream(HTTPRequest("GET", server.url))
        #expect(response.status == 200)
        #expect(response.headers["x"] == "y")
        var iterator = response.body.makeAsyncIterator()
        for piece in ["ab", "cd", "ef"] {
            goOn.signal()
            #expect(try await iterator.next() == Array(piece.utf8))
        }
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
    }

    @Test("A slow consumer slows the server, and loses nothing")
    func slowConsumer() async throws {
        let total = 24 << 20
        let written = Mutex(0)
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            for block in 0..<(total >> 16) {
                guard connection.write([UInt8](repeating: UInt8(truncatingIfNeeded: block), count: 1 << 16)) else {
                    return
                }
                written.withLock { $0 += 1 << 16 }
            }
        }
        let response = try await transport.stream(HTTPRequest("GET", server.url))
        var received = 0
        var content = Data()
        for try await chunk in response.body {
            if received == 0 {
                // Other requests are served meanwhile, and the rest of the body is still with the server.
                let other = try ScriptedServer.answering { _ in Connection.Request.response("other") }
                for _ in 0..<50 { _ = try await transport.send(HTTPRequest("GET", other.url)) }
                #expect(written.withLock { $0 } < total)
            }
            content.append(contentsOf: chunk)
            received += chunk.count
        }
        #expect(received == total)
        for block in 0..<(total >> 16) {
            let expected = Data(repeating: UInt8(truncatingIfNeeded: block), count: 1 << 16)
            #expect(content[(block << 16)..<((block + 1) << 16)] == expected)
        }
    }

    @Test("What came before the connection broke is delivered, then the break is told")
    func brokenStream() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes!")
        }
        let response = try await transport.stream(HTTPRequest("GET", server.url))
        var received: [UInt8] = []
        let error = await #expect(throws: HTTPTransportError.self) {
            for try await chunk in response.body { received += chunk }
        }
        #expect(error?.code == .connectionLost)
        #expect(received == Array("ten bytes!".utf8))
    }

    @Test(
        "A whole response that breaks off is an error",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes!",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "HTTP/1.1 200 OK\r\nX-Unfinished", "",
        ])
    func brokenResponse(start: String) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write(start)
        }
        let error = await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest("POST", server.url, body: [1]))
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
    }

    @Test("Cancelling a task that waits for a response, a head or a piece ends its transfer", arguments: 0..<3)
    func cancellation(stage: Int) async throws {
        let (arrived, ended) = (Occasion(), Occasion())
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            if stage == 2 { connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n") }
            arrived.happens()
            connection.waitForEnd()
            ended.happens()
        }
        let task = Task {
            let request = HTTPRequest("GET", server.url, timeout: nil)
            if stage == 0 { return try await transport.send(request).body.count }
            let response = try await transport.stream(request)
            return try await response.body.reduce(0) { $0 + $1.count }
        }
        await arrived.wait()
        task.cancel()
        let error = await #expect(throws: HTTPTransportError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        await ended.wait()
    }

    @Test("A task that was cancelled before it asks gets nothing")
    func cancelledBefore() async throws {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await transport.send(HTTPRequest("GET", "http://127.0.0.1:1/")).status
        }
        task.cancel()
        await #expect(throws: HTTPTransportError.self) { try await task.value }
    }

    @Test("Dropping the body ends the transfer")
    func dropped() async throws {
        let ended = Occasion()
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
            connection.waitForEnd()
            ended.happens()
        }
        for try await chunk in try await transport.stream(HTTPRequest("GET", server.url, timeout: nil)).body {
            #expect(chunk == Array("abc".utf8))
            break
        }
        await ended.wait()
    }

    @Test("Open streams take no connection from other requests")
    func streamsBesideRequests() async throws {
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                if request.target == "/stream" {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                } else {
                    connection.write(Connection.Request.response("done"))
                }
            }
        }
        let transport = CurlTransport(maxConnectionsPerHost: 1)
        var streams: [HTTPStreamingResponse] = []
        for _ in 0..<12 {
            streams.append(try await transport.stream(HTTPRequest("GET", "\(server.url)/stream", timeout: nil)))
        }
        #expect(try await transport.send(HTTPRequest("GET", server.url)).body == Array("done".utf8))
        #expect(streams.count == 12)
    }
}
