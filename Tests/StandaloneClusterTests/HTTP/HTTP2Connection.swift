import HTTPTypes
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import NIOPosix
import NIOSSL
import PKI

@testable import StandaloneCluster

/// One HTTP/2 connection of a test: what is asked on it, how fast it is read, and what the server says of it.
struct HTTP2Connection: Sendable {
    typealias Stream = NIOAsyncChannel<HTTPResponsePart, HTTPRequestPart>

    struct Answer: Sendable {
        var status = 0
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    let channel: any Channel
    private let streams: NIOHTTP2Handler.AsyncStreamMultiplexer<Void>
    private let token: String?
    /// The last stream that the first GOAWAY lets be; fails when the connection ends without one.
    let farewell: EventLoopFuture<HTTP2StreamID>

    /// - Parameter token: for the header `authorization` of every request.
    static func open(
        to fixture: ServerFixture, as identity: (certificate: [UInt8], key: [UInt8])? = nil,
        token: String? = "admin-token", behind gate: Gate? = nil
    ) async throws -> HTTP2Connection {
        let context = try NIOSSLContext(configuration: try fixture.clientTLS(["h2"], as: identity))
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: fixture.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let farewell = channel.eventLoop.makePromise(of: HTTP2StreamID.self)
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    if let gate { try pipeline.addHandler(gate) }
                    let streams = try pipeline.configureAsyncHTTP2Pipeline(mode: .client) { pushed in
                        pushed.eventLoop.makeSucceededVoidFuture()
                    }
                    try pipeline.addHandler(FarewellListener(farewell))
                    return HTTP2Connection(
                        channel: channel, streams: streams, token: token, farewell: farewell.futureResult)
                }
            }
    }

    func close() async { try? await channel.close().get() }

    /// Asks, and gives the stream to `body`, which may read or not. The stream ends with it.
    func ask<Result: Sendable>(
        _ method: String, _ path: String, sending bytes: [UInt8] = [], headers: HTTPFields = [:],
        _ body: (NIOAsyncChannelInboundStream<HTTPResponsePart>) async throws -> Result
    ) async throws -> Result {
        let stream = try await streams.openStream { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTPClientCodec())
                return try Stream(wrappingChannelSynchronously: stream)
            }
        }
        var fields = headers
        if let token { fields[.authorization] = "Bearer \(token)" }
        let head = HTTPRequest(
            method: HTTPRequest.Method(method) ?? .get, scheme: "https", authority: "127.0.0.1", path: path,
            headerFields: fields)
        return try await stream.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // A server that has answered may take no more of the request.
                    try? await outbound.write(.head(head))
                    if !bytes.isEmpty { try? await outbound.write(.body(ByteBuffer(bytes: bytes))) }
                    try? await outbound.write(.end(nil))
                }
                defer { group.cancelAll() }
                return try await body(inbound)
            }
        }
    }

    func answer(
        _ method: String, _ path: String, sending bytes: [UInt8] = [], headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await ask(method, path, sending: bytes, headers: headers) { inbound in
            var answer = Answer()
            for try await part in inbound {
                switch part {
                case .head(let head): answer.status = head.status.code
                case .body(let bytes): answer.body += Array(bytes.readableBytesView)
                case .end: return answer
                }
            }
            return answer
        }
    }

    /// Counts the lines of a watch until there are `count`, or the watch ends.
    func lines(of path: String, until count: Int, begun: @Sendable () -> Void = {}) async throws -> Int {
        try await ask("GET", path) { inbound in
            var lines = 0
            for try await part in inbound {
                switch part {
                case .head: begun()
                case .body(let bytes): lines += bytes.readableBytesView.count { $0 == UInt8(ascii: "\n") }
                case .end: return lines
                }
                if lines >= count { return lines }
            }
            return lines
        }
    }
}

extension ServerFixture {
    func clientTLS(
        _ protocols: [String], as identity: (certificate: [UInt8], key: [UInt8])? = nil
    ) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority.certificate.pem))
        tls.applicationProtocols = protocols
        // The address is in the certificate; NIOSSL compares it without being given a name.
        tls.certificateVerification = .noHostnameVerification
        if let identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(identity.certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: identity.key, format: .pem))
        }
        return tls
    }
}

/// Once closed, keeps what the client says until the server says something, and lets that in behind it: the two have
/// crossed on their way.
final class Gate: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    // All but the promise belongs to the connection's loop.
    private var isClosed = false
    private var kept: [(NIOAny, EventLoopPromise<Void>?)] = []
    private let asked = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)

    /// Of the first bytes that are kept.
    var departure: EventLoopFuture<Void> { asked.futureResult }

    func close() { isClosed = true }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isClosed else { return context.write(data, promise: promise) }
        kept.append((data, promise))
        asked.succeed()
    }

    func flush(context: ChannelHandlerContext) {
        if !isClosed { context.flush() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isClosed, !kept.isEmpty {
            isClosed = false
            for (data, promise) in kept { context.write(data, promise: promise) }
            kept = []
            context.flush()
        }
        context.fireChannelRead(data)
    }
}

private final class FarewellListener: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let promise: EventLoopPromise<HTTP2StreamID>

    init(_ promise: EventLoopPromise<HTTP2StreamID>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway(let last, .noError, _) = unwrapInboundIn(data).payload { promise.succeed(last) }
        context.fireChannelRead(data)
    }

    func handlerRemoved(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }
}
