import HTTPTypes
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Testing

@testable import StandaloneCluster

/// HTTP/2 as clients of a Kubernetes API use it: a few connections, each with many watches that never end.
@Suite(.timeLimit(.minutes(5))) struct HTTP2Tests {
    private static let configMaps = "/api/v1/namespaces/default/configmaps"

    private static func configMap(_ name: String, label: String = "x", size: Int = 0) -> [UInt8] {
        let text = String(repeating: "x", count: size)
        return Array(
            #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)","labels":{"w":"\#(label)"}},"data":{"a":"\#(text)"}}"#
                .utf8)
    }

    private static func create(_ connection: HTTP2Connection, _ object: [UInt8]) async throws -> Int {
        try await connection.answer(
            "POST", configMaps, sending: object, headers: [.contentType: "application/json"]
        ).status
    }

    @Test(arguments: [
        (250, ["h2", "http/1.1"], "h2"), (250, ["http/1.1"], "http/1.1"), (250, [], nil),
        (0, ["h2", "http/1.1"], "http/1.1"),
    ])
    func `a client that can speaks HTTP/2 where it is offered, any other HTTP/1.1`(
        streams: Int, offered: [String], chosen: String?
    ) async throws {
        try await ServerFixture.run(configure: { $0.http2Streams = streams }) { fixture in
            let context = try NIOSSLContext(configuration: try fixture.clientTLS(offered))
            let (channel, negotiated) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: fixture.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let listener = NegotiationListener(channel.eventLoop)
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                        try pipeline.addHandler(listener)
                        return (channel, listener.negotiated.futureResult)
                    }
                }
            #expect(try await negotiated.get() == chosen)
            try await channel.close().get()
        }
    }

    @Test func `a certificate says who asks on every stream of its connection`() async throws {
        try await ServerFixture.run { fixture in
            let bob = try ServerFixture.issue(fixture.authority, "bob")
            let connection = try await HTTP2Connection.open(to: fixture, as: bob, token: nil)
            for _ in 0..<2 {
                let answer = try await connection.answer("GET", "/api/v1/secrets")
                #expect(answer.status == 403)
                #expect(answer.text.contains(#"User \"bob\""#))
            }
            await connection.close()
            let nobody = try await HTTP2Connection.open(to: fixture, token: nil)
            #expect(try await nobody.answer("GET", "/api/v1/secrets").text.contains("system:anonymous"))
            await nobody.close()
        }
    }

    @Test func `a hundred and twenty watches share a connection with the requests that they see`() async throws {
        try await ServerFixture.run { fixture in
            let connection = try await HTTP2Connection.open(to: fixture)
            let begun = Count(120)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<120 {
                    group.addTask {
                        try await connection.lines(of: "\(Self.configMaps)?watch=1&labelSelector=w", until: 10) {
                            begun.one()
                        }
                    }
                }
                await begun.reached()
                for number in 0..<10 {
                    #expect(try await Self.create(connection, Self.configMap("c\(number)")) == 201)
                }
                for try await lines in group { #expect(lines >= 10) }
            }
            await connection.close()
        }
    }

    @Test func `forty connections of fifteen watches each hear of everything that all of them write`() async throws {
        try await ServerFixture.run { fixture in
            let begun = Count(40 * 15)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let connection = try await HTTP2Connection.open(to: fixture)
                        try await Self.watchAndWrite(connection, number, begun)
                        await connection.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Fifteen watches, each for one label, of which this connection writes one object each.
    private static func watchAndWrite(_ connection: HTTP2Connection, _ number: Int, _ begun: Count) async throws {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for label in 0..<15 {
                group.addTask {
                    let path = "\(configMaps)?watch=1&labelSelector=w%3Dl\(label)"
                    return try await connection.lines(of: path, until: 8) { begun.one() }
                }
            }
            await begun.reached()
            for object in 0..<3 {
                let label = (number * 3 + object) % 15
                let status = try await create(connection, configMap("c\(number)-\(object)", label: "l\(label)"))
                #expect(status == 201)
            }
            for try await lines in group { #expect(lines >= 8) }
        }
    }

    @Test func `a client that does not read its watch holds up nobody`() async throws {
        try await ServerFixture.run { fixture in
            let (lazy, other) = (
                try await HTTP2Connection.open(to: fixture), try await HTTP2Connection.open(to: fixture)
            )
            let begun = Count(1)
            try await lazy.ask("GET", "\(Self.configMaps)?watch=1") { unread in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    group.addTask {
                        try await other.lines(of: "\(Self.configMaps)?watch=1&labelSelector=w", until: 30) {
                            begun.one()
                        }
                    }
                    await begun.reached()
                    // Far more than windows and sockets hold.
                    for number in 0..<30 {
                        #expect(try await Self.create(other, Self.configMap("c\(number)", size: 100_000)) == 201)
                    }
                    for try await lines in group { #expect(lines >= 30) }
                }
                // Not even on its own connection.
                #expect(try await lazy.answer("GET", "/version").status == 200)
                withExtendedLifetime(unread) {}
            }
            await lazy.close()
            await other.close()
        }
    }

    @Test func `a request that is too large is refused, and its connection stays`() async throws {
        try await ServerFixture.run { fixture in
            let connection = try await HTTP2Connection.open(to: fixture)
            let large = [UInt8](repeating: UInt8(ascii: " "), count: ServerConnection.bodyLimit + 100_000)
            #expect(try await Self.create(connection, large) == 413)
            #expect(try await Self.create(connection, Self.configMap("small")) == 201)
            await connection.close()
        }
    }

    @Test func `what is asked before the goodbye is heard is answered`() async throws {
        let asked = try await ServerFixture.run { fixture in
            let gate = Gate()
            let connection = try await HTTP2Connection.open(to: fixture, behind: gate)
            #expect(try await connection.answer("GET", "/version").status == 200)
            try await connection.channel.eventLoop.submit { gate.close() }.get()
            let asked = Task { try await connection.answer("GET", "/version").status }
            try await gate.departure.get()
            return asked
        }
        #expect(try await asked.value == 200)
    }

    @Test func `the server ends though watches are open, and says goodbye`() async throws {
        let connections = try await ServerFixture.run { fixture in
            let (reading, lazy, idle) = (
                try await HTTP2Connection.open(to: fixture), try await HTTP2Connection.open(to: fixture),
                try await HTTP2Connection.open(to: fixture)
            )
            #expect(try await idle.answer("GET", "/version").status == 200)
            // As a pool keeps a connection that is not used: nothing is read, and no PING answered.
            try await idle.channel.setOption(.autoRead, value: false).get()
            // No handshake at all.
            let silent = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: fixture.port).get()
            let begun = Count(30)
            let watches = (0..<30).map { number in
                Task {
                    try await reading.lines(of: "\(Self.configMaps)?watch=1", until: .max) { begun.one() }
                }
            }
            let unread = Task {
                try await lazy.ask("GET", "\(Self.configMaps)?watch=1") { _ in try await lazy.channel.closeFuture.get()
                }
            }
            await begun.reached()
            for number in 0..<10 {
                #expect(try await Self.create(lazy, Self.configMap("c\(number)", size: 100_000)) == 201)
            }
            return (reading, idle, lazy, silent, watches, unread)
        }
        // The fixture has returned: the server is down.
        let (reading, idle, lazy, silent, watches, unread) = connections
        #expect(try await reading.farewell.get() == .maxID)
        for watch in watches { _ = try? await watch.value }
        unread.cancel()
        for channel in [reading.channel, idle.channel, lazy.channel, silent] { try? await channel.close().get() }
        _ = try? await unread.value
    }
}

/// Waits for a number of things to have happened.
private final class Count: Sendable {
    private let left: Mutex<Int>
    private let done = FirstValue<Bool>()

    init(_ number: Int) { left = Mutex(number) }

    func one() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { done.set(true) }
    }

    func reached() async { _ = await done.value() }
}

/// What TLS agreed on.
private final class NegotiationListener: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    let negotiated: EventLoopPromise<String?>

    init(_ loop: any EventLoop) { negotiated = loop.makePromise() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated) = event as? TLSUserEvent { self.negotiated.succeed(negotiated) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { negotiated.fail(error) }

    func handlerRemoved(context: ChannelHandlerContext) { negotiated.fail(ChannelError.eof) }
}
