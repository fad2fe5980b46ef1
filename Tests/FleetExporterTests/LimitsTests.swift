import Foundation
import Glibc
import HTTPTransport
import KubeObjects
import NIOCore
import Testing

@testable import FleetExporter

@Suite("What others may take of the exporter", .timeLimit(.minutes(20)))
struct LimitsTests {
    @Test("Who does not read is cut off, and keeps nobody from reading meanwhile")
    func slowReader() async throws {
        try await ExporterFixture.run { settings, _ in
            settings.writePatience = .seconds(3)
        } _: { fixture in
            for number in 0..<40 { try await fixture.addTenant("tenant-\(number)", endpoint: "127.0.0.1:1") }
            try await fixture.eventually("the fleet") { $0.contains("\"tenant-39\",check=\"readyz\"}") }
            let readers = try (0..<4).map { _ in try SilentReader(fixture.url) }
            for reader in readers { try reader.ask("/metrics", times: 200) }
            #expect(try await fixture.get("/metrics").status == 200)
            for reader in readers { #expect(await reader.isClosed()) }
            #expect(try await fixture.get("/metrics").status == 200)
        }
    }

    @Test("Connections beyond the limit wait until one ends, also where many come in one moment")
    func connections() async throws {
        try await ExporterFixture.run { settings, _ in
            settings.connections = 6
        } _: { fixture in
            var readers = try (0..<50).map { _ in try SilentReader(fixture.url) }
            for reader in readers { try reader.ask("/-/healthy", times: 1) }
            let end = ContinuousClock.now + .seconds(240)
            while !readers.isEmpty, ContinuousClock.now < end {
                var answered = 0
                while answered < min(6, readers.count), ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(50))
                    answered = readers.count { $0.received().contains("healthy") }
                }
                // Long enough for one too many to be answered as well.
                for _ in 0..<6 {
                    try await Task.sleep(for: .milliseconds(50))
                    answered = readers.count { $0.received().contains("healthy") }
                    #expect(answered == min(6, readers.count))
                }
                // These go, and as many come in.
                readers = readers.filter { !$0.received().contains("healthy") }
            }
            #expect(readers.isEmpty, "they are answered once the first ones are gone")
        }
    }

    @Test("Pages on their way are counted until they are let go, and neither too many nor too large")
    func deliveries() {
        let deliveries = Deliveries(limit: 2, byteLimit: 100)
        var held = [deliveries.begin(), deliveries.begin()]
        #expect(held.allSatisfy { $0 != nil } && deliveries.begin() == nil)
        held.removeLast()
        #expect(deliveries.begin() != nil)
        var body = held[0]?.body(ByteBuffer(repeating: 0, count: 100))
        held = []
        #expect(body != nil && deliveries.begin() == nil, "the body holds it")
        body = nil
        #expect(deliveries.begin() != nil)
    }

    @Test("More probes at once than may be are told to come again")
    func probes() async throws {
        try await ExporterFixture.run { fixture in
            // Takes connections and says nothing.
            let silent = try SilentServer()
            try await fixture.addTenant("mute", endpoint: silent.endpoint)
            try await fixture.eventually("the tenant") { $0.contains("\"mute\",check=\"readyz\"}") }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<(ExporterEndpoints.concurrentProbes + 20) {
                    group.addTask {
                        // A client of its own: a pool would hold some of them back.
                        let reader = try SilentReader(fixture.url)
                        try reader.ask(
                            "/probe?target=default/mute", times: 1, ["X-Prometheus-Scrape-Timeout-Seconds: 20"])
                        return await reader.status()
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses[200, default: 0] <= ExporterEndpoints.concurrentProbes && statuses[200, default: 0] > 0)
            #expect(statuses[503, default: 0] >= 20)
            #expect(Set(statuses.keys) == [200, 503])
        }
    }
}

/// A connection that asks, and reads only what it is told to.
private final class SilentReader: Sendable {
    private let socket: Int32

    init(_ url: String) throws {
        let port = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // Little room, so that what is not read stays with the server.
        var room: Int32 = 4096
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
    }

    deinit { close(socket) }

    func ask(_ path: String, times: Int, _ headers: [String] = []) throws {
        let lines = ["GET \(path) HTTP/1.1", "Host: test"] + headers
        let text = Array(String(repeating: lines.joined(separator: "\r\n") + "\r\n\r\n", count: times).utf8)
        #expect(send(socket, text, text.count, Int32(MSG_NOSIGNAL)) == text.count)
    }

    /// What is there by now.
    func received() -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT | MSG_PEEK))
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Waits for the status line, for minutes at most.
    func status() async -> Int {
        for _ in 0..<1200 {
            let text = received()
            if let line = text.split(separator: "\r\n").first, text.contains("\r\n") {
                return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return 0
    }

    /// Whether the other end lets go, in minutes at most, though nothing is read: by a reset, which takes along what was on
    /// its way.
    func isClosed() async -> Bool {
        for _ in 0..<1200 {
            var descriptor = pollfd(fd: socket, events: 0, revents: 0)
            if poll(&descriptor, 1, 0) > 0, descriptor.revents & Int16(POLLHUP | POLLERR) != 0 {
                return true
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return false
    }
}

/// Takes connections, as the system does for a socket that listens, and says nothing.
private final class SilentServer: Sendable {
    private let socket: Int32
    let endpoint: String

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socket
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1024) == 0
                    ? getsockname(descriptor, $0, &length) : -1
            }
        }
        try #require(code == 0)
        endpoint = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }

    deinit { close(socket) }
}
