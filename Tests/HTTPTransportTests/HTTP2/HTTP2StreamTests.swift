import Foundation
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("Streams over HTTP/2", .timeLimit(.minutes(5)))
struct HTTP2StreamTests {
    private let transport = HTTP2Transport()

    @Test("A slow consumer slows the server, holds nobody up, and loses nothing")
    func slowConsumer() async throws {
        let server = try await FileServer()
        let content = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 12) }
        try server.put("big", content)
        try server.put("small", Array("small".utf8))
        let response = try await transport.stream(
            HTTPRequest("GET", "\(server.url)/big", tls: server.trust, timeout: .seconds(120)))
        // Nothing of the body is taken while others use the same connection.
        for _ in 0..<100 {
            let small = try await transport.send(
                HTTPRequest("GET", "\(server.url)/small", tls: server.trust, timeout: .seconds(120)))
            #expect(small.body == Array("small".utf8))
        }
        var received: [UInt8] = []
        for try await chunk in response.body { received += chunk }
        #expect(received == content)
    }

    @Test("Who listens is told no more than a stream's credit before it has taken some")
    func credit() async throws {
        let server = try await FileServer()
        let size = 2 << 20
        try server.put("big", [UInt8](repeating: 9, count: size))
        try server.put("small", [])
        let heard = Heard()
        let stream = transport.open(HTTPRequest("GET", "\(server.url)/big", tls: server.trust, timeout: .seconds(120)))
        { heard.take($0) }
        try await heard.wait { $0.bytes == Exchange.streamBufferLimit }
        // Whatever the server had sent beyond its credit would be here by now: answers keep their order.
        for _ in 0..<20 {
            _ = try await transport.send(
                HTTPRequest("GET", "\(server.url)/small", tls: server.trust, timeout: .seconds(120)))
        }
        #expect(heard.state.bytes == Exchange.streamBufferLimit)
        #expect(heard.state.status == 200)
        while heard.state.bytes < size {
            let before = heard.state.bytes
            stream.took(Exchange.streamBufferLimit)
            try await heard.wait { $0.bytes > before }
        }
        try await heard.wait { $0.isOver }
        #expect(heard.state.bytes == size)
        #expect(heard.state.error == nil)
    }

    @Test("Letting go of a stream ends it, and the connection serves others")
    func letGo() async throws {
        let server = try await FileServer()
        try server.put("big", [UInt8](repeating: 9, count: 4 << 20))
        let heard = Heard()
        do {
            let stream = transport.open(
                HTTPRequest("GET", "\(server.url)/big", tls: server.trust, timeout: .seconds(120))
            ) { heard.take($0) }
            try await heard.wait { $0.bytes > 0 }
            withExtendedLifetime(stream) {}
        }
        try await heard.wait { $0.isOver }
        #expect((heard.state.error as? HTTPTransportError)?.code == .cancelled)
        let whole = try await transport.send(
            HTTPRequest("GET", "\(server.url)/big", tls: server.trust, timeout: .seconds(120)))
        #expect(whole.body.count == 4 << 20)
    }

    @Test("An open stream over HTTP/1.1 is told the same, at its consumer's pace")
    func pulled() async throws {
        let total = 4 << 20
        let written = Mutex(0)
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            for _ in 0..<(total >> 16) {
                guard connection.write([UInt8](repeating: 5, count: 1 << 16)) else { return }
                written.withLock { $0 += 1 << 16 }
            }
        }
        let heard = Heard()
        let stream = transport.open(HTTPRequest("GET", server.url)) { heard.take($0) }
        try await heard.wait { $0.bytes >= Exchange.streamBufferLimit }
        #expect(heard.state.bytes < total)
        while !heard.state.isOver {
            let before = heard.state
            stream.took(before.bytes - before.taken)
            heard.noteTaken(before.bytes)
            try await heard.wait { $0.bytes > before.bytes || $0.isOver }
        }
        #expect(heard.state.bytes == total)
    }

    @Test("A request that a leaving server turned away is sent again, on another connection")
    func goAway() async throws {
        let server = try await FrameServer()
        Thread.detachNewThread {
            // SETTINGS; the request; GOAWAY that names no stream as taken (RFC 9113, 6.8).
            server.send(4)
            guard let request = server.next(1) else { return }
            server.send(7, FrameServer.big(request.stream - 1) + FrameServer.big(0))
            // The same once more on a new connection, where it is answered: :status 200 is entry 8 of HPACK's table.
            guard let second = server.next(1) else { return }
            server.send(4)
            server.send(1, flags: 0x5, stream: second.stream, [0x88])
        }
        let answer = try await transport.send(HTTPRequest("GET", server.url, tls: server.trust, timeout: .seconds(120)))
        #expect(answer.status == 200)
    }

    @Test("A server that turns every connection away is given up")
    func goAwayAgain() async throws {
        let server = try await FrameServer()
        let asked = Mutex(0)
        Thread.detachNewThread {
            while let request = server.next(1) {
                asked.withLock { $0 += 1 }
                server.send(4)
                server.send(7, FrameServer.big(request.stream - 1) + FrameServer.big(0))
            }
        }
        let error = await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest("GET", server.url, tls: server.trust, timeout: .seconds(120)))
        }
        #expect(asked.withLock { $0 } == 4)
        #expect(error?.code == .connectionLost)
    }

    @Test(
        "A stream that the server resets ends with an error, and what is malformed ends the connection",
        arguments: [
            // RST_STREAM with INTERNAL_ERROR, and a SETTINGS frame of a wrong length.
            (type: UInt8(3), stream: UInt32(1), payload: [UInt8]([0, 0, 0, 2])),
            (type: UInt8(4), stream: UInt32(0), payload: [UInt8]([1, 2, 3])),
        ])
    func reset(type: UInt8, stream: UInt32, payload: [UInt8]) async throws {
        let server = try await FrameServer()
        Thread.detachNewThread {
            server.send(4)
            guard server.next(1) != nil else { return }
            server.send(type, stream: stream, payload)
        }
        let error = await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest("GET", server.url, tls: server.trust, timeout: .seconds(120)))
        }
        #expect(error?.code == .connectionLost)
    }
}

/// What was told of an open stream.
private final class Heard: Sendable {
    struct State {
        var status: Int?
        var bytes = 0
        var taken = 0
        var isOver = false
        var error: (any Error)?
    }

    private let mutex = Mutex(State())
    var state: State { mutex.withLock { $0 } }

    func take(_ signal: StreamSignal) {
        mutex.withLock { state in
            switch signal {
            case .head(let status, _): state.status = status
            case .chunk(let bytes): state.bytes += bytes.count
            case .end(let error):
                #expect(!state.isOver)
                state.isOver = true
                state.error = error
            }
        }
    }

    func noteTaken(_ bytes: Int) { mutex.withLock { $0.taken = bytes } }

    func wait(until condition: (State) -> Bool) async throws {
        for _ in 0..<6000 where !condition(state) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(condition(state), "it never came: \(state)")
    }
}
