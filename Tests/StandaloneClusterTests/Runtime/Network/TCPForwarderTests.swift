import Synchronization
import Testing

@testable import StandaloneCluster

@Suite struct TCPForwarderTests {
    @Test func `both directions come through whole, each with its own end`() async throws {
        let echo = try await NamedEcho("echo", on: "127.112.0.1")
        let target = TCPForwarder.Target(host: "127.112.0.1", port: echo.port)
        let forwarder = TCPForwarder(address: "127.96.0.9", port: 0) { target }
        try await forwarder.start()
        let port = try #require(forwarder.port)
        #expect(try await exchange("hello", with: "127.96.0.9", port) == "echo:hello")
        // More than all buffers on the way can hold.
        let long = String(repeating: "0123456789abcdef", count: 1 << 20)
        #expect(try await exchange(long, with: "127.96.0.9", port) == "echo:" + long)
        await forwarder.stop()
        try await echo.stop()
    }

    @Test func `many connections go side by side`() async throws {
        let echo = try await NamedEcho("echo", on: "127.112.0.1")
        let target = TCPForwarder.Target(host: "127.112.0.1", port: echo.port)
        let forwarder = TCPForwarder(address: "127.96.0.9", port: 0) { target }
        try await forwarder.start()
        let port = try #require(forwarder.port)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask { try await exchange("\(number)", with: "127.96.0.9", port) == "echo:\(number)" }
            }
            for try await isRight in group { #expect(isRight) }
        }
        await forwarder.stop()
        try await echo.stop()
    }

    @Test func `a client without a target is closed`() async throws {
        let forwarder = TCPForwarder(address: "127.96.0.9", port: 0) { nil }
        try await forwarder.start()
        #expect(try await exchange("hello", with: "127.96.0.9", try #require(forwarder.port)) == "")
        await forwarder.stop()
    }

    @Test func `a client whose target does not answer is closed`() async throws {
        let echo = try await NamedEcho("echo", on: "127.112.0.1")
        let target = TCPForwarder.Target(host: "127.112.0.1", port: echo.port)
        try await echo.stop()
        let forwarder = TCPForwarder(address: "127.96.0.9", port: 0) { target }
        try await forwarder.start()
        #expect(try await exchange("hello", with: "127.96.0.9", try #require(forwarder.port)) == "")
        await forwarder.stop()
    }

    @Test func `with patience a client is held until another target takes it`() async throws {
        let gone = try await NamedEcho("gone", on: "127.112.0.1")
        let echo = try await NamedEcho("echo", on: "127.112.0.1")
        // Nobody at first, then one that is just gone, then the one that follows it.
        let order = Mutex<[TCPForwarder.Target?]>([nil, TCPForwarder.Target(host: "127.112.0.1", port: gone.port)])
        let last = TCPForwarder.Target(host: "127.112.0.1", port: echo.port)
        try await gone.stop()
        let forwarder = TCPForwarder(address: "127.96.0.9", port: 0, patience: .seconds(60)) {
            order.withLock { $0.isEmpty ? last : $0.removeFirst() }
        }
        try await forwarder.start()
        #expect(try await exchange("hello", with: "127.96.0.9", try #require(forwarder.port)) == "echo:hello")
        await forwarder.stop()
        try await echo.stop()
    }

    @Test func `a port that is taken is told, and free again after a stop`() async throws {
        let first = TCPForwarder(address: "127.96.0.9", port: 0) { nil }
        try await first.start()
        let port = try #require(first.port)
        let second = TCPForwarder(address: "127.96.0.9", port: port) { nil }
        let error = await #expect(throws: BindError.self) { try await second.start() }
        #expect(error?.description.contains("cannot listen on 127.96.0.9:\(port)") == true)
        await first.stop()
        #expect(first.port == nil)
        try await second.start()
        await second.stop()
        await #expect(throws: (any Error).self) { try await exchange("hello", with: "127.96.0.9", port) }
    }
}
